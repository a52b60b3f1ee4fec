"""Processes under the harness are kept alive, and told apart: killed, or ended by themselves."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.clocks import Clock, faketime_library
from chaos.parts import Crew, Part

FOR_EVER = "import signal; print('there', flush=True); signal.pause()"
AT_ONCE = "import sys; sys.exit('broken')"


@pytest.fixture
def crew() -> Iterator[Crew]:
    found = Crew(print)
    yield found
    found.stop()


def add(crew: Crew, folder: Path, code: str) -> Part:
    return crew.add(Part("part1", lambda: [sys.executable, "-c", code], folder / "log", None))


def look_until(crew: Crew, holds: Callable[[], bool]) -> None:
    while not holds():
        crew.look()


def test_what_was_killed_is_started_again_and_has_not_ended_by_itself(
    crew: Crew, tmp_path: Path
) -> None:
    part = add(crew, tmp_path, FOR_EVER)
    look_until(crew, lambda: part.is_up)

    part.kill_9()
    look_until(crew, lambda: part.is_up)

    assert part.starts == 2
    assert crew.ended.total() == 0


def test_what_ends_by_itself_is_counted_with_its_last_words(crew: Crew, tmp_path: Path) -> None:
    part = add(crew, tmp_path, AT_ONCE)

    look_until(crew, lambda: part.starts == 2)

    assert crew.ended[("part", "status 1: broken")] >= 1


def test_a_paused_process_is_not_up_and_goes_on_when_it_is_let(crew: Crew, tmp_path: Path) -> None:
    part = add(crew, tmp_path, FOR_EVER)
    look_until(crew, lambda: "there" in part.words())

    part.pause()
    assert not part.is_up
    part.resume()
    assert part.is_up


def test_a_moved_clock_is_in_its_file_and_can_be_put_right(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = Clock(Path("library"), file)

    clock.move(-90)
    assert (clock.moved, file.read_text()) == (True, "-90\n")
    clock.reset()
    assert (clock.moved, file.read_text()) == (False, "+0\n")


@pytest.mark.skipif(faketime_library() is None, reason="libfaketime is not installed")
def test_a_process_sees_the_time_of_its_own_clock(crew: Crew, tmp_path: Path) -> None:
    library = faketime_library()
    assert library is not None
    clock = Clock(library, tmp_path / "clock")
    clock.move(400 * 86_400)
    words = [sys.executable, "-c", "import time, signal; print(int(time.time()), flush=True)"]
    part = crew.add(Part("clocked", lambda: words, tmp_path / "log", clock))

    look_until(crew, lambda: part.words().endswith("\n"))

    import time

    assert int(part.words().splitlines()[0]) > time.time() + 399 * 86_400
