"""The whole pipeline on a Kafka with TLS, SCRAM and the access lists of docs/security.md."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e.acls import PREFIX, acls_of, documented, give
from tests.e2e.by_hand import Pipeline
from tests.e2e.processes import only_line, processes_in, run
from tests.e2e.secured import USERS, Secured, password_of
from tests.oracle.scenarios import random_market, random_signals, write_files

TICKERS = ("AAPL", "MSFT", "XOM")
FIRST, LAST = "2019-01-02", "2019-12-31"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the processes of five users made of two files."""

    secured: Secured
    pipeline: Pipeline
    signals: Path
    closes: Path
    folder: Path
    csv: str = ""

    def run(self, user: str, *words: str, expect: int = 0) -> str:
        """Run a command as a user on the topics of the pipeline; return its standard output."""
        where = ["--broker", self.secured.address(), "--prefix", PREFIX]
        return run(*words, *where, env=self.secured.environ(user), expect=expect).stdout


@pytest.fixture(scope="module")
def judged(secured: Secured, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    folder = tmp_path_factory.mktemp("judged")
    rng = random.Random(21)
    market = random_market(rng, TICKERS, FIRST, LAST)
    signals, closes = write_files(folder, random_signals(rng, TICKERS, FIRST, LAST, 60), market)
    with processes_in(folder / "words") as processes:
        pipeline = Pipeline(processes, secured.address("PLAINTEXT"), folder / "data", PREFIX)
        all_of_it = Judged(
            secured=secured, pipeline=pipeline, signals=signals, closes=closes, folder=folder
        )
        data = ["--data", str(pipeline.data)]
        all_of_it.run("keeper", "topics", "create", "--partitions", "4")
        where = ["--broker", secured.address(), "--prefix", PREFIX, *data]
        parts = [
            processes.start(
                "worker", *where, "--ignore-publishing-times", env=secured.environ("worker")
            ),
            processes.start(
                *("sink", "sqlite", *where, "--run-id", "replay-by-hand"),
                env=secured.environ("sink"),
            ),
        ]
        all_of_it.run("producer", "publish", "signals", str(signals), *data)
        all_of_it.run("producer", "publish", "ticks", str(closes), *data)
        pipeline.wait_until_stored(*parts)
        told = run("report", "--format", "csv", *data).stdout
        yield replace(all_of_it, csv=told)


def test_the_documented_access_lists_are_enough_for_the_whole_pipeline(
    judged: Judged, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    # on the embedded broker, which has no security, whatever the variables say of another one
    run(
        *("replay", "--signals", str(judged.signals), "--ticks", str(judged.closes)),
        *("--out", str(out)),
        env=judged.secured.environ("nobody"),
    )

    assert (out / "signals.csv").read_text() == judged.csv


def test_readers_and_reviewers_do_what_their_lists_say(judged: Judged, tmp_path: Path) -> None:
    data = ["--data", str(judged.pipeline.data)]
    rebuilt = tmp_path / "rebuilt"
    events = judged.run("reader", "events", "tail").splitlines()
    lag = judged.run("reader", "status", *data)
    signal = judged.csv.splitlines()[1].split(",")[0]
    letters = judged.run("reader", "dlq", "list", "--format", "json")
    judged.run("replayer", "dlq", "replay", "--all", *data)
    judged.run("reader", "rebuild", "--data", str(rebuilt), expect=0)
    audit = judged.run("reader", "audit", "--ignore-publishing-times", *data)

    decision = judged.run(
        *("reviewer", "decide", "archive", "--signal", signal, "--reason", "seen", *data)
    )

    assert len(events) > 60
    assert letters
    assert (rebuilt / "signals.db").exists()
    assert lag.count("lag in all: 0") == 2
    assert audit.splitlines()[-1].startswith("audit=0 ")
    assert f'"signal_id": "{signal}"' in decision


def test_a_replay_on_a_secured_broker_hands_its_way_in_to_its_processes(
    judged: Judged, tmp_path: Path
) -> None:
    files = ["--signals", str(judged.signals), "--ticks", str(judged.closes)]
    where = ["--broker", judged.secured.address(), "--partitions", "2"]
    out = tmp_path / "out"

    run("replay", *files, *where, "--out", str(out), env=judged.secured.environ("runner"))

    assert (out / "signals.csv").read_text() == judged.csv


def test_a_client_with_a_certificate_needs_no_password(judged: Judged) -> None:
    certificate = acls_of("CN=client", documented("publish"), PREFIX)
    give(judged.secured.address("PLAINTEXT"), certificate)
    words = ["publish", "ticks", str(judged.closes), "--prefix", PREFIX]
    where = ["--broker", judged.secured.address("MUTUAL"), "--data", str(judged.pipeline.data)]

    told = run(*words, *where, env=judged.secured.certified(judged.secured.pki.client))
    late = run(
        *words, *where, env=judged.secured.certified(judged.secured.pki.expired_client), expect=1
    )

    assert "0 refused" in told.stdout
    assert only_line(late.stderr).startswith("Error: the broker at")
    assert "SIGNAL_TRACKER_SSL_CERTFILE" in late.stderr


def test_no_password_is_in_any_file_or_word_of_the_processes(judged: Judged) -> None:
    passwords = [password_of(user).encode() for user in USERS]
    files = [path for path in judged.folder.rglob("*") if path.is_file()]

    shown = [path for path in files if any(each in path.read_bytes() for each in passwords)]

    assert len(files) > 5
    assert shown == []
