"""The bar of one ticker and session: a fold of ticks that no arrival order changes.

A bar is the join of its ticks in a semilattice: merging is associative,
commutative and idempotent, so ticks may come twice, late, in any order and cut
into any chunks.
"""

from typing import NamedTuple


class Bar(NamedTuple):
    """The fold of the ticks of the greatest revision of one session.

    `close` is the price of the greatest (final, ts_event_ms, price), `open` of
    the least (not open-flagged, ts_event_ms, price). `final_low` is the least
    price of the ticks that share the close's (final, ts_event_ms).
    `final_seen` is of any revision.
    """

    revision: int
    close_final: int
    close_ts: int
    close: float
    open_plain: int
    open_ts: int
    open: float
    high: float
    low: float
    final_low: float
    final_seen: int

    @property
    def conflicting_close(self) -> bool:
        """Say whether the final ticks at the greatest time hold more than one price."""
        return bool(self.close_final) and self.final_low != self.close


def merge(a: Bar, b: Bar) -> Bar:
    """Return the bar of the ticks of both.

    >>> one = Bar(0, 0, 5, 10.0, 1, 5, 10.0, 10.0, 10.0, 10.0, 0)
    >>> two = Bar(0, 1, 9, 12.0, 1, 9, 12.0, 12.0, 12.0, 12.0, 1)
    >>> merge(one, two) == merge(two, merge(one, one))
    True
    >>> merge(one, two).close, merge(one, two).open
    (12.0, 10.0)
    """
    final_seen = a.final_seen | b.final_seen
    if a.revision != b.revision:
        return (a if a.revision > b.revision else b)._replace(final_seen=final_seen)
    close_final, close_ts, close = max(a[1:4], b[1:4])
    open_plain, open_ts, open_price = min(a[4:7], b[4:7])
    return Bar(
        a.revision,
        close_final,
        close_ts,
        close,
        open_plain,
        open_ts,
        open_price,
        max(a.high, b.high),
        min(a.low, b.low),
        _final_low(a, b),
        final_seen,
    )


def _final_low(a: Bar, b: Bar) -> float:
    if a[1:3] == b[1:3]:
        return min(a.final_low, b.final_low)
    return a.final_low if a[1:3] > b[1:3] else b.final_low
