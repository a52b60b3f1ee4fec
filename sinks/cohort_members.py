"""PURE: what each signal brings to the evidence, as columns of numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from schemas.policy import Policy
from sinks.cohort_codes import Codebook
from sinks.cohort_columns import SignalColumns
from sinks.cohort_market import BPS, Bars, bars_of
from sinks.evidence.cohort import CohortKey
from sinks.prices import Floats, Ints, PriceHistory
from sinks.rows import SignalRow

IC_HORIZONS = (1, 5, 10, 21, 30)
DIRECTIONS = {"BUY": 1, "SELL": -1, "HOLD": 0}
NOWHERE = -1

_CANCELLED = "cancelled"
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """Signals as evidence, those of a ticker one after the other.

    `claim`, `ticker`, `era`, `clock`, `stale` and `policy` are numbers of the
    codebook. `position` is that of the entry's bar among `bars`, `end` that behind
    the last bar of the ticker, `length` the number of daily returns from the first
    session after the entry on. `matured` signals are not cancelled. `base` is the
    base rate of a matured BUY or SELL, NaN of others and where it is unknown.
    """

    bars: Bars
    tickers: list[str]
    rows_of: Ints
    claim: Ints
    ticker: Ints
    era: Ints
    clock: Ints
    stale: Ints
    policy: Ints
    direction: Ints
    horizon: Ints
    entered: Flags
    matured: Flags
    hit: Flags
    confidence: Floats
    net: Floats
    raw: Floats
    position: Ints
    end: Ints
    length: Ints
    base: Floats

    def __len__(self) -> int:
        return len(self.claim)

    def only(self, at: int) -> "Members":
        """Return the signals of one ticker."""
        bars = self.bars.only(at)
        first, last = int(self.rows_of[at]), int(self.rows_of[at + 1])
        some: dict[str, Any] = {
            each.name: getattr(self, each.name)[first:last]
            for each in fields(self)
            if each.name not in ("bars", "tickers", "rows_of")
        }
        start = self.bars.starts[at]
        some["position"] = np.where(some["position"] == NOWHERE, NOWHERE, some["position"] - start)
        some["end"] = some["end"] - start
        return Members(
            bars=bars,
            tickers=[self.tickers[at]],
            rows_of=np.array([0, last - first]),
            **some,
        )

    def claimed(self) -> Floats:
        """Return what each signal claims: its direction times its confidence."""
        return self.direction * self.confidence


def members_of(
    tickers: Sequence[str],
    signals: SignalColumns,
    prices: Mapping[str, PriceHistory],
    policy: Policy,
    codes: Codebook,
) -> Members:
    """Return the signals of these tickers, which come by ticker in order, as evidence."""
    names = sorted(tickers)
    number = {name: at for at, name in enumerate(names)}
    of = np.fromiter(map(number.__getitem__, signals.ticker), dtype=np.int64, count=len(signals))
    if np.any(of[1:] < of[:-1]):
        msg = "expected signals by ticker in order, was not"
        raise ValueError(msg)
    rows_of = np.searchsorted(of, np.arange(len(names) + 1))
    histories = [_history(prices, name) for name in names]
    bars = bars_of(histories, policy)
    numbers = _numbers(signals, codes)
    direction = np.array([DIRECTIONS[each[4]] for each in codes.claims.names] or [0])
    direction = direction[numbers["claim"]]
    position = _positions(signals, rows_of, histories, bars)
    end = (bars.starts + bars.sizes)[of]
    held = np.minimum(numbers["horizon"], np.array(signals.observations, dtype=np.int64))
    length = np.where((direction != 0) & (position >= 0), np.minimum(held, end - 1 - position), 0)
    traded = numbers["matured"]
    return Members(
        bars=bars,
        tickers=names,
        rows_of=rows_of,
        direction=direction,
        position=position,
        end=end,
        length=np.maximum(length, 0),
        base=_base_rates(of, np.where(traded, direction, 0), numbers["horizon"], bars, policy),
        **numbers,
    )


def unknown_base(ticker: str, bars: Bars) -> str:
    """Return why a ticker of which these are the bars has no base rate for a horizon."""
    return "no window" if len(bars.days) else f"no bars of {ticker}"


def cohort_key(row: SignalRow) -> CohortKey:
    """Return the key of the cohort that a signal belongs to."""
    return CohortKey(
        data_class=row.data_class,
        source=row.source,
        model=row.model_name,
        model_version=row.model_version,
        action=row.action,
        horizon_sessions=str(row.horizon_sessions),
    )


def _history(prices: Mapping[str, PriceHistory], ticker: str) -> PriceHistory | None:
    found = prices.get(ticker)
    return found if found is not None and len(found) else None


def _numbers(signals: SignalColumns, codes: Codebook) -> dict[str, Any]:
    n = len(signals)
    eras = codes.eras.column(zip(signals.calendar, signals.periods_per_year, strict=True), n)
    clocks = zip(eras.tolist(), signals.entry_index, signals.entry_session, strict=True)
    entered = np.fromiter(map(_CANCELLED.__ne__, signals.status), dtype=np.bool_, count=n)
    return {
        "claim": codes.claims.column(
            zip(
                signals.data_class, signals.source, signals.model_name, signals.model_version,
                signals.action, signals.horizon_sessions, strict=True,
            ),
            n,
        ),
        "ticker": codes.tickers.column(zip(signals.data_class, signals.ticker, strict=True), n),
        "era": eras,
        "clock": codes.clocks.column(clocks, n),
        "stale": codes.stale.column(signals.stale_after_ms, n),
        "policy": codes.policies.column(signals.policy_hash, n),
        "horizon": np.array(signals.horizon_sessions, dtype=np.int64),
        "entered": entered,
        "matured": entered
        & np.array([each is not None for each in signals.last_session], dtype=np.bool_),
        "hit": np.array([each == "hit" for each in signals.hit], dtype=np.bool_),
        "confidence": np.array(signals.confidence, dtype=np.float64),
        # None becomes NaN.
        "net": np.array(signals.net_return, dtype=np.float64),
        "raw": np.array(signals.raw_return, dtype=np.float64),
    }  # fmt: skip


def _positions(
    signals: SignalColumns, rows_of: Ints, histories: Sequence[PriceHistory | None], bars: Bars
) -> Ints:
    """Return where the entry's bar of each signal is, NOWHERE without one."""
    found = np.full(len(signals), NOWHERE)
    rows, starts = rows_of.tolist(), bars.starts.tolist()
    for at, history in enumerate(histories):
        first, last = rows[at : at + 2]
        if history is None or first == last:
            continue
        sessions = signals.entry_session[first:last]
        known = cast("Mapping[str | None, int]", history.positions)
        positions = np.array([known.get(each, NOWHERE) for each in sessions], dtype=np.int64)
        found[first:last] = np.where(positions == NOWHERE, NOWHERE, positions + starts[at])
    return found


def _base_rates(of: Ints, traded: Ints, horizons: Ints, bars: Bars, policy: Policy) -> Floats:
    found = np.full(len(of), np.nan)
    cost = 2 * (policy.cost_bps_per_side / BPS)
    for horizon in np.unique(horizons[traded != 0]).tolist():
        buys, sells = bars.hit_shares(horizon, cost)
        some = np.flatnonzero((traded != 0) & (horizons == horizon))
        found[some] = np.where(traded[some] > 0, buys[of[some]], sells[of[some]])
    return found
