"""A worker's app takes what its options allow."""

from pathlib import Path
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import server_list

from streams.app import WorkerConfig, create_app
from streams.policy_files import load_policy


def config(folder: Path, **changes: Any) -> WorkerConfig:
    given = {"broker": "127.0.0.1:1", "policies": load_policy("tracker"), "work_dir": folder}
    return WorkerConfig(**{**given, **changes})


def test_several_brokers_stand_with_commas(tmp_path: Path) -> None:
    app = create_app(config(tmp_path, broker="one:9092, two:9093,127.0.0.1:9094"))

    servers = server_list(app.transport.url, 9092)
    assert servers == ["one:9092", "two:9093", "127.0.0.1:9094"]


@pytest.mark.parametrize("seconds", [6.0, 90.0, 300.0])
async def test_every_session_timeout_that_may_be_asked_for_is_taken(
    seconds: float, tmp_path: Path
) -> None:
    app = create_app(config(tmp_path, session_timeout=seconds))

    thread = app.consumer._new_consumer_thread()
    consumer = thread._create_worker_consumer(app.transport)
    assert consumer._session_timeout_ms == int(seconds * 1000)
