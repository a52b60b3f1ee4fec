"""Which folder of rows a worker takes."""

from pathlib import Path

import pytest

from signal_tracker.errors import StateInUseError
from signal_tracker.state_folder import _own_folder


def test_a_worker_without_a_name_takes_the_first_folder_that_is_free(tmp_path: Path) -> None:
    with _own_folder(tmp_path, None) as first:
        with _own_folder(tmp_path, None) as second:
            assert (first.name, second.name) == ("worker-1", "worker-2")
        with _own_folder(tmp_path, None) as third:
            assert third == second
    with _own_folder(tmp_path, None) as fourth:
        assert fourth == first


@pytest.mark.parametrize("name", ["one", "..", "a/../../b", "ä b"])
def test_a_name_has_a_folder_of_its_own_that_one_worker_has(tmp_path: Path, name: str) -> None:
    with _own_folder(tmp_path, name) as mine:
        assert mine.parent == tmp_path
        with (
            pytest.raises(StateInUseError, match="give each an --instance of its own"),
            _own_folder(tmp_path, name),
        ):
            pass
