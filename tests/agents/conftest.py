"""A worker's app on no broker: its own agents, consumer and offsets, a log in memory behind."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import orjson
import pytest
from faust.types import TP

from schemas.topics import Topic
from streams.agents import AGENTS
from streams.app import WorkerConfig, create_app
from streams.inbound import Chunk
from streams.policy_files import load_policy
from tests.topology.log import Log, RecordingProducer
from tests.unit.streams.fold import BOOK


class Harness:
    """The app of a test, and a way to hand its agents chunks as the transport does."""

    def __init__(self, app: faust.App, partitions: int) -> None:
        self.app = app
        self.partitions = partitions
        self.log = Log()
        self.crashes: list[BaseException] = []
        self.serve()
        for topic in AGENTS.values():
            # Faust notes this when it subscribes, which needs a broker.
            app.topics._acking_topics.add(topic.name)

    def serve(self, dies_after: int | None = None) -> None:
        """Take what the worker sends, or all but what comes after a number of batches."""
        producer = RecordingProducer(self.log, random.Random(0), dies_after)
        self.app.producer = SimpleNamespace(_ensure_producer=lambda: producer)

    @property
    def consumer(self) -> Any:
        return self.app.consumer

    @asynccontextmanager
    async def running(self, topic: Topic) -> AsyncIterator[Any]:
        """The agent of a topic; a crash of the app is noted."""
        [name] = [name for name, each in AGENTS.items() if each is topic]

        async def crash(reason: BaseException) -> None:
            self.crashes.append(reason)

        self.app.crash = crash
        async with self.app.agents[name].test_context(concurrency=1) as agent:
            yield agent

    async def hand(self, agent: Any, topic: Topic, values: Sequence[Any], first: int = 0) -> TP:
        """Give the agent one chunk of these values, as the consumer makes it a message."""
        tp = TP(topic.name, 0)
        records = [
            SimpleNamespace(
                offset=first + at,
                timestamp=1_000,
                timestamp_type=0,
                headers=(),
                key=None,
                value=value if isinstance(value, bytes) else orjson.dumps(value),
            )
            for at, value in enumerate(values)
        ]
        message = self.consumer._to_message(tp, Chunk(tp.topic, tp.partition, records))
        message.incref()
        channel = agent.stream().channel
        await channel.put(await channel.decode(message))
        return tp

    async def rest(self) -> None:
        """Let everything happen that is not waiting for the world."""
        for _ in range(50):
            await asyncio.sleep(0)


@pytest.fixture
async def harness(tmp_path: Path) -> Harness:
    config = WorkerConfig(
        broker="127.0.0.1:1",
        policies=load_policy("tracker"),
        work_dir=tmp_path,
        partitions=1,
        calendars=BOOK,
    )
    app = create_app(config)
    app.loop = asyncio.get_running_loop()
    app.finalize()
    app.flow_control.resume()
    return Harness(app, config.partitions)
