"""One audit on a broker: waits if asked, looks, folds, compares, and says what to know of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.policy import PolicyVersions
from schemas.topics import INBOUND, prefixed
from signal_tracker import audit_words as words
from signal_tracker.auditing import Audit, Look, Outcome, other_policy
from signal_tracker.columns import counted
from signal_tracker.errors import TrackerError
from signal_tracker.kafka_log import KafkaLog, opened_log
from signal_tracker.looking import Place, looking, wait
from signal_tracker.progress import shown
from sinks.differences import Comparison
from sinks.rows import AsOf
from sinks.sqlite_audit import FileAudit
from streams.domain.tracker import Rules
from streams.sessions import CalendarBook

if TYPE_CHECKING:
    import sqlite3

_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """By what signals are judged, as the worker was told."""

    policies: PolicyVersions
    calendars: CalendarBook
    lateness_ms: int
    judge_backdated: bool

    def rules(self, as_of: AsOf) -> Rules:
        """Return the rules of a database's worker: those of a replay judge no publishing time."""
        return Rules(
            calendar_of=self.calendars,
            policies=self.policies,
            lateness_ms=self.lateness_ms,
            judge_backdated=self.judge_backdated and not as_of.is_replay,
        )


def run_audit(
    place: Place,
    judging: Judging,
    comparison: Comparison,
    seconds: float,
    say: Callable[[str], None],
) -> Outcome:
    """Compare the rows of a place; `say` is told what a person should know."""
    if seconds:
        wait(place, seconds, say)
    with looking(place) as (connection, as_of, look), opened_log(place.broker, place.prefix) as log:
        rules = judging.rules(as_of)
        wrong = other_policy(FileAudit(connection, comparison).policy_hashes(), rules)
        if wrong:
            raise TrackerError(wrong)
        for line in words.lag_lines(look):
            say(line)
        outcome = _run(log, look, rules, connection, comparison)
    for line in words.ticks_lines(outcome.ticks_from_ms, judging.calendars("")):
        say(line)
    if outcome.unsettled:
        some = ", ".join(sorted(outcome.unsettled)[:_NAMED])
        more = "..." if len(outcome.unsettled) > _NAMED else ""
        say(
            f"{counted(len(outcome.unsettled), 'ticker')} not compared, for records of them are "
            f"still on their way: {some}{more}; --wait SECONDS waits for worker and sink"
        )
    return outcome


def _run(
    log: KafkaLog,
    look: Look,
    rules: Rules,
    connection: "sqlite3.Connection",
    comparison: Comparison,
) -> Outcome:
    names = {prefixed(log.prefix, each) for each in INBOUND}
    total = sum(offset for (topic, _), offset in look.committed.items() if topic in names)
    done = 0
    with shown(f"folding {counted(total, 'record')}") as on_progress:

        def step(records: int) -> None:
            nonlocal done
            done += records
            on_progress(done, total)

        return Audit(log, look, rules, connection, comparison).run(step)
