"""PURE: the figures of a report, kept by ticker: a change costs what that ticker adds.

Every figure is a function of what the tickers add, whatever order they came in
and however often: an old report's book says the same as a new one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.policy import Policy
from sinks.evidence.cohort import Cohort, CohortKey
from sinks.readiness import cohort_words
from sinks.report_entries import Entry
from sinks.report_evidence import BookEvidence
from sinks.report_figures import ClassCounts, Group, ReadySignal
from sinks.report_lists import SortedIds
from sinks.report_marks import Kind, Mark, Marker, against
from sinks.report_parts import TickerBars, TickerPart, ticker_part
from sinks.report_tally import Tally, Total, group_of
from sinks.report_tracking import TickerText
from sinks.rows import DATA_CLASSES

STATUSES = (
    "registered", "awaiting_entry", "tracking", "matured", "passed", "failed", "insufficient",
    "staged", "paper", "promoted", "rejected", "cancelled", "archived",
)  # fmt: skip
VERDICTS = ("passed", "failed", "insufficient", "none")
MOST_READY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a report counts."""

    everything: Group
    by_ticker: list[Group]
    by_action: list[Group]
    by_model: list[Group]
    by_data_class: list[Group]
    by_status: dict[str, int]
    by_verdict: dict[str, int]
    by_class: dict[str, ClassCounts]
    ready: list[str]
    ready_first: list[ReadySignal]
    ready_live: int
    stale: list[str]
    suspect: list[str]
    unpriced_tickers: list[str]
    conflicting_closes: int
    cohorts: Sequence[Cohort]

    def not_ready_reasons(self) -> dict[str, int]:
        """Return how many signals each kind of reason keeps from being ready."""
        found: Counter[str] = Counter()
        for each in self.by_class.values():
            found.update(each.reasons)
        return dict(sorted(found.items()))


