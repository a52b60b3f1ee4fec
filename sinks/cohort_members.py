"""PURE: what one signal brings to the evidence, and which cohorts and roll-ups it belongs to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from sinks.cohort_market import Market
from sinks.evidence.cohort import CohortKey
from sinks.evidence.figures import Figure, undefined
from sinks.prices import Floats, Ints
from sinks.rows import SignalRow

IC_HORIZONS = (1, 5, 10, 21, 30)
DIRECTIONS = {"BUY": 1.0, "SELL": -1.0, "HOLD": 0.0}

_NO_DAYS: Ints = np.empty(0, dtype=np.int64)
_NO_RETURNS: Floats = np.empty(0)
_NO_BASE_RATE = undefined("not a matured trade")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """One signal as evidence.

    `days`, `gross` and `net` are its daily returns from the first session after
    entry up to the horizon; a HOLD has none. `raw_returns` are by horizon, of a
    matured signal, as far as prices reach. `entry_index` and `entry_day` are 0
    before the entry.
    """

    row: SignalRow
    direction: float
    entry_index: int
    entry_day: int
    days: Ints
    gross: Floats
    net: Floats
    raw_returns: dict[int, float]
    base_rate: Figure

    @property
    def trades(self) -> bool:
        """Return whether it is a BUY or a SELL."""
        return self.direction != 0


def members_of(signals: Iterable[SignalRow], market: Market) -> list[Member]:
    """Return the signals as evidence, in the one order in which they are ever summed."""
    return [_member(each, market) for each in sorted(signals, key=lambda each: each.signal_id)]


def grouped(members: Sequence[Member]) -> dict[CohortKey, list[Member]]:
    """Return the members of each cohort and roll-up, by their keys in order."""
    found: defaultdict[CohortKey, list[Member]] = defaultdict(list)
    # The keys of signals that differ in nothing else are one object, made once.
    known: dict[tuple[object, ...], tuple[CohortKey, ...]] = {}
    for each in members:
        row = each.row
        claim = (
            row.data_class, row.source, row.model_name, row.model_version, row.action,
            row.horizon_sessions, row.ticker,
        )  # fmt: skip
        if claim not in known:
            # A ticker or a model may be named like what a roll-up rolls over: once, all the same.
            known[claim] = tuple(dict.fromkeys(keys_of(row)))
        for key in known[claim]:
            found[key].append(each)
    return {key: found[key] for key in sorted(found)}


def keys_of(row: SignalRow) -> Iterator[CohortKey]:
    """Return the key of a signal's cohort, and those of its roll-ups."""
    data_class = row.data_class
    yield cohort_key(row)
    yield CohortKey(
        data_class=data_class,
        source=row.source,
        model=row.model_name,
        model_version=row.model_version,
    )
    yield CohortKey(data_class=data_class, ticker=row.ticker)
    yield CohortKey(data_class=data_class)


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


def _member(row: SignalRow, market: Market) -> Member:
    direction = DIRECTIONS[row.action]
    history = market.history(row.ticker)
    entry = None if history is None else history.position(row.entry_session)
    days, gross, net = _NO_DAYS, _NO_RETURNS, _NO_RETURNS
    raw_returns: dict[int, float] = {}
    if direction and history is not None and entry is not None:
        last = entry + min(row.horizon_sessions, row.observations)
        days = history.days[entry + 1 : last + 1]
        gross = direction * market.daily(row.ticker)[entry:last]
        net = _after_costs(gross, row.horizon_sessions, market.side_cost)
        if row.matured:
            raw_returns = _raw_returns(row, entry, market)
    return Member(
        row=row,
        direction=direction,
        entry_index=row.entry_index or 0,
        entry_day=date.fromisoformat(row.entry_session).toordinal() if row.entry_session else 0,
        days=days,
        gross=gross,
        net=net,
        raw_returns=raw_returns,
        base_rate=_base_rate(row, market),
    )


def _base_rate(row: SignalRow, market: Market) -> Figure:
    if row.action == "HOLD" or not row.matured:
        return _NO_BASE_RATE
    return market.base_rate(row.ticker, row.action, row.horizon_sessions)


def _after_costs(gross: Floats, horizon: int, side_cost: float) -> Floats:
    net = gross.copy()
    net[:1] -= side_cost
    net[horizon - 1 : horizon] -= side_cost
    return net


def _raw_returns(row: SignalRow, entry: int, market: Market) -> dict[int, float]:
    found = {}
    for horizon in (*IC_HORIZONS, row.horizon_sessions):
        value = market.raw_return(row.ticker, entry, horizon)
        if value is not None:
            found[horizon] = value
    return found
