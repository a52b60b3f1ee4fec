"""PURE: all that is added up over the signals of a unit, exactly.

Units are numbers that the caller gives to signals; a cohort, or the BUY and SELL of a
ticker. Adding signals and taking them away again leaves the same sums.
"""

import numpy as np

from sinks.cohort_cells import Cells, keyed
from sinks.cohort_market import BPS
from sinks.cohort_members import Members
from sinks.evidence.calibration import COLUMNS, bin_columns
from sinks.evidence.exact import PARTS, parts_of
from sinks.prices import Ints

# How many days, and piles, are told apart: see the columns below.
HORIZONS = 1 << 10
NET = slice(1 + PARTS, 1 + 2 * PARTS)
GROSS = slice(1, 1 + PARTS)
WIDTH = 1 + 2 * PARTS


class Sums:
    """The sums of units.

    - `eras`: by calendar and sessions of a year: members, entered, matured, with days
    - `waiting`: by the time when one is stale: how many are entered and not matured
    - `judges`: by the hash of the policy: how many are matured
    - `days`: by day: signals open, their gross returns, their net returns
    - `bins`: by bin of confidence, of matured signals: `evidence.calibration`
    - `piles`: by entry and horizon, of matured BUY and SELL: n, without base rate, without
      net, without raw return; hit - base rate, its squares, net, gross, base rate
    """

    def __init__(self) -> None:
        self.eras = Cells(4)
        self.waiting = Cells(1)
        self.judges = Cells(1)
        self.days = Cells(WIDTH)
        self.bins = Cells(COLUMNS)
        self.piles = Cells(4 + 5 * PARTS)

    def add(self, members: Members, units: Ints, side_cost: float, sign: int = 1) -> None:
        """Add signals, each to its unit, or take them away by a sign of -1."""
        matured = np.flatnonzero(members.matured)
        waiting = np.flatnonzero(members.entered & ~members.matured)
        eras = np.array(
            [np.ones(len(members)), members.entered, members.matured, members.length > 0],
            dtype=np.int64,
        )
        self.eras.add(keyed(units, members.era), eras, sign)
        self.waiting.add(keyed(units[waiting], members.stale[waiting]), _ones(waiting), sign)
        self.judges.add(keyed(units[matured], members.policy[matured]), _ones(matured), sign)
        self.days.add(*day_sums(members, units, side_cost), sign)
        bins, columns = bin_columns(members.confidence[matured], members.hit[matured])
        self.bins.add(keyed(units[matured], bins), columns, sign)
        self.piles.add(*_piles(members, units), sign)


def _ones(rows: Ints) -> Ints:
    return np.ones((1, len(rows)), dtype=np.int64)


def _piles(members: Members, units: Ints) -> tuple[Ints, Ints]:
    at = np.flatnonzero(members.matured & (members.direction != 0))
    base, net = members.base[at], members.net[at]
    gross = members.direction[at] * members.raw[at]
    excess = members.hit[at] - base
    columns = np.empty((4 + 5 * PARTS, len(at)), dtype=np.int64)
    columns[0] = 1
    for row, values in enumerate((base, net, gross), start=1):
        columns[row] = np.isnan(values)
    for first, values in enumerate((excess, excess * excess, net, gross, base)):
        parts = parts_of(np.where(np.isnan(values), 0.0, values))
        columns[4 + first * PARTS : 4 + (first + 1) * PARTS] = parts
    keys = keyed(units[at], members.clock[at] * HORIZONS + members.horizon[at])
    return keys, columns


def day_sums(members: Members, units: Ints, side_cost: float) -> tuple[Ints, Ints]:
    """Return the keys (unit, day) on which signals are open, and the columns of `days`."""
    rows = np.flatnonzero(members.length > 0)
    if not len(rows):
        return rows, np.empty((WIDTH, 0), dtype=np.int64)
    rows = rows[np.argsort(-members.length[rows], kind="stable")]
    unit, length = units[rows], members.length[rows]
    first_bar = members.position[rows] + 1
    days = members.bars.days
    place = _Places(unit, days[first_bar], days[first_bar + length - 1])
    # A short position earns what a long one loses: its bars follow those of the long ones.
    short = np.where(members.direction[rows] < 0, len(days), 0)
    daily = np.concatenate((members.bars.daily, -members.bars.daily))
    columns = np.zeros((WIDTH, place.size), dtype=np.int64)
    parts = parts_of(daily)
    for step in range(int(length[0])):
        open_now = int(np.searchsorted(-length, -step))
        bar = first_bar[:open_now] + step
        cell = place.base[:open_now] + days[bar]
        np.add.at(columns[0], cell, 1)
        bar += short[:open_now]
        for column, part in zip(columns[GROSS], parts, strict=True):
            np.add.at(column, cell, part[bar])
    columns[NET] = columns[GROSS]
    horizon = members.horizon[rows]
    for some, steps in _costly(horizon, length):
        bar = first_bar[some] + steps[some]
        cell, gross = place.base[some] + days[bar], daily[bar + short[some]]
        net = gross - side_cost
        net[horizon[some] == 1] -= side_cost
        for column, part in zip(columns[NET], parts_of(net) - parts_of(gross), strict=True):
            np.add.at(column, cell, part)
    there = np.flatnonzero(columns[0])
    return keyed(*place.told(there)), columns[:, there]


def _costly(horizon: Ints, length: Ints) -> list[tuple[Ints, Ints]]:
    """Return which signals pay on which of their days: the first, and the last of the horizon."""
    ended = np.flatnonzero((length >= horizon) & (horizon > 1))
    return [(np.arange(len(horizon)), np.zeros_like(horizon)), (ended, horizon - 1)]


class _Places:
    """A place for each day of each unit, from its first to its last, side by side."""

    def __init__(self, unit: Ints, first: Ints, last: Ints) -> None:
        self._units, number = np.unique(unit, return_inverse=True)
        self._first = np.full(len(self._units), np.iinfo(np.int64).max)
        until = np.zeros(len(self._units), dtype=np.int64)
        np.minimum.at(self._first, number, first)
        np.maximum.at(until, number, last)
        reach = until - self._first + 1
        self._starts = np.cumsum(reach) - reach
        self.size = int(reach.sum())
        self.base = (self._starts - self._first)[number]

    def told(self, places: Ints) -> tuple[Ints, Ints]:
        """Return unit and day of places."""
        number = np.searchsorted(self._starts, places, side="right") - 1
        return self._units[number], places - self._starts[number] + self._first[number]


def side_cost_of(cost_bps_per_side: float) -> float:
    """Return what one side costs, as a share."""
    return cost_bps_per_side / BPS
