"""What `status` says of lag, and what is said where topics or brokers are missing."""

from pathlib import Path

import click
import pytest

import producers.errors
import sinks.errors
from signal_tracker import admin, cli, errors
from signal_tracker.commands.status import command
from signal_tracker.remedies import topics_remedied

Offsets = dict[tuple[str, int], int]


def told(
    committed: Offsets, ends: Offsets, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> list[str]:
    """Return the words of `status` where the worker is so far, behind a prefix of its own."""
    monkeypatch.setattr(admin, "end_offsets", lambda _broker, _names: ends)
    monkeypatch.setattr(admin, "committed_offsets", lambda _broker, _group: committed)
    said: list[str] = []
    monkeypatch.setattr(click, "echo", lambda line, **_: said.append(line))
    words = ["--data", str(folder), "--prefix", "x.", "--broker", "kafka:9092"]
    command.main(words, standalone_mode=False)
    start = next((n for n, line in enumerate(said) if line.startswith("WORKER")), 0)
    return said[start:]


def test_a_partition_without_a_record_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ends = {("x.ticks", 0): 0, ("x.ticks", 1): 3, ("x.ticks", 2): 0}
    committed = {("x.ticks", 0): 0, ("x.ticks", 1): 1}

    lines = told(committed, ends, monkeypatch, tmp_path)

    assert [line.split() for line in lines[2:4]] == [
        ["x.ticks", "1", "1", "3", "2"],
        ["lag", "in", "all:", "2"],
    ]


def test_a_lag_below_zero_has_a_remark_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ends = {("x.ticks", 0): 0, ("x.ticks", 1): 3}

    lines = told({("x.ticks", 0): 9}, ends, monkeypatch, tmp_path)

    assert lines[2].split() == ["x.ticks", "0", "9", "0", "-9"]
    assert lines[4] == "lag in all: 3"
    assert lines[5].startswith("a negative lag: ")


def test_without_topics_the_command_that_makes_them_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = told({}, {}, monkeypatch, tmp_path)

    assert "No topics: run `signal-tracker topics create --broker kafka:9092 --prefix x.`" in lines


@pytest.mark.parametrize(
    "kind",
    [
        errors.MissingTopicError,
        producers.errors.MissingTopicError,
        sinks.errors.MissingTopicError,
    ],
    ids=lambda kind: kind.__module__,
)
def test_whoever_misses_a_topic_the_remedy_is_the_same(kind: type[Exception]) -> None:
    missing = kind("there is no topic bars at h:1")
    remedy = r"no topic bars at h:1: run `signal-tracker topics create --broker h:1`$"

    with pytest.raises(errors.BrokerError, match=remedy), topics_remedied("h:1", ""):
        raise missing


@pytest.mark.parametrize("words", [["report"], ["generate", "--tickers", "AAPL"]], ids=str)
def test_an_output_without_its_folder_is_refused_by_that_folder(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*words, "--output", str(tmp_path / "x" / "f")]) == 2

    assert f"there is no folder {tmp_path / 'x'}\n" in capsys.readouterr().err
