"""PURE: the text of each cohort, kept while the cohort stays what it is."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from sinks.evidence.cohort import Cohort, CohortKey

Text = TypeVar("Text")


class Kept(Generic[Text]):
    """What was made of each cohort; made again where a cohort is another object."""

    def __init__(self, make: Callable[[Cohort], Text]) -> None:
        self._make = make
        self._held: dict[CohortKey, tuple[Cohort, Text]] = {}

    def of(self, cohorts: Iterable[Cohort]) -> list[Text]:
        """Return the text of each of these, and forget all others."""
        before, self._held = self._held, {}
        for each in cohorts:
            held = before.get(each.key)
            if held is None or held[0] is not each:
                held = each, self._make(each)
            self._held[each.key] = held
        return [text for _, text in self._held.values()]
