"""Observations that their topic has forgotten, computed again from bars, actions and signals.

An observation is a function of a signal and its ticker's bars, and those topics forget nothing.
"""

from collections.abc import Callable

from schemas import topics
from schemas.policy import PolicyVersions
from schemas.topics import prefixed
from signal_tracker.auditing import ALL_GONE_MS, batch_of
from signal_tracker.unsettled import Log, Offsets
from sinks.sink import Batch
from sinks.sqlite import SqliteSink
from sinks.sqlite_filling import lacking, read_calendars
from sinks.sqlite_queries import connect_read_only, read_policies
from streams.domain.calendar import SessionCalendar
from streams.domain.refold import Refold
from streams.domain.tracker import Rules
from streams.refolding import bars_in, take_chunk
from streams.sessions import CalendarBook, load_calendar

_SOURCES = (topics.SIGNALS, topics.CORPORATE_ACTIONS, topics.DECISIONS)


def fill(
    sink: SqliteSink, log: Log, ends: Offsets, on_ticker: Callable[[int], None] = lambda _: None
) -> int:
    """Store the observations that are missing of partitions whose topic began later.

    Return how many there were.
    """
    rules = _rules(sink)
    if rules is None:
        return 0
    partitions = [
        each for each in range(log.partitions) if log.beginning(topics.OBSERVATIONS, each)
    ]
    return sum(_fill(sink, log, _fold(log, rules, each, ends), on_ticker) for each in partitions)


def _fill(sink: SqliteSink, log: Log, refold: Refold, on_ticker: Callable[[int], None]) -> int:
    count = 0
    connection = connect_read_only(sink.path)
    try:
        for ticker in refold.tickers:
            if refold.signal_ids(ticker):
                for effects in refold.tell(ticker):
                    blocks = lacking(connection, batch_of(effects))
                    if blocks:
                        sink.write(Batch(observations=blocks))
                        count += sum(map(len, blocks))
            on_ticker(1)
    finally:
        connection.close()
    return count


def _fold(log: Log, rules: Rules, partition: int, ends: Offsets) -> Refold:
    refold = Refold(rules, ALL_GONE_MS)
    for chunk in log.chunks(topics.BARS, partition, 0, _end(log, topics.BARS, partition, ends)):
        for bar in bars_in(chunk.values()):
            refold.take_bar(bar)
    for topic in _SOURCES:
        for chunk in log.chunks(topic, partition, 0, _end(log, topic, partition, ends)):
            take_chunk(refold, rules, topic, chunk, log.partitions)
    return refold


def _end(log: Log, topic: topics.Topic, partition: int, ends: Offsets) -> int:
    return ends.get((prefixed(log.prefix, topic), partition), 0)


def _rules(sink: SqliteSink) -> Rules | None:
    """Return by what the stored signals were judged; None where there are none."""
    connection = connect_read_only(sink.path)
    try:
        versions, names = read_policies(connection), read_calendars(connection)
    finally:
        connection.close()
    if not versions:
        return None
    book = CalendarBook()

    def calendar_of(ticker: str) -> SessionCalendar:
        name = names.get(ticker)
        return book(ticker) if name is None else load_calendar(name)

    policies = PolicyVersions(versions=tuple(versions))
    return Rules(calendar_of=calendar_of, policies=policies, lateness_ms=0, judge_backdated=False)
