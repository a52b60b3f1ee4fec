"""PURE: the bars of a ticker as columns, as the evidence and the paper account read them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BarColumns:
    """A ticker's bars in session order: row i of each column is of session i.

    `split_ratio` and `dividend` are of the actions since the bar before; `calendar`
    is that of the newest bar.
    """

    calendar: str
    session: tuple[str, ...]
    session_index: tuple[int, ...]
    close_ms: tuple[int, ...]
    open: tuple[float, ...]
    high: tuple[float, ...]
    low: tuple[float, ...]
    close: tuple[float, ...]
    split_ratio: tuple[float, ...]
    dividend: tuple[float, ...]