class ReportBook:
    """What every ticker adds to a report, under one policy."""

    def __init__(self, policy: Policy | None, *, replay_counts: bool) -> None:
        self.policy = policy
        self.replay_counts = replay_counts
        self._evidence = (
            None if policy is None else BookEvidence(policy, replay_counts=replay_counts)
        )
        self._marker = Marker(policy, replay_counts=replay_counts)
        self._parts: dict[str, TickerPart] = {}
        self._tally = Tally()
        self._changed: set[str] = set()
        self._stale, self._suspect, self._ready = SortedIds(), SortedIds(), SortedIds()
        self._ready_cohorts: frozenset[CohortKey] = frozenset()
        self._ready_of: dict[str, list[tuple[Entry, CohortKey]]] = {}
        self._words: dict[Kind, str] = {}

    def replace(
        self,
        tickers: Collection[str],
        entries: Mapping[str, Sequence[Entry]],
        bars: Mapping[str, TickerBars],
    ) -> None:
        """Take these as all that is known of the tickers; entries are sorted by signal id."""
        for ticker in tickers:
            self._replace(ticker, entries.get(ticker, ()), bars.get(ticker))
        if self._evidence is not None:
            self._evidence.replace(
                tickers,
                entries,
                {ticker: each.history for ticker, each in bars.items()},
            )

    def counted(self, as_of_ms: int | None) -> Counted:
        """Return the figures of everything as it is now."""
        cohorts = [] if self._evidence is None else self._evidence.cohorts(as_of_ms)
        self._judge(cohorts, as_of_ms)
        priced = [each.bars for each in self._parts.values() if each.bars is not None]
        ready = self._ready.ids()
        totals = self._tally.totals
        return Counted(
            everything=group_of("all", totals.items()),
            by_ticker=[
                each.group for _, each in sorted(self._parts.items()) if each.group is not None
            ],
            by_action=_groups(totals.items(), lambda each: each.action),
            by_model=_groups(totals.items(), lambda each: each.model),
            by_data_class=_groups(totals.items(), lambda each: each.data_class, DATA_CLASSES),
            by_status=_counts(STATUSES, _counter(totals, lambda each: each.status)),
            by_verdict=_counts(VERDICTS, _counter(totals, lambda each: each.verdict)),
            by_class=self._by_class(),
            ready=ready,
            ready_first=self._named(frozenset(ready[:MOST_READY])),
            ready_live=sum(
                cohort.data_class == "live"
                for found in self._ready_of.values()
                for _, cohort in found
            ),
            stale=self._stale.ids(),
            suspect=self._suspect.ids(),
            unpriced_tickers=sorted(
                name for name, each in self._parts.items() if each.bars is None
            ),
            conflicting_closes=sum(each.conflicting_closes for each in priced),
            cohorts=cohorts,
        )

    def known(self, ticker: str) -> dict[str, tuple[Entry, Mark]]:
        """Return what is known of each signal of a ticker by its id."""
        part = self._parts[ticker]
        ids = (each.signal_id for each in part.entries)
        return dict(zip(ids, zip(part.entries, part.marks, strict=True), strict=True))

    def text(self, ticker: str) -> TickerText:
        """Return what the signals of a ticker can have observed, as text."""
        part = self._parts[ticker]
        entered = [each.entry_session for each in part.entries if each.entry_session is not None]
        return TickerText(part.bars, min(entered, default="9999"))

    def is_ready(self, mark: Mark) -> bool:
        """Say whether nothing is against a signal, after `counted`."""
        return not (mark.before or mark.kind.after or self._words[mark.kind])

    def against(self, mark: Mark) -> str:
        """Return everything against a signal, after `counted`; '' where it is ready."""
        return against(mark, self._words[mark.kind])

    def entries(self) -> Iterator[Entry]:
        """Yield every signal."""
        for part in self._parts.values():
            yield from part.entries

    def _replace(self, ticker: str, entries: Sequence[Entry], bars: TickerBars | None) -> None:
        former = self._parts.pop(ticker, None)
        if former is not None:
            self._tally.add(former.tally, -1)
        part = ticker_part(ticker, entries, bars, self._marker)
        self._tally.add(part.tally)
        self._suspect.put(ticker, part.suspect)
        self._changed.add(ticker)
        if entries or bars is not None:
            self._parts[ticker] = part

    def as_of_ms(self) -> int | None:
        """Return the greatest close of a bar; without one the greatest time of a signal."""
        parts = self._parts.values()
        closes = [each.bars.last_close_ms for each in parts if each.bars is not None]
        return max(closes or [each.generated_ms for each in parts], default=None)

    def _judge(self, cohorts: Sequence[Cohort], as_of_ms: int | None) -> None:
        by_key = {each.key: each for each in cohorts if each.key.level == "cohort"}
        ready = frozenset(key for key, each in by_key.items() if each.ready)
        for ticker, part in self._parts.items():
            if part.judge_stale(as_of_ms) or ticker in self._changed:
                self._stale.put(ticker, part.stale)
        names = self._changed if ready == self._ready_cohorts else self._changed | set(self._parts)
        for ticker in names:
            held = self._parts.get(ticker)
            found = () if held is None else held.candidates
            named = [(each, cohort) for each, cohort in found if cohort in ready]
            self._ready_of.pop(ticker, None)
            if named:
                self._ready_of[ticker] = named
            self._ready.put(ticker, [each.signal_id for each, _ in named])
            if held is None:
                self._stale.put(ticker, [])
        self._ready_cohorts, self._changed = ready, set()
        said = {key: cohort_words(each) for key, each in by_key.items()}
        unknown = cohort_words(None)
        self._words = {
            kind: "" if kind.cohort is None else said.get(kind.cohort, unknown)
            for kind in self._tally.totals
        }

    def _by_class(self) -> dict[str, ClassCounts]:
        held: defaultdict[str, list[tuple[Kind, Total]]] = defaultdict(list)
        for kind, total in self._tally.totals.items():
            held[kind.data_class].append((kind, total))
        return {name: self._class_counts(found) for name, found in sorted(held.items())}

    def _class_counts(self, found: Sequence[tuple[Kind, Total]]) -> ClassCounts:
        reasons: Counter[str] = Counter()
        statuses: Counter[str] = Counter()
        for kind, total in found:
            statuses[kind.status] += total.n
            cohort = self._words[kind].partition(":")[0]
            for name in kind.reasons | {cohort} if cohort else kind.reasons:
                reasons[name] += total.n
        return ClassCounts(
            total=sum(total.n for _, total in found),
            entered=sum(total.n for kind, total in found if kind.entered),
            matured=sum(total.n for kind, total in found if kind.matured),
            validated=sum(total.n for kind, total in found if kind.verdict == "passed"),
            by_status=statuses,
            reasons=reasons,
        )

    def _named(self, ids: Collection[str]) -> list[ReadySignal]:
        found = (
            ReadySignal(
                signal_id=each.signal_id,
                action=each.action,
                ticker=each.ticker,
                data_class=cohort.data_class,
            )
            for named in self._ready_of.values()
            for each, cohort in named
            if each.signal_id in ids
        )
        return sorted(found, key=lambda each: each.signal_id)


def _groups(
    found: Iterable[tuple[Kind, Total]], key: Callable[[Kind], str], fixed: Iterable[str] = ()
) -> list[Group]:
    members: dict[str, list[tuple[Kind, Total]]] = {name: [] for name in fixed}
    for kind, total in found:
        members.setdefault(key(kind), []).append((kind, total))
    names = list(fixed) or sorted(members)
    return [group_of(name, members[name]) for name in names]


def _counter(totals: dict[Kind, Total], key: Callable[[Kind], str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for kind, total in totals.items():
        found[key(kind)] += total.n
    return found


def _counts(known: Iterable[str], found: Counter[str]) -> dict[str, int]:
    # A status of a later version still shows, after the known ones.
    names = [*known, *sorted(set(found) - set(known))]
    return {name: found[name] for name in names}
