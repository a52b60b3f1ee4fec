"""A broker in memory in the place of the one that a command would connect to."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

from producers.memory import MemoryPublisher
from schemas.codec import decode
from schemas.topics import DECISIONS, partition_of


class Broker:
    """Where the decisions of a command arrive."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *commands: ModuleType) -> None:
        self.publisher = MemoryPublisher(partition_count=4)
        self.asked: list[tuple[str, str]] = []
        for each in commands:
            monkeypatch.setattr(each, "publishing", self.publishing)

    @contextmanager
    def publishing(self, broker: str, prefix: str) -> Iterator[MemoryPublisher]:
        self.asked.append((str(broker), prefix))
        yield self.publisher

    def decisions(self, prefix: str = "") -> list[Any]:
        """What lies on the topic, each in the partition of its ticker."""
        found = [decode(each.value) for each in self.publisher.published]
        for each, decision in zip(self.publisher.published, found, strict=True):
            assert each.topic == f"{prefix}{DECISIONS.name}"
            assert each.partition == partition_of(decision.ticker, 4)
        return found
