"""The heartbeat file of a process."""

import os
from pathlib import Path

from signal_tracker.heartbeat import heartbeat


def test_a_heartbeat_makes_its_file_young_again_once_a_second_at_most(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    now = [0.0]
    beat = heartbeat(file, lambda: now[0])
    beat()
    os.utime(file, (0, 0))

    now[0] = 0.9
    beat()
    assert file.stat().st_mtime == 0

    now[0] = 1.0
    beat()
    assert file.stat().st_mtime > 0


def test_a_heartbeat_without_a_file_touches_nothing(tmp_path: Path) -> None:
    heartbeat(None)()

    assert list(tmp_path.iterdir()) == []
