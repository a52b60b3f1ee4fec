"""What is wrong before anything started is a usage error that says where."""

from pathlib import Path

import click
import pytest

from signal_tracker.checks import check_judging, check_policy
from signal_tracker.cli import run
from tests.builders import make_policy, policy_toml

# Here, at the import: pandas deprecates what the library of the calendars does with it.
POLICIES, BOOK = check_judging("tracker", ["-USD=24/7"])


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    path = tmp_path / "wrong.toml"
    path.write_text(policy_toml().replace("hold_band = 0.02", "hold_band = 2"))
    return str(path)


def test_a_policy_is_a_preset_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(policy_toml())

    assert check_policy(str(path)).versions == (make_policy(),)
    assert [each.name for each in check_policy("prs").versions] == ["prs"]


def test_a_wrong_policy_is_a_usage_error_with_its_line(wrong: str) -> None:
    with pytest.raises(click.UsageError) as raised:
        check_policy(wrong)

    assert raised.value.message == (f"{wrong}:6: hold_band: expected a number from 0 to 1, was 2")


def test_policy_and_calendars_come_together(wrong: str) -> None:
    assert [each.name for each in POLICIES.versions] == ["tracker"]
    assert BOOK("BTC-USD").periods_per_year == 365
    for policy, calendars, told in (
        (wrong, [], "wrong.toml:6: hold_band"),
        ("trackr", [], "did you mean tracker"),
        ("tracker", [".X"], "expected SUFFIX=NAME, was '.X'"),
        ("tracker", [".X=NOWHERE"], "NOWHERE"),
    ):
        with pytest.raises(click.UsageError, match=told):
            check_judging(policy, calendars)


def test_a_worker_of_a_wrong_policy_does_not_start(
    wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["worker", "--data", str(tmp_path / "data"), "--policy", wrong]

    assert run(words) == 2
    assert f"Error: {wrong}:6: hold_band: " in capsys.readouterr().err
