"""Inbound records into a refold, judged one by one as the worker does; and out of it as records.

What lies on another partition than its ticker's is left out: the worker publishes it there.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from schemas import topics
from schemas.codec import decode, encode
from schemas.errors import DecodeError
from schemas.observation_codec import About, encode_records
from schemas.records import DeadLetter, SessionBar
from schemas.topics import Topic
from streams.domain.effects import Effects
from streams.domain.refold import Refold
from streams.domain.tracker import Rules
from streams.inbound import Chunk, sort_records
from streams.inbound_signals import sort_signals
from streams.inbound_ticks import sort_ticks

MAX_OBSERVATIONS_BYTES = 512 * 1024


def take_chunk(
    refold: Refold, rules: Rules, topic: Topic, chunk: Chunk, partitions: int
) -> Sequence[DeadLetter]:
    """Take what a chunk of an inbound topic says; return what of it is refused."""
    if topic is topics.TICKS:
        ticks = sort_ticks(chunk, partitions)
        if ticks.columns:
            refold.take_ticks(ticks.columns)
        return ticks.dead
    if topic is topics.SIGNALS:
        found = sort_signals(chunk, partitions)
        times = found.times_ms if rules.judge_backdated else repeat(None)
        refold.take_signals(found.good, times)
        return found.dead
    found = sort_records(chunk, topic, partitions)
    if topic is topics.CORPORATE_ACTIONS:
        refold.take_actions(found.good)
    else:
        refold.take_decisions(found.good)
    return found.dead


def tickers_in(topic: Topic, chunk: Chunk, partitions: int) -> set[str]:
    """Return the tickers of what a chunk of an inbound topic changes."""
    if topic is topics.TICKS:
        return {name for part in sort_ticks(chunk, partitions).columns for name in part.tickers}
    return {each.ticker for each in sort_records(chunk, topic, partitions).good}


def records_of(effects: Effects) -> Iterator[tuple[Topic, bytes]]:
    """Yield bars, observations and states as they would stand on their topics."""
    for bar in effects.bars.values():
        yield topics.BARS, encode(bar)
    for (ticker, _), (session, close_ms, blocks) in effects.observations.items():
        about = About(ticker, session, close_ms)
        for value in encode_records(about, blocks, effects.epoch, MAX_OBSERVATIONS_BYTES):
            yield topics.OBSERVATIONS, value
    for value in effects.state_values.values():
        yield topics.SIGNAL_STATES, value


def bars_in(values: Iterable[bytes | None]) -> Iterator[SessionBar]:
    """Yield the bars among the records of the bars topic; what is none is the sink's matter."""
    for value in values:
        try:
            record = decode(value) if value else None
        except DecodeError:
            continue
        if isinstance(record, SessionBar):
            yield record
