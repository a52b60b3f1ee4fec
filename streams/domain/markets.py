"""The markets of one ticker's signals, each kept once and known by a number of this life."""

from typing import Any

import numpy as np
import numpy.typing as npt

from streams.domain.calendar import Ints, Mask, SessionCalendar
from streams.domain.indicators import Market
from streams.domain.kept import Kept
from streams.domain.packing import MARKET, NO_MARKET, market_of, packed_market

# Those that the ticker's next signals are likely to have.
_DECODED = 4
_NOTHING = bytes(MARKET.itemsize)


class Markets:
    """Packed markets by number; NO_MARKET is none."""

    __slots__ = ("_calendar", "_decoded", "_packed")

    def __init__(self, calendar: SessionCalendar) -> None:
        self._calendar = calendar
        self._packed: npt.NDArray[Any] = np.empty(0, dtype=MARKET)
        self._decoded: Kept[int, Market | None] = Kept(_DECODED)

    @property
    def days(self) -> npt.NDArray[Any]:
        """Return the day of the last bar of each."""
        days: npt.NDArray[Any] = self._packed["day"]
        return days

    def of(self, number: int) -> Market | None:
        """Return a market."""
        if number == NO_MARKET:
            return None
        found = self._decoded.get(number)
        if found is None:
            found = market_of(self._packed[number].item(), self._calendar)
            self._decoded[number] = found
        return found

    def content(self, number: int) -> bytes:
        """Return a market as it stands in a row."""
        return _NOTHING if number == NO_MARKET else self._packed[number].tobytes()

    def number_of(self, market: Market | None, now: int) -> int:
        """Return the number of a market: the one that is likely, the newest one's, or a new one."""
        if market is None:
            return NO_MARKET
        newest = len(self._packed) - 1
        for number in (now, newest):
            if self.of(number) == market:
                return number
        packed = np.array(packed_market(market, self._calendar), dtype=MARKET)
        self._packed = np.append(self._packed, packed)
        self._decoded[newest + 1] = market
        return newest + 1

    def among(self, numbers: Ints, market: Market | None) -> Mask:
        """Say which of these numbers are of this market."""
        if market is None:
            none: Mask = numbers == NO_MARKET
            return none
        content = np.array(packed_market(market, self._calendar), dtype=MARKET).tobytes()
        same = [each for each, held in enumerate(self._packed) if held.tobytes() == content]
        return np.isin(numbers, same)

    def restore(self, contents: npt.NDArray[Any]) -> Ints:
        """Return the numbers of the markets of rows, each distinct one kept once."""
        packed = np.ascontiguousarray(contents).view(f"V{MARKET.itemsize}")
        distinct, numbers = np.unique(packed, return_inverse=True)
        found = distinct.view(MARKET)
        real = found["bars"] > 0
        places = len(self._packed) + np.cumsum(real) - 1
        self._packed = np.concatenate((self._packed, found[real]))
        return np.where(real, places, NO_MARKET)[numbers]
