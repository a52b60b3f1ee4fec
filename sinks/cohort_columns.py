"""PURE: what the evidence asks of signals, as columns.

A caller that has rows makes them by `columns_of`; one that reads a database by columns
need not make a row object a signal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalColumns:
    """Signals in any order: entry i of each column is of signal i, as in `SignalRow`.

    `data_class` is that of the row: synthetic, else fallback, else backdated, else its
    kind; `last_session` is None until the window is over.
    """

    ticker: Sequence[str]
    data_class: Sequence[str]
    source: Sequence[str]
    model_name: Sequence[str]
    model_version: Sequence[str]
    action: Sequence[str]
    horizon_sessions: Sequence[int]
    confidence: Sequence[float]
    status: Sequence[str]
    calendar: Sequence[str]
    periods_per_year: Sequence[int]
    entry_session: Sequence[str | None]
    entry_index: Sequence[int | None]
    last_session: Sequence[str | None]
    observations: Sequence[int]
    hit: Sequence[str | None]
    net_return: Sequence[float | None]
    raw_return: Sequence[float | None]
    stale_after_ms: Sequence[int]
    policy_hash: Sequence[str]

    def __len__(self) -> int:
        return len(self.ticker)

    def some(self, first: int, last: int) -> "SignalColumns":
        """Return the signals from one place up to another."""
        columns: dict[str, Any] = {name: getattr(self, name)[first:last] for name in NAMES}
        return SignalColumns(**columns)

    def ordered(self, order: Sequence[int]) -> "SignalColumns":
        """Return the signals at these places, in this order."""
        columns: dict[str, Any] = {
            name: list(map(getattr(self, name).__getitem__, order)) for name in NAMES
        }
        return SignalColumns(**columns)


NAMES = tuple(each.name for each in fields(SignalColumns))


class SignalLike(Protocol):
    """What has the fields of `SignalColumns`: a `SignalRow`, or less."""

    @property
    def data_class(self) -> str:
        """Return which evidence the signal counts as."""


def columns_of(signals: Iterable[SignalLike]) -> SignalColumns:
    """Return rows as columns."""
    held = list(signals)
    columns: dict[str, Any] = {name: list(map(attrgetter(name), held)) for name in NAMES}
    return SignalColumns(**columns)
