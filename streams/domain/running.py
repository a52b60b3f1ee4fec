"""The signals of one ticker that are being tracked, one bar further in a few numpy passes.

What an observation says follows from the last one and the new bar: price on the basis of the
entry, greatest value so far, drawdown, MAE and MFE. The results are, bit by bit, those of
`observations.observe`, which computes the same from all bars; the columns here are only ever
built by stepping through them, and thrown away when anything but a new last bar comes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streams.domain.calendar import Ints
from streams.domain.observations import Split
from streams.domain.series import BarSeries
from streams.domain.signal_book import BUY, SELL, SignalBook
from streams.domain.ticks import Floats

_COLUMNS = np.dtype(
    [
        ("slot", "<i4"),
        ("action", "u1"),
        ("k", "<i4"),
        ("horizon", "<i4"),
        ("window", "<i4"),
        ("entry", "<f8"),
        ("factor", "<f8"),
        ("peak", "<f8"),
        ("max_drawdown", "<f8"),
        ("mae", "<f8"),
        ("mfe", "<f8"),
    ]
)


class Observed(NamedTuple):
    """What one bar says about every tracked signal: slots, k, and six floats each.

    The floats are close, raw and signed return, max drawdown, MAE, MFE. `due` are the slots
    whose facts this bar adds to: at the horizon and at the end of the window.
    """

    slots: Ints
    k: Ints
    floats: Floats
    due: Ints


class Running:
    """Tracked signals as columns, up to the bar at `position`."""

    __slots__ = ("_columns", "position")

    def __init__(self, position: int) -> None:
        self.position = position
        self._columns: npt.NDArray[np.void] = np.empty(0, dtype=_COLUMNS)

    def __len__(self) -> int:
        """Return the number of tracked signals."""
        return len(self._columns)

    @property
    def nbytes(self) -> int:
        """Return the size of the columns in bytes."""
        return self._columns.nbytes

    @property
    def slots(self) -> Ints:
        """Return which signals are tracked."""
        return self._columns["slot"].astype(np.int64)

    def enter(self, book: SignalBook, slots: Ints, price: float) -> None:
        """Begin with signals whose entry is the bar at `position`."""
        if not len(slots):
            return
        heads = book.heads
        new = np.zeros(len(slots), dtype=_COLUMNS)
        new["slot"] = slots
        for name in ("action", "horizon", "window"):
            new[name] = heads[name][slots]
        new["entry"] = price
        new["factor"] = new["peak"] = 1.0
        self._columns = np.concatenate((self._columns, new))

    def step(self, series: BarSeries, splits: tuple[Split, ...]) -> Observed:
        """Take the next bar; `splits` are those between the last one and it."""
        self.position += 1
        held = self._columns
        held["k"] += 1
        for split in splits:
            held["factor"] *= split.ratio
        floats = self._figures(series)
        k = held["k"].astype(np.int64)
        ends = k == held["window"]
        due = ends | (k == held["horizon"])
        found = Observed(self.slots, k, floats, held["slot"][due].astype(np.int64))
        if ends.any():
            self._columns = held[~ends]
        return found

    def _figures(self, series: BarSeries) -> Floats:
        """Return the floats of each signal, and keep them for the next bar."""
        held, at = self._columns, self.position
        close, high, low = (float(each[at]) for each in (series.close, series.high, series.low))
        entry, buys, sells = held["entry"], held["action"] == BUY, held["action"] == SELL
        factor = np.clip(held["factor"], 1e-100, 1e100)
        ratio = close * factor / entry
        raw = ratio - 1
        signed = np.where(buys, raw, np.where(sells, 1 - ratio, 0.0))
        value = 1 + signed
        held["peak"] = np.maximum(held["peak"], value)
        held["max_drawdown"] = np.maximum(held["max_drawdown"], 1 - value / held["peak"])
        open_ = (held["k"] <= held["horizon"]) & (buys | sells)
        if open_.any():
            lows, highs = low * factor / entry, high * factor / entry
            worst = np.where(buys, lows - 1, 1 - highs)
            best = np.where(buys, highs - 1, 1 - lows)
            held["mae"] = np.where(open_, np.minimum(held["mae"], worst), held["mae"])
            held["mfe"] = np.where(open_, np.maximum(held["mfe"], best), held["mfe"])
        floats = np.empty((len(held), 6))
        floats[:, 0] = close
        for column, values in enumerate(
            (raw, signed, held["max_drawdown"], held["mae"], held["mfe"]), 1
        ):
            floats[:, column] = values + 0.0
        return floats
