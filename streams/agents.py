"""The agents: one `async for` each; what they do with a chunk stands in `processor`.

Delivery guarantee: at least once. A chunk is acknowledged when it has been
processed, and committed when its effects are durable (`streams.transport`).
"""

import asyncio
from typing import Any, cast

import faust
from faust.types import StreamT

from schemas import topics
from schemas.topics import Topic, prefixed
from streams.processor import Processor
from streams.transport import BatchConsumer

AGENTS: dict[str, Topic] = {
    "register_signals": topics.SIGNALS,
    "fold_ticks": topics.TICKS,
    "apply_corporate_actions": topics.CORPORATE_ACTIONS,
    "apply_decisions": topics.DECISIONS,
}

# The broker's answer to one partition's chunk takes longer than the work on it. Chunks that
# wait for their partition are taken together, so that few of them wait before the agents.
CHUNKS_AT_ONCE = 16


def wire_agents(app: faust.App, processor: Processor, prefix: str, partitions: int) -> None:
    """Add an agent for each inbound topic to the app."""
    for name, topic in AGENTS.items():
        channel = app.topic(
            prefixed(prefix, topic),
            partitions=partitions,
            key_type=None,
            value_type=None,
            key_serializer="raw",
            value_serializer="chunk",
        )
        actor = _agent(app, processor, topic)
        app.agent(channel, name=name, concurrency=CHUNKS_AT_ONCE)(actor)


def _agent(app: faust.App, processor: Processor, topic: Topic) -> Any:
    async def take_chunks(stream: StreamT[Any]) -> None:
        consumer = cast(BatchConsumer, app.consumer)
        async for event in stream.events():
            try:
                effect = await processor.process(topic, event.value)
            except Exception as error:
                await app.crash(error)
                raise
            # Only what is finished here can be committed, whatever Faust acknowledges.
            consumer.finish(event.message, effect)
            event.value.let_go()
            if effect is not None:
                effect.add_done_callback(_crash_on_failure(app))

    return take_chunks


def _crash_on_failure(app: faust.App) -> Any:
    def crash(effect: "asyncio.Future[Any]") -> None:
        error = None if effect.cancelled() else effect.exception()
        if error is not None:
            app.loop.create_task(app.crash(error))

    return crash
