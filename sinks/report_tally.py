"""PURE: counts and exact sums of signals by kind, which can be added and taken away.

A sum is kept as a whole multiple of the least float, so that it does not depend
on what came and went: it is the value of math.fsum over those that are there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sinks.evidence.rates import rate
from sinks.report_entries import Entry
from sinks.report_figures import Group
from sinks.report_marks import Kind, Mark

_SCALE_BITS = 1074
_ONE = 1 << _SCALE_BITS


@dataclass(slots=True)
class Total:
    """How many signals of a kind, and of those with a net return the number and their sum."""

    n: int = 0
    returns: int = 0
    net: int = 0

    def add(self, other: "Total", sign: int) -> None:
        """Add another total, or take it away."""
        self.n += sign * other.n
        self.returns += sign * other.returns
        self.net += sign * other.net


@dataclass(slots=True)
class Tally:
    """Totals by kind."""

    totals: dict[Kind, Total] = field(default_factory=dict)

    def add(self, other: "Tally", sign: int = 1) -> None:
        """Add what another tally holds, or take it away."""
        for kind, total in other.totals.items():
            held = self.totals.get(kind)
            if held is None:
                held = self.totals[kind] = Total()
            held.add(total, sign)
            if not held.n:
                del self.totals[kind]


def tally_of(entries: Iterable[Entry], marks: Iterable[Mark]) -> Tally:
    """Return the totals of signals, each beside its mark."""
    totals: dict[Kind, Total] = {}
    for entry, mark in zip(entries, marks, strict=True):
        kind = mark.kind
        held = totals.get(kind)
        if held is None:
            held = totals[kind] = Total()
        held.n += 1
        if kind.matured and entry.net_return is not None:
            held.returns += 1
            held.net += _scaled(entry.net_return)
    return Tally(totals)


def group_of(name: str, parts: Iterable[tuple[Kind, Total]]) -> Group:
    """Return the figures of signals of these kinds."""
    total = validated = matured = hits = misses = returns = net = 0
    for kind, part in parts:
        total += part.n
        validated += part.n * (kind.verdict == "passed")
        if kind.matured:
            matured += part.n
            hits += part.n * (kind.hit == "hit")
            misses += part.n * (kind.hit == "miss")
            returns += part.returns
            net += part.net
    return Group(
        name=name,
        total=total,
        validated=validated,
        matured=matured,
        hits=hits,
        misses=misses,
        open=total - hits - misses,
        avg_return=net / _ONE / returns if returns else None,
        validation_rate=rate(validated, total),
        hit_rate=rate(hits, hits + misses),
    )


def _scaled(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_SCALE_BITS + 1 - denominator.bit_length())
