"""What a scenario finds out: lines with their bounds, and the runs behind them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

AT_LEAST = "at least"
AT_MOST = "at most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One result. `floor` is a bound on `value`, from below or, `at most`, from above.

    `ratio` is ours / `against`, as a median within rounds; a bound on a ratio
    is a line of its own, whose value the ratio is.
    """

    scenario: str
    metric: str
    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None
    floor: float | None = None
    direction: str = AT_LEAST

    @property
    def holds(self) -> bool | None:
        """Say whether the bound holds; None where there is none.

        >>> Line(scenario="s", metric="m", value=2, unit="x", floor=3, direction=AT_MOST).holds
        True
        """
        if self.floor is None:
            return None
        return self.value <= self.floor if self.direction == AT_MOST else self.value >= self.floor


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What one contestant measured, run by run."""

    contestant: str
    unit: str
    values: list[float]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What one scenario came to; `notes` are facts for people."""

    lines: list[Line] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def times(
    scenario: str,
    metric: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    against: str,
    floor: float | None = None,
    direction: str = AT_LEAST,
) -> Line:
    """Return the median of ours / theirs within the rounds, as a line with a bound on it."""
    ratio = median_ratio(ours, theirs)
    return Line(
        scenario=scenario,
        metric=metric,
        value=ratio,
        unit="x",
        against=against,
        ratio=ratio,
        floor=floor,
        direction=direction,
    )


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios within the rounds: a slow minute hits both sides.

    >>> median_ratio([2.0, 30.0, 6.0], [1.0, 10.0, 2.0])
    3.0
    """
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least `share` of the values do not exceed.

    >>> quantile([4.0, 1.0, 3.0, 2.0], 0.5), quantile([4.0, 1.0, 3.0, 2.0], 0.99)
    (2.0, 4.0)
    """
    ordered = sorted(values)
    at = max(-int(-share * len(ordered) // 1), 1)
    return ordered[at - 1]
