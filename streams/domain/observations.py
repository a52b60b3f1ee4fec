"""The rule of entry, observation k, returns and path metrics, by columns.

An observation is a function of the signal and its ticker's closed bars: nothing
here remembers anything. Signals with the same entry, action, horizon, window
and costs share one evaluation.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from streams.domain.calendar import Ints, SessionCalendar
from streams.domain.series import BarSeries
from streams.domain.ticks import Floats

BPS = 10_000


class Split(NamedTuple):
    """A split that holds: the ex-date as days since 1970, new shares per old."""

    ex_day: int
    ratio: float


class Dividend(NamedTuple):
    """A dividend that holds: the ex-date as days since 1970, cash a share on that date.

    On a date that has a split, too, the amount is of a share before the split.
    """

    ex_day: int
    amount: float


class Held(NamedTuple):
    """The corporate actions of a ticker that hold, each kind in the order of its ex-dates."""

    splits: tuple[Split, ...] = ()
    dividends: tuple[Dividend, ...] = ()


class Claim(NamedTuple):
    """What of a signal and its policy the evaluation depends on."""

    action: str
    horizon: int
    window: int
    cost_bps: float
    hold_band: float
    jump_guard: float
    total_return: bool = False


class Facts(NamedTuple):
    """What the bars say about a signal now, besides its running observations.

    Sessions are labels; None until the fact is there.
    """

    entry_session: str | None = None
    entry_index: int | None = None
    entry_close_ms: int | None = None
    entry_price: float | None = None
    horizon_session: str | None = None
    net_return: float | None = None
    raw_return: float | None = None
    hit: str | None = None
    annual_return: float | None = None
    mae: float | None = None
    mfe: float | None = None
    last_session: str | None = None
    last_close_ms: int | None = None
    max_drawdown: float | None = None
    suspect_sessions: tuple[str, ...] = ()


class Path(NamedTuple):
    """Observations 1..n of a claim from one entry, as columns."""

    entry_position: int
    close: Floats
    raw: Floats
    signed: Floats
    max_drawdown: Floats
    mae: Floats
    mfe: Floats
    facts: Facts

    @property
    def observations(self) -> int:
        """Return the number of observations."""
        return len(self.close)


class HorizonEnd(NamedTuple):
    """What the last session of a horizon says, and which session it is."""

    session: int
    raw: float
    signed: float
    mae: float
    mfe: float


NOT_ENTERED = Facts()


def entry_positions(series: BarSeries, generated_at_ms: Ints) -> Ints:
    """Return the position of each signal's entry bar; len(series) while there is none.

    The entry is the first complete session, with ticks, that closes strictly
    after the signal was generated.
    """
    return np.searchsorted(series.close_ms, generated_at_ms, side="right")


def observe(
    series: BarSeries,
    calendar: SessionCalendar,
    actions: Held,
    entry: int,
    claim: Claim,
) -> Path:
    """Return the path of a claim whose entry bar is at position `entry`.

    With total return the cash of dividends counts, not reinvested.
    """
    last = min(len(series) - 1, entry + claim.window)
    days = calendar.days[series.index[entry : last + 1]]
    factor = _basis(days, actions.splits)
    paid = _cash(days, actions)
    cash = paid if claim.total_return else np.zeros(len(days))
    closes = series.close[entry : last + 1] * factor
    values = closes + cash
    raw = values[1:] / values[0] - 1
    signed = _signed(claim.action, raw, values)
    worst, best = _excursions(series, entry, factor, cash, claim)
    path = Path(
        entry_position=entry,
        close=series.close[entry + 1 : last + 1],
        raw=raw + 0.0,
        signed=signed + 0.0,
        max_drawdown=_drawdown(signed),
        mae=worst,
        mfe=best,
        facts=NOT_ENTERED,
    )
    return path._replace(facts=_facts(path, series, calendar, claim, _jumps(closes, paid, claim)))


def annualised(net_return: float, periods_per_year: int, horizon: int) -> float | None:
    """Return (1 + net)^(A / horizon) - 1; -1 at ruin, None where it is not finite.

    >>> round(annualised(0.02, 252, 30), 4), annualised(-1.5, 252, 30)
    (0.1814, -1.0)
    """
    if net_return <= -1:
        return -1.0
    try:
        return float((1 + net_return) ** (periods_per_year / horizon)) - 1
    except OverflowError:
        return None


def _basis(days: Ints, splits: Sequence[Split]) -> Floats:
    """Return, for each session, what one share at entry has become by splits."""
    factor = np.ones(len(days))
    for ex_day, ratio in splits:
        if ex_day > days[0]:
            factor[int(np.searchsorted(days, ex_day)) :] *= ratio
    # Only a row of absurd splits comes here; what rests on it shall stay finite.
    return np.clip(factor, 1e-100, 1e100)


def _cash(days: Ints, actions: Held) -> Floats:
    """Return, for each session, what one share at entry has been paid since."""
    cash = np.zeros(len(days))
    for ex_day, amount in actions.dividends:
        if ex_day > days[0]:
            shares = 1.0
            for split_day, ratio in actions.splits:
                if days[0] < split_day < ex_day:
                    shares *= ratio
            cash[int(np.searchsorted(days, ex_day)) :] += amount * shares
    return np.clip(cash, 0.0, 1e100)


def _signed(action: str, raw: Floats, closes: Floats) -> Floats:
    if action == "BUY":
        return raw
    if action == "SELL":
        mirrored: Floats = 1 - closes[1:] / closes[0]
        return mirrored
    return np.zeros(len(raw))


def _drawdown(signed: Floats) -> Floats:
    value = np.concatenate(([1.0], 1 + signed))
    peak = np.maximum.accumulate(value)
    worst: Floats = np.maximum.accumulate(1 - value / peak)[1:] + 0.0
    return worst


def _excursions(
    series: BarSeries, entry: int, factor: Floats, cash: Floats, claim: Claim
) -> tuple[Floats, Floats]:
    """Return running MAE and MFE; after the horizon they stay."""
    count = len(factor) - 1
    last = entry + count
    if claim.action == "HOLD" or not count:
        return np.zeros(count), np.zeros(count)
    price = series.close[entry]
    low = (series.low[entry + 1 : last + 1] * factor[1:] + cash[1:]) / price
    high = (series.high[entry + 1 : last + 1] * factor[1:] + cash[1:]) / price
    buys = claim.action == "BUY"
    least, greatest = (low - 1, high - 1) if buys else (1 - high, 1 - low)
    stop = np.minimum(np.arange(count), claim.horizon - 1)
    worst = np.minimum(np.minimum.accumulate(least), 0.0)[stop]
    best = np.maximum(np.maximum.accumulate(greatest), 0.0)[stop]
    return worst + 0.0, best + 0.0


def _facts(
    path: Path, series: BarSeries, calendar: SessionCalendar, claim: Claim, jumps: Sequence[int]
) -> Facts:
    entry = path.entry_position
    index = series.index_at(entry)
    facts = Facts(
        entry_session=calendar.label(index),
        entry_index=index,
        entry_close_ms=calendar.closes[index],
        entry_price=series.bar(index).close,
        suspect_sessions=tuple(calendar.label(series.index_at(entry + k)) for k in jumps),
    )
    if path.observations >= claim.horizon:
        at = claim.horizon - 1
        columns = (path.raw, path.signed, path.mae, path.mfe)
        end = HorizonEnd(series.index_at(entry + claim.horizon), *(float(c[at]) for c in columns))
        facts = facts_at_horizon(facts, end, calendar, claim)
    if path.observations >= claim.window:
        last = series.index_at(entry + claim.window)
        facts = facts_at_last(facts, last, float(path.max_drawdown[claim.window - 1]), calendar)
    return facts


def facts_at_horizon(
    facts: Facts, end: HorizonEnd, calendar: SessionCalendar, claim: Claim
) -> Facts:
    """Return the facts of a signal with those of the last session of its horizon."""
    hold = claim.action == "HOLD"
    net = 0.0 if hold else end.signed - 2 * claim.cost_bps / BPS
    annual = 0.0 if hold else annualised(net, calendar.periods_per_year, claim.horizon)
    hit = abs(end.raw) <= claim.hold_band if hold else net > 0
    return facts._replace(
        horizon_session=calendar.label(end.session),
        net_return=_clean(net),
        raw_return=_clean(end.raw),
        hit="hit" if hit else "miss",
        annual_return=_clean(annual),
        mae=_clean(end.mae),
        mfe=_clean(end.mfe),
    )


def facts_at_last(
    facts: Facts, index: int, max_drawdown: float, calendar: SessionCalendar
) -> Facts:
    """Return the facts of a signal with those of the last session of its window."""
    return facts._replace(
        last_session=calendar.label(index),
        last_close_ms=calendar.closes[index],
        max_drawdown=max_drawdown,
    )


def _jumps(closes: Floats, cash: Floats, claim: Claim) -> Sequence[int]:
    """Return each k whose move no action explains: the splits are in the closes already."""
    moves = np.abs(closes[1:] / closes[:-1] - 1)
    with_cash = np.abs((closes[1:] + np.diff(cash)) / closes[:-1] - 1)
    found: Sequence[int] = (
        np.flatnonzero(np.minimum(moves, with_cash) > claim.jump_guard) + 1
    ).tolist()
    return found


def _clean(value: float | None) -> float | None:
    """Return the value without negative zero, None where it is not finite."""
    return value + 0.0 if value is not None and math.isfinite(value) else None
