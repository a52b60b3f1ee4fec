"""What became of the lines of a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A line that was not sent, and why; lines count from 1, a CSV header included."""

    line: int
    reason: str
    last_line: int | None = None
    lines: int = 1

    def __str__(self) -> str:
        """Return `line 7: reason`."""
        if self.last_line in (None, self.line):
            return f"line {self.line}: {self.reason}"
        return f"{self.lines} of lines {self.line}-{self.last_line}: {self.reason}"


OnRefused: TypeAlias = Callable[[Refusal], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResult:
    """How much of one file went out.

    `ends` holds, per (topic, partition), the offset after the last record that
    the broker acknowledged. It is exact where the broker's own end offsets are
    not: the embedded one answers with the start of its last batch.
    """

    sent: int
    refused: int
    records: int
    ends: Mapping[tuple[str, int], int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Tally:
    """The running counts behind a result."""

    report: OnRefused
    sent: int = 0
    refused: int = 0
    records: int = 0

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal and report it."""
        self.refused += refusal.lines
        self.report(refusal)

    def send(self, lines: int, records: int) -> None:
        """Count what was handed to the publisher."""
        self.sent += lines
        self.records += records

    def take_back(self, refusal: Refusal, records: int) -> None:
        """Count as refused what the broker did not take after all."""
        self.sent -= refusal.lines
        self.records -= records
        self.refuse(refusal)

    def result(self, ends: Mapping[tuple[str, int], int]) -> PublishResult:
        """Return the counts, for good."""
        return PublishResult(
            sent=self.sent, refused=self.refused, records=self.records, ends=dict(ends)
        )
