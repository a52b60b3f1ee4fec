"""Whose offsets these are, and what is refused: other topics, another run, no broker."""

from pathlib import Path
from typing import Any, NoReturn

import pytest
from kafka.errors import KafkaTimeoutError

from sinks.errors import BrokerError, SourceMismatchError
from sinks.sink import Position
from sinks.sqlite import SqliteSink
from sinks.worker import refuse_other_source, run_sink

STORED = {("bars", 2): Position(next_offset=7, topic_id="id-1", run_id="r")}


def test_the_same_topics_and_run_go_on() -> None:
    refuse_other_source(STORED, {"bars": "id-1", "observations": "id-2"}, "r")


@pytest.mark.parametrize(
    ("topic_ids", "run_id", "message"),
    [
        ({"bars": "id-9"}, "r", "expected bars with id id-1"),
        ({"p.bars": "id-1"}, "r", "rows of the topic bars"),
        ({"bars": "id-1"}, "", "expected 'r', was ''"),
    ],
)
def test_other_topics_or_another_run_are_refused_with_a_hint(
    topic_ids: dict[str, str], run_id: str, message: str
) -> None:
    with pytest.raises(SourceMismatchError, match="another --data") as refused:
        refuse_other_source(STORED, topic_ids, run_id)

    assert message in str(refused.value)


def test_a_broker_that_does_not_answer_leaves_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(**_: Any) -> NoReturn:
        raise KafkaTimeoutError

    monkeypatch.setattr("sinks.worker.KafkaAdminClient", silent)

    with pytest.raises(BrokerError, match=r"^no Kafka broker answers at h:1$"):
        run_sink(SqliteSink(tmp_path / "x" / "signals.db"), broker="h:1", should_stop=bool)

    assert list(tmp_path.iterdir()) == []
