"""PURE: sorted lists of signal ids by ticker, brought up to date by what a ticker changes."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

# Above this many changes sorting the whole is quicker than putting each in its place.
_FEW = 2_000


class SortedIds:
    """All ids of some tickers' lists, in order; an id belongs to one ticker."""

    def __init__(self) -> None:
        self._held: dict[str, Sequence[str]] = {}
        self._sorted: list[str] = []
        self._gone: set[str] = set()
        self._new: set[str] = set()

    def put(self, ticker: str, ids: Sequence[str]) -> None:
        """Replace what a ticker adds."""
        held = self._held.get(ticker, [])
        if held == ids:
            return
        if ids:
            self._held[ticker] = ids
        else:
            self._held.pop(ticker, None)
        before, now = set(held), set(ids)
        self._change(before - now, now - before)

    def ids(self) -> list[str]:
        """Return all of them in order; the list is the caller's."""
        if len(self._gone) + len(self._new) > _FEW:
            self._sorted = sorted(each for ids in self._held.values() for each in ids)
        else:
            for each in self._gone:
                del self._sorted[bisect_left(self._sorted, each)]
            for each in self._new:
                self._sorted.insert(bisect_left(self._sorted, each), each)
        self._gone, self._new = set(), set()
        return list(self._sorted)

    def _change(self, gone: Iterable[str], new: Iterable[str]) -> None:
        # An id can leave one ticker and come to another between two looks, in either order.
        for each in gone:
            if each in self._new:
                self._new.discard(each)
            else:
                self._gone.add(each)
        for each in new:
            if each in self._gone:
                self._gone.discard(each)
            else:
                self._new.add(each)
