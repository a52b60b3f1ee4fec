"""What an earlier version left behind: run from git's history, or kept in tests/golden/upgrade.

The sample is of commit a5fb04a, which wrote signals as JSON rows and a signals.db of
version 3: every record of every topic, what the workers had committed, and the
database. It was made by `python -m tests.e2e.earlier FOLDER`, with that commit's
files in FOLDER; made anew, it would no longer be old.
"""

import base64
import gzip
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from schemas.sources import source_id
from signal_tracker.admin import connected
from signal_tracker.broker import EmbeddedBroker
from signal_tracker.reading import read
from tests.e2e.by_hand import Offsets, Pipeline
from tests.e2e.processes import ROOT, processes_in

# The last one before epochs and leases, whose workers run beside those of today.
COMMIT = "1c40a6b15650289935e553800b68e67dfe2f1589"
PACKAGES = ("schemas", "producers", "streams", "sinks", "signal_tracker")
SAMPLE = ROOT / "tests" / "golden" / "upgrade"
PREFIX = "upgrade."
PARTITIONS = 2
# What is published before the upgrade, and after it; signals of both are under way in between.
BEFORE_SESSION = "2019-05-20"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Signals and closes in two halves of files."""

    signals: list[dict[str, Any]]
    closes: list[dict[str, Any]]

    @classmethod
    def of_sample(cls) -> "Feed":
        """Return what the sample was made of."""
        content = json.loads((SAMPLE / "feed.json").read_text(encoding="utf-8"))
        return cls(signals=content["signals"], closes=content["closes"])

    def publish(self, pipeline: Pipeline, folder: Path, *, after: bool) -> None:
        """Publish the half before the upgrade, or the one after it."""
        signals = folder / f"{after}.jsonl"
        signals.write_text("".join(json.dumps(each) + "\n" for each in self.signals[after::2]))
        rows = [
            f"{each['session']},{each['ticker']},{each['price']!r}\n"
            for each in self.closes
            if (each["session"] > BEFORE_SESSION) == after
        ]
        closes = folder / f"{after}.csv"
        closes.write_text("".join(["date,ticker,close\n", *rows]))
        pipeline.publish("signals", signals)
        pipeline.publish("ticks", closes)


def checked_out(folder: Path) -> Path | None:
    """Return a folder with the packages of `COMMIT`, or None where git does not have it."""
    if shutil.which("git") is None:
        return None
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", COMMIT, *PACKAGES], check=False, capture_output=True
    )
    if packed.returncode:
        return None
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


class Earlier(Pipeline):
    """A pipeline whose workers and sinks are of other code, in a folder."""

    def __init__(self, code: Path, *where: Any) -> None:
        super().__init__(*where)
        # no module of ours from the current folder
        self.env = {"PYTHONPATH": str(code), "PYTHONSAFEPATH": "1"}

    def stored(self) -> Offsets:
        """Return what the SQLite sink has committed, whatever the version of its file."""
        if not self.database.exists():
            return {}
        with closing(sqlite3.connect(self.database, timeout=30)) as db:
            rows = db.execute("SELECT topic, partition, next_offset FROM sink_offsets")
            return {(topic, partition): offset for topic, partition, offset in rows}

    def judge_half(self, feed: Feed, folder: Path) -> None:
        """Let a worker and a sink judge what comes before the upgrade, and end."""
        self.create_topics(PARTITIONS)
        parts = [self.worker(), self.sqlite_sink()]
        feed.publish(self, folder, after=False)
        self.wait_until_stored(*parts)
        for each in parts:
            assert each.end() == 0, str(each)


def leave_sample(pipeline: Pipeline) -> None:
    """Put the sample onto a broker that has none of its topics, and signals.db into its folder."""
    assert pipeline.prefix == PREFIX
    pipeline.create_topics(PARTITIONS)
    committed = json.loads((SAMPLE / "committed.json").read_text())
    records = list(_kept_records())
    with connected(pipeline.broker) as admin:
        _create_changelogs(admin, {each["topic"] for each in records})
    _send(pipeline.broker, records)
    consumer = KafkaConsumer(
        bootstrap_servers=pipeline.broker.split(","),
        group_id=pipeline.group,
        enable_auto_commit=False,
    )
    tps = {TopicPartition(topic, part): offset for topic, part, offset in committed}
    consumer.assign(list(tps))
    consumer.commit({tp: OffsetAndMetadata(offset, "", -1) for tp, offset in tps.items()})
    consumer.close()
    pipeline.data.mkdir(parents=True, exist_ok=True)
    with gzip.open(SAMPLE / "signals.db.gz") as packed:
        pipeline.database.write_bytes(packed.read())
    _name_topics(pipeline)


def _kept_records() -> Iterator[dict[str, Any]]:
    with gzip.open(SAMPLE / "records.jsonl.gz", "rt", encoding="ascii") as file:
        for line in file:
            yield json.loads(line)


def _create_changelogs(admin: KafkaAdminClient, names: set[str]) -> None:
    changelogs = {
        name: {
            "num_partitions": PARTITIONS,
            "replication_factor": 1,
            "configs": {"cleanup.policy": "compact"},
        }
        for name in names
        if name.endswith("-changelog")
    }
    admin.create_topics(changelogs)


def _send(broker: str, records: list[dict[str, Any]]) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.split(","), linger_ms=5)
    sent = [
        producer.send(
            each["topic"],
            key=_bytes(each["key"]),
            value=_bytes(each["value"]),
            partition=each["partition"],
            timestamp_ms=each["timestamp"],
            headers=[(name, _bytes(value)) for name, value in each["headers"]],
        )
        for each in records
    ]
    for each, future in zip(records, sent, strict=True):
        assert future.get(30).offset == each["offset"]
    producer.close()


def _name_topics(pipeline: Pipeline) -> None:
    # the sample's topics had other ids
    with connected(pipeline.broker) as admin, closing(sqlite3.connect(pipeline.database)) as db:
        cluster = admin.describe_cluster()["cluster_id"]
        names = [name for (name,) in db.execute("SELECT DISTINCT topic FROM sink_offsets")]
        for each in admin.describe_topics(names):
            found = source_id(cluster, str(each["topic_id"]))
            db.execute(
                "UPDATE sink_offsets SET topic_id = ? WHERE topic = ?", (found, each["name"])
            )
        db.commit()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def _record(pipeline: Pipeline) -> None:
    with connected(pipeline.broker) as admin:
        names = sorted(each["name"] for each in admin.describe_topics())
    with gzip.GzipFile(SAMPLE / "records.jsonl.gz", "wb", mtime=0) as file:
        for name in names:
            for each in read(pipeline.broker, name):
                file.write(json.dumps(_kept(each)).encode() + b"\n")
    committed = [[*tp, offset] for tp, offset in sorted(pipeline.judged().items())]
    (SAMPLE / "committed.json").write_text(json.dumps(committed, indent=1) + "\n")
    with gzip.GzipFile(SAMPLE / "signals.db.gz", "wb", mtime=0) as file:
        file.write(pipeline.database.read_bytes())


def _kept(record: Any) -> Mapping[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _text(record.key),
        "value": _text(record.value),
        "headers": [(name, _text(value)) for name, value in record.headers],
    }


def _main(code: Path) -> None:
    with TemporaryDirectory() as scratch, EmbeddedBroker(Path(scratch) / "log") as broker:
        folder = Path(scratch)
        with processes_in(folder / "words") as processes:
            pipeline = Earlier(code, processes, broker.address, folder / "data", PREFIX)
            pipeline.judge_half(Feed.of_sample(), folder)
            _record(pipeline)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
