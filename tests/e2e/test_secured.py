"""The whole pipeline on an Apache Kafka with TLS, SCRAM and the access lists of docs/security.md.

And every way to be refused: one line, no traceback, a failing exit status, in every command.
"""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from signal_tracker import cli
from signal_tracker.kafka_broker import _java_trouble
from tests.e2e.acls import acls_of, documented, give
from tests.e2e.by_hand import Pipeline
from tests.e2e.processes import processes_in, run
from tests.e2e.secured import USERS, Secured, container_secured, java_secured, password_of
from tests.oracle.scenarios import random_market, random_signals, write_files

PREFIX = "secured."
TICKERS = ("AAPL", "MSFT", "XOM")
FIRST, LAST = "2019-01-02", "2019-12-31"
# which lists of the document a user has, and no others
ROLES = {
    "keeper": ("topics create",),
    "producer": ("publish",),
    "worker": ("worker",),
    "sink": ("sink sqlite",),
    "reader": ("events tail", "status", "audit", "dlq list", "rebuild"),
    "replayer": ("dlq replay",),
    "reviewer": ("decide",),
    "runner": ("replay",),
    "nobody": (),
}
ASKING = {
    "topics create": ["topics", "create"],
    "publish": ["publish", "ticks", "closes.csv"],
    "generate": ["generate", "--tickers", "AAPL", "--execution-mode", "synthetic"],
    "worker": ["worker"],
    "sink sqlite": ["sink", "sqlite"],
    "events tail": ["events", "tail"],
    "status": ["status"],
    "replay": ["replay", "--signals", "S.jsonl", "--ticks", "closes.csv", "--out", "out"],
}
WRONG = {
    "password": ({"SASL_PASSWORD": "guessed-1234"}, "SECURE", "refused the login of 'worker'"),
    "user": ({"SASL_USERNAME": "stranger"}, "SECURE", "refused the login of 'stranger'"),
    "expired": ({}, "EXPIRED", "certificate has expired"),
    "host": ({}, "ELSEWHERE", "certificate is not valid for '127.0.0.1'"),
    "authority": ({"SSL_CAFILE": "stranger"}, "SECURE", "SIGNAL_TRACKER_SSL_CAFILE"),
    "plaintext port": ({}, "PLAINTEXT", "does not speak TLS there"),
    "plain words": ({"everything": ""}, "SECURE", "speaks TLS there"),
    "no login": ({"everything": ""}, "OPEN", "asks for a login"),
}


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


@pytest.fixture(
    scope="module", params=["java", pytest.param("container", marks=pytest.mark.containers)]
)
def secured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    started: AbstractContextManager[Secured]
    if request.param == "container":
        started = container_secured(folder)
    else:
        trouble = _java_trouble()
        if trouble:
            pytest.skip(trouble)
        started = java_secured(folder)
    with started as broker:
        for prefix in (PREFIX, ""):
            grants = [
                acl
                for user, processes in ROLES.items()
                for acl in acls_of(user, documented(*processes), prefix)
            ]
            give(broker.address("PLAINTEXT"), grants)
        yield broker


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


@pytest.mark.parametrize("cause", WRONG)
@pytest.mark.parametrize("command", ASKING)
def test_a_refused_process_says_one_line_and_fails(
    *,
    command: str,
    cause: str,
    secured: Secured,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    other, listener, wanted = WRONG[cause]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "closes.csv").write_text("date,ticker,close\n2024-03-04,AAPL,175.1\n")
    (tmp_path / "S.jsonl").write_text("")
    if "SSL_CAFILE" in other:
        other = {"SSL_CAFILE": str(secured.pki.stranger)}
    if "everything" not in other:
        for name, value in secured.environ("worker", **other).items():
            monkeypatch.setenv(name, value)

    status = cli.run([*ASKING[command], "--broker", secured.address(listener)])

    told = capfd.readouterr().err
    assert status == 1
    assert "Traceback" not in told
    assert wanted in only_line(told)
    assert "guessed-1234" not in told


@pytest.mark.parametrize("words", [["worker"], ["sink", "sqlite"]], ids=["worker", "sink"])
def test_a_service_with_a_wrong_password_ends_by_itself(
    words: list[str], secured: Secured, tmp_path: Path
) -> None:
    environ = secured.environ("worker", SASL_PASSWORD="guessed-1234")
    where = ["--broker", secured.address(), "--data", str(tmp_path)]

    told = run(*words, *where, env=environ, expect=1)

    assert "refused the login" in only_line(told.stderr)
    assert "guessed-1234" not in told.stderr


@pytest.mark.parametrize("missing", ["Read", "Write", "Create", "group", "topic"])
def test_a_worker_says_what_is_missing_in_its_access_lists(
    missing: str, secured: Secured, tmp_path: Path
) -> None:
    prefix = f"{missing.lower()}."
    grants = [
        each._replace(operations=tuple(set(each.operations) - {missing}) or ("Describe",))
        for each in documented("worker")
        if each.kind != missing and not (missing == "topic" and each.name == "bars")
    ]
    plain = secured.address("PLAINTEXT")
    run("topics", "create", "--broker", plain, "--prefix", prefix, "--partitions", "1")
    give(plain, acls_of("nobody", grants, prefix))

    told = run(
        *("worker", "--broker", secured.address(), "--prefix", prefix, "--data", str(tmp_path)),
        env=secured.environ("nobody"),
        expect=1,
    )

    line = only_line(told.stderr)
    assert line.startswith("Error: the user 'nobody' may not ")
    assert line.endswith("it needs an ACL, see docs/security.md")


@pytest.mark.parametrize("command", ["publish", "sink sqlite", "events tail", "topics create"])
def test_a_user_without_access_lists_is_told_so(
    command: str, secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "closes.csv").write_text("date,ticker,close\n2024-03-04,AAPL,175.1\n")

    told = run(
        *(*ASKING[command], "--broker", secured.address(), "--prefix", "other."),
        env=secured.environ("nobody"),
        expect=1,
    )

    line = only_line(told.stderr)
    assert line.startswith("Error: the user 'nobody' may not ")


def only_line(told: str) -> str:
    """Return the error, and fail where there is more than it and a label of progress."""
    lines = [each for each in told.splitlines() if not each.startswith(_LABELS)]
    assert len(lines) == 1, told
    return lines[0]


_LABELS = ("publishing ", "writing ", "AAPL: ", "times of", "publishing times")
