"""A real SQLite sink in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.sqlite import SqliteSink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SqliteSink]:
    sink = SqliteSink(tmp_path / "signals.db")
    sink.open()
    yield sink
    sink.close()
