"""The command table: help, usage errors, known errors and commands of later versions."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import click
import pytest

from signal_tracker import cli
from signal_tracker.errors import BrokerError
from signal_tracker.stopping import Stopped, unwind_on_signals


def test_help_lists_each_command_and_none_of_later_versions(capsys: Any) -> None:
    assert cli.run(["--help"]) == 0

    told = capsys.readouterr().out
    assert [word for word in cli.COMMANDS if f"\n  {word} " not in told] == []
    assert [word for word in cli.LATER if f"  {word} " in told] == []


@pytest.mark.parametrize("name", cli.LATER)
@pytest.mark.parametrize("words", [[], ["--apply"], ["x", "--help"]], ids=str)
def test_a_command_of_a_later_version_says_so_in_one_line(
    name: str, words: list[str], capsys: Any
) -> None:
    assert cli.run([name, *words]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"`{name}` is not in this version: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("argv", [["nope"], ["--nope"], ["topics", "create", "--partitions", "0"]])
def test_a_usage_error_exits_with_2(argv: list[str], capsys: Any) -> None:
    assert cli.run(argv) == 2
    assert "Error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (BrokerError("no broker"), 1, "Error: no broker\n"),
        (FileNotFoundError(2, "No such file", "x.csv"), 1, "No such file: 'x.csv'\n"),
        (click.ClickException("bad"), 1, "Error: bad\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (Stopped(), 143, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_known_error_is_one_line(
    error: BaseException, status: int, told: str, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(cli, "import_module", raising(error))

    assert cli.run(["status"]) == status
    assert capsys.readouterr().err.endswith(told)


def test_an_unknown_error_is_a_bug_and_shows_itself(monkeypatch: Any) -> None:
    monkeypatch.setattr(cli, "import_module", raising(ZeroDivisionError()))

    with pytest.raises(ZeroDivisionError):
        cli.run(["status"])


def test_a_reader_that_has_gone_is_no_error() -> None:
    code = "from signal_tracker.cli import main; main()"
    argv = [sys.executable, "-c", code, "topics", "list"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        told = process.stderr.read()

    assert (process.returncode, told) == (0, b"")


def test_sigterm_unwinds_what_runs() -> None:
    code = (
        "import os, signal\n"
        "from signal_tracker.stopping import until_stopped, unwind_on_signals\n"
        "unwind_on_signals()\n"
        "with until_stopped():\n"
        "    try:\n        os.kill(os.getpid(), signal.SIGTERM); signal.pause()\n"
        "    finally:\n        print('closed')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (0, b"closed\n")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_library_that_swallows_a_signals_exception_does_not_keep_the_process(name: str) -> None:
    code = (
        "import os, signal\n"
        "from contextlib import suppress\n"
        "from signal_tracker.stopping import until_stopped, unwind_on_signals\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "unwind_on_signals()\n"
        "with until_stopped():\n"
        f"    with suppress(BaseException):\n        os.kill(os.getpid(), signal.{name})\n"
        "    print('swallowed')\n"
        "    try:\n"
        "        while True: signal.pause()\n"
        "    finally:\n"
        "        signal.sigtimedwait([signal.SIGUSR1], 1.2)\n"
        "        print('closed')\n"
        "signal.sigtimedwait([signal.SIGUSR1], 0.7)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"swallowed\nclosed\n", b"")


def test_what_fails_because_of_a_signal_leaves_with_its_status() -> None:
    def fail() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Stopped:
            raise ZeroDivisionError from None

    former = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    unwind_on_signals()
    try:
        with patch.object(cli, "import_module", doing(fail)):
            assert cli.run(["status"]) == 128 + signal.SIGTERM
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def doing(do: Callable[[], None]) -> Callable[[str], SimpleNamespace]:
    return lambda _name: SimpleNamespace(command=click.Command("status", callback=do))


def raising(error: BaseException) -> Callable[[str], SimpleNamespace]:
    def do(*, fail: bool = True) -> None:
        if fail:
            raise error

    return lambda _name: SimpleNamespace(command=click.Command("status", callback=do))
