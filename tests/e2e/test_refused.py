"""Every way not to be let in: one line, no traceback, a failing exit status, in every command."""

from pathlib import Path

import pytest

from signal_tracker import cli
from tests.e2e.acls import acls_of, documented, give, take
from tests.e2e.processes import Running, only_line, processes_in, run, wait_until
from tests.e2e.secured import Secured

ASKING = {
    "topics create": ["topics", "create"],
    "publish": ["publish", "ticks", "closes.csv"],
    "generate": ["generate", "--tickers", "AAPL", "--execution-mode", "synthetic"],
    "worker": ["worker"],
    "sink sqlite": ["sink", "sqlite"],
    "events tail": ["events", "tail"],
    "status": ["status"],
    "audit": ["audit"],
    "dlq list": ["dlq", "list"],
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

ERROR = "[Error 29] TopicAuthorizationFailedError"


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


def test_a_worker_that_loses_a_right_ends_with_its_reason(secured: Secured, tmp_path: Path) -> None:
    prefix = "lost."
    plain = secured.address("PLAINTEXT")
    run("topics", "create", "--broker", plain, "--prefix", prefix, "--partitions", "1")
    give(plain, acls_of("nobody", documented("worker"), prefix))
    with processes_in(tmp_path / "words") as processes:
        where = ["--broker", secured.address(), "--prefix", prefix, "--data", str(tmp_path)]
        worker = processes.start("worker", *where, env=secured.environ("nobody"))
        wait_until("the worker to be ready", lambda: "ready: judging" in said(worker), worker)

        take(
            plain, [each for each in documented("worker") if each.name == "ticks"], "nobody", prefix
        )

        assert worker.wait(60) == 1
        assert f"stopped by TopicAuthorizationFailedError: {ERROR}: {prefix}ticks" in said(worker)


def said(running: Running) -> str:
    """Return what a process has said on its standard error."""
    return running.err.read_text(errors="replace")


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
