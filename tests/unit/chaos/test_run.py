"""The harness from its command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_without_an_engine_it_says_so_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "chaos.run", "--out", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/nowhere.sock"},
    )

    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: the fault harness needs a Docker engine, and none answers here")
