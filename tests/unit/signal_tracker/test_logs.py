"""The two log files: lines, escapes, rotation, several processes."""

import multiprocessing
import re
from pathlib import Path

import pytest

from signal_tracker.logs import KEPT_FILES, PipelineLog
from tests.small_disk import small_disk

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z worker\[\d+\] (.*)")


def messages(path: Path) -> list[str]:
    found = [LINE.fullmatch(line) for line in path.read_text().splitlines()]
    assert all(found)
    return [match[1] for match in found if match]


def test_each_event_is_one_line_of_its_file(tmp_path: Path) -> None:
    log = PipelineLog(tmp_path, process="worker")
    log.pipeline("started")
    log.track("s-1 registered", "s-2 registered")
    log.pipeline("ended")

    assert messages(tmp_path / "logs" / "pipeline_run.log") == ["started", "ended"]
    assert messages(tmp_path / "logs" / "track_llm_signals.log") == [
        "s-1 registered",
        "s-2 registered",
    ]


def test_a_foreign_text_cannot_forge_a_line(tmp_path: Path) -> None:
    PipelineLog(tmp_path, process="worker").track("a\nb\r\x1b[31mc\u2028d\x85\u202e é \ud800")

    assert messages(tmp_path / "logs" / "track_llm_signals.log") == [
        r"a\x0ab\x0d\x1b[31mc\x2028d\x85\x202e é \ud800"
    ]


def test_a_full_log_is_rotated_and_the_oldest_goes(tmp_path: Path) -> None:
    log = PipelineLog(tmp_path, process="worker", max_bytes=1)
    for n in range(KEPT_FILES + 4):
        log.pipeline(str(n))

    kept = sorted((tmp_path / "logs").glob("pipeline_run.log*"))
    assert [each.name for each in kept] == [
        "pipeline_run.log",
        *(f"pipeline_run.log.{n}" for n in range(1, KEPT_FILES + 1)),
    ]
    assert [messages(each)[0] for each in kept] == [str(n) for n in range(KEPT_FILES + 3, 2, -1)]


def test_processes_share_a_log_without_losing_a_line(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write, args=(tmp_path, n)) for n in range(3)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()

    found = [
        message
        for path in (tmp_path / "logs").glob("pipeline_run.log*")
        for message in messages(path)
    ]
    assert sorted(found) == sorted(f"{n}-{i}" for n in range(3) for i in range(50))


def write(folder: Path, number: int) -> None:
    log = PipelineLog(folder, process="worker", max_bytes=2500)
    for i in range(50):
        log.pipeline(f"{number}-{i}")


def test_a_log_on_a_full_disk_stops_nothing_and_keeps_whole_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        log = PipelineLog(disk.folder, process="worker")
        log.pipeline("before")
        disk.fill(leave=4_096)
        for _ in range(3):
            log.pipeline("x" * 9_000)
        log.track("nor here")
        disk.make_room()
        log.pipeline("after")

        assert messages(disk.folder / "logs" / "pipeline_run.log") == ["before", "after"]
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "going on without: No space left on device" in told[0]


def test_a_log_in_a_folder_that_is_none_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("")

    PipelineLog(tmp_path, process="worker").pipeline("a")

    assert "going on without" in capsys.readouterr().err
