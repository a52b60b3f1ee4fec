"""`audit` and `rebuild` as commands, beside a worker and a sink on the embedded broker."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.topics import SIGNALS, TICKS
from tests.e2e.audited import Stored, stored_in
from tests.e2e.malformed import MALFORMED
from tests.e2e.processes import run

ONE_BAR = "ticker = 'MSFT' AND session = (SELECT min(session) FROM bars WHERE ticker = 'MSFT')"


@pytest.fixture
def stored(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Stored]:
    with stored_in(tmp_path, embedded_broker, topic_prefix) as found:
        yield found


def test_every_row_is_as_the_sources_call_for_and_a_touched_one_is_named(stored: Stored) -> None:
    told = stored.audit("--wait", "60")

    assert told.out[-1].startswith("audit=0 rows=")
    assert told.out[-1].endswith(" unsettled=0")
    counts = {line.split()[0]: line.split()[1:] for line in told.out[1:-1]}
    assert all(int(counts[each][0]) > 10 for each in ("llm_signals", "bars", "observations"))
    assert int(counts["dead_letters"][0]) >= len(MALFORMED)
    assert "folding" in told.err

    stored.sink.end(signal.SIGTERM)
    stored.tamper(
        f"UPDATE bars SET close = close + 1 WHERE {ONE_BAR}",
        "DELETE FROM dead_letters WHERE error_class = 'EmptyValue'",
    )
    told = stored.audit("--format", "json", expect=1)

    *found, summary = map(json.loads, told.out)
    assert columns_of(found) == {("bars", "close"), ("dead_letters", None)}
    assert summary["audit"] == len(found)
    assert summary["tables"]["bars"]["differences"] == 1
    assert stored.audit("--show", "1", expect=1).out[-1].startswith(f"audit={len(found)} ")


def test_what_is_on_its_way_is_not_compared_but_named(stored: Stored) -> None:
    stored.worker.end(signal.SIGTERM)
    signal_ = {
        "ticker": "AAPL",
        "action": "BUY",
        "confidence": 0.6,
        "generated_at_ms": 1_656_000_000_000,
        "source": "desk",
        "source_kind": "rule",
        "model": "m",
    }
    stored.pipeline.send_json(SIGNALS, [signal_])

    told = stored.audit(expect=1)

    assert told.out[-1].startswith("audit=0 ")
    assert told.out[-1].endswith(" unsettled=1")
    assert "the worker is 1 record behind" in told.err
    assert "1 ticker not compared, for records of them are still on their way: AAPL;" in told.err
    restarted = stored.pipeline.worker()
    assert stored.audit("--wait", "60").out[-1].endswith(" unsettled=0")
    assert restarted.status is None


def test_what_cannot_be_compared_is_said_in_one_line(stored: Stored, tmp_path: Path) -> None:
    words = stored.pipeline.topics
    for more, expect, said in (
        (["--policy", "mvs"], 1, "was tracker"),
        (["--app-id", "nobody"], 1, "name the --app-id of the worker"),
        (["--policy", "none.toml"], 2, "none.toml"),
    ):
        assert said in stored.audit(*more, expect=expect).err
    empty = run("audit", *words, "--data", str(tmp_path / "empty"), expect=1)
    assert "run `signal-tracker sink sqlite` first" in empty.stderr
    elsewhere = run("audit", *words[:2], "--prefix", "none.", *stored.words[-2:], expect=1)
    assert "none." in elsewhere.stderr


def test_records_of_every_compression_are_audited_and_rebuilt(stored: Stored) -> None:
    pipeline = stored.pipeline
    for day, codec in enumerate(("gzip", "snappy", "lz4", "zstd"), 3):
        client = Producer({"bootstrap.servers": pipeline.broker, "compression.type": codec})
        for number in range(50):
            tick = {"ticker": f"T{number}", "price": 10.0 + day, "session": f"2022-10-0{day}"}
            client.produce(pipeline.topic(TICKS), json.dumps(tick), f"T{number}")
        assert client.flush(60) == 0
    pipeline.wait_until_stored(stored.worker, stored.sink)

    assert stored.audit("--wait", "60").out[-1].endswith(" unsettled=0")
    stored.sink.end(signal.SIGTERM)
    assert stored.rebuild().out[-1].endswith(" dropped=0")


def test_a_database_is_made_anew_and_the_sink_goes_on(stored: Stored) -> None:
    database = stored.pipeline.database
    assert "another SQLite sink" in stored.rebuild(expect=1).err
    stored.sink.end(signal.SIGTERM)
    stored.tamper(
        f"UPDATE bars SET close = close + 1 WHERE {ONE_BAR}",
        "DELETE FROM observation_values",
        "DELETE FROM dead_letters",
    )
    assert stored.audit(expect=1).out[-1].startswith("audit=")

    told = stored.rebuild()

    assert told.out[-1].startswith("rebuilt signals=")
    assert told.out[-1].endswith(" computed=0 carried=0 dropped=0")
    assert stored.audit().out[-1].endswith(" unsettled=0")
    assert [each.name for each in database.parent.iterdir() if ".new" in each.name] == []
    stored.pipeline.send_json(TICKS, [{"ticker": "NEW", "price": 1.0, "session": "2022-10-03"}])
    sink = stored.pipeline.sqlite_sink()
    stored.pipeline.wait_until_stored(stored.worker, sink)
    assert stored.audit("--wait", "60").out[-1].startswith("audit=0 ")


def test_rows_that_would_be_lost_are_named_and_a_broken_file_stays_beside(stored: Stored) -> None:
    stored.sink.end(signal.SIGTERM)
    database = stored.pipeline.database
    stored.tamper(f"UPDATE bars SET ticker = 'GHOST' WHERE {ONE_BAR}")
    # But for the head of the file: whether it has a write-ahead log is no row.
    before = database.read_bytes()[100:]

    told = stored.rebuild(expect=1)

    assert "rows that these topics never did: bars 1 (as GHOST " in told.err
    assert database.read_bytes()[100:] == before
    assert stored.rebuild("--force").out[-1].endswith(" dropped=1")
    assert database.with_name("signals.db.old").read_bytes()[100:] == before
    assert stored.audit().out[-1].startswith("audit=0 ")

    database.write_bytes(b"broken" * 5000)
    assert "cannot be read: file is not a database; --force" in stored.rebuild(expect=1).err
    assert stored.rebuild("--force").out[-1].startswith("rebuilt signals=")
    assert database.with_name("signals.db.old-2").read_bytes() == b"broken" * 5000
    assert stored.audit().out[-1].startswith("audit=0 ")

    database.unlink()
    assert stored.rebuild().out[-1].endswith(" dropped=0")
    assert stored.audit().out[-1].startswith("audit=0 ")


def test_a_database_of_other_topics_is_not_emptied_unsaid(stored: Stored) -> None:
    stored.sink.end(signal.SIGTERM)
    broker, prefix = stored.pipeline.broker, f"{stored.pipeline.prefix}other."
    run("topics", "create", "--broker", broker, "--prefix", prefix, "--partitions", "2")
    words = ["rebuild", "--broker", broker, "--prefix", prefix, *stored.words[-2:]]

    assert "is of other topics" in run(*words, expect=1).stderr
    assert run(*words, "--force").stdout.startswith("rebuilt signals=0 ")
    assert stored.pipeline.database.with_name("signals.db.old").exists()


def columns_of(found: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
    return {(each["table"], each["column"]) for each in found}
