"""PURE: the figures that a report counts, as every format shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sinks.evidence.rates import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The figures of some signals; outcomes and returns are those of matured signals."""

    name: str
    total: int
    validated: int
    matured: int
    hits: int
    misses: int
    open: int
    avg_return: float | None
    validation_rate: Rate
    hit_rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCounts:
    """How far the signals of a data class have come, and what keeps them from being ready."""

    total: int
    entered: int
    matured: int
    validated: int
    by_status: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    def of_status(self, *names: str) -> int:
        """Return how many have one of these statuses."""
        return sum(self.by_status.get(name, 0) for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadySignal:
    """A signal that is ready for trading."""

    signal_id: str
    action: str
    ticker: str
    data_class: str
