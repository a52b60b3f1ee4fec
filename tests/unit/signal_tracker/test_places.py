"""Where results go: never through a link, never onto a device, and brokers on loopback alone."""

from pathlib import Path

import pytest

from signal_tracker import cli
from signal_tracker.errors import RunError
from signal_tracker.kafka_broker import properties_of
from signal_tracker.out_folder import built_in_place
from streams.policy_files import PolicyError, load_policy


@pytest.mark.parametrize("place", ["/dev/null", "/dev/stdout", "link"])
def test_an_output_that_is_no_file_is_refused(
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "target")

    status = cli.run(["report", "--output", place])

    assert status == 2
    assert "is a link, a device or a pipe" in capsys.readouterr().err
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("exists", [True, False])
def test_a_result_never_replaces_a_link(tmp_path: Path, exists: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "out"
    if exists:
        target.mkdir()
        (target / "mine").touch()
    link.symlink_to(target)

    with (
        pytest.raises(RunError, match="is a link"),
        built_in_place(link, kind="demo", force=True),
    ):
        pass

    assert link.is_symlink()
    assert [each.name for each in target.glob("*")] == (["mine"] if exists else [])


def test_a_broker_of_ours_listens_on_loopback_alone() -> None:
    listeners = properties_of(9092, 9093)["listeners"].split(",")

    assert [each.partition("://")[2] for each in listeners] == ["127.0.0.1:9092", "127.0.0.1:9093"]


def test_an_endless_policy_file_is_refused() -> None:
    with pytest.raises(PolicyError, match="at most 1000000 bytes"):
        load_policy("/dev/zero")
