"""`validate`: the stored checks, how far a signal is, or what another policy would say."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.records import Record, Screen
from signal_tracker.cli import run
from sinks.snapshot import DATABASE
from tests.builders import make_policy, make_rule, policy_toml
from tests.unit.signal_tracker.databases import POLICY, RISING, VERSION, bars, fill, passed
from tests.unit.sinks.policy_samples import make_policy_version
from tests.unit.sinks.samples import (
    DAY_MS,
    GENERATED_MS,
    make_matured,
    make_observation,
    make_observations,
    make_stage,
    make_state,
)

Captured = pytest.CaptureFixture[str]


def tracking(**changes: Any) -> list[Record]:
    """A HOLD of the own policy, 2 of 30 sessions in."""
    version = make_policy_version(make_policy())
    defaults = {
        "action": "HOLD",
        "status": "tracking",
        "first_session": "2025-11-03",
        "entry_price": 100.0,
        "entry_index": 7,
        "policy_hash": version.policy_hash,
    }
    return [
        version,
        make_state(**{**defaults, **changes}),
        make_observations(make_observation("2025-11-04", 1)),
        make_observations(make_observation("2025-11-05", 2)),
    ]


def judged(capsys: Captured, *words: str) -> Any:
    assert run(["validate", "--format", "json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def printed(capsys: Captured, *words: str) -> list[str]:
    assert run(["validate", *words]) == 0
    return capsys.readouterr().out.splitlines()


def own(folder: Path, **changes: Any) -> list[str]:
    """The words of a policy file, by default of what judged the samples."""
    path = folder / "own.toml"
    fields = {"screen": (), "checks": POLICY.checks, "min_sessions": 5, "name": "strict"}
    path.write_text(policy_toml(make_policy(**{**fields, **changes})))
    return ["--policy", str(path)]


def test_a_matured_signal_shows_the_checks_of_its_stored_verdict(
    tmp_path: Path, capsys: Captured
) -> None:
    data = fill(tmp_path, make_matured(), make_matured(signal_id="s-2", passed=False))

    lines = printed(capsys, *data)

    assert sum(line.startswith("  validation_period  >=") for line in lines) == 2
    assert sum(line.startswith("  annual_return      >=") for line in lines) == 2
    assert lines[-1] == "2 signals: 1 passed, 1 failed, 0 insufficient, 0 ready for trading"


def test_what_is_ready_is_counted_and_what_is_not_says_why(
    tmp_path: Path, capsys: Captured
) -> None:
    data = fill(tmp_path, VERSION, passed(), passed(signal_id="s-2", suspect_sessions=["x"]))

    first, second = judged(capsys, *data)
    lines = printed(capsys, *data)

    assert (first["ready_for_trading"], first["reasons"]) == (True, [])
    assert not second["ready_for_trading"]
    assert second["reasons"][0].startswith("suspect price")
    assert lines[-1].endswith("2 passed, 0 failed, 0 insufficient, 1 ready for trading")
    assert [line for line in lines if line.startswith("  not ready: suspect price")]


def test_a_signal_in_its_window_is_insufficient_and_says_how_far_it_is(
    tmp_path: Path, capsys: Captured
) -> None:
    (found,) = judged(capsys, *fill(tmp_path, *tracking()), "--signal", "s-1")

    assert found["verdict"] == "insufficient"
    (check,) = found["checks"]
    assert (check["name"], check["status"]) == ("stayed_flat", "insufficient")
    assert check["reason"] == "2 of 30 sessions observed"


def test_a_policy_of_ones_own_shows_its_own_checks(tmp_path: Path, capsys: Captured) -> None:
    """Its content stands in the rows; no policy of that name is shipped."""
    data = fill(tmp_path, VERSION, make_state(policy="own", policy_hash=POLICY.hash))

    (found,) = judged(capsys, *data)

    assert [(each["name"], each["required"]) for each in found["checks"]] == [
        ("validation_period", 5.0),
        ("annual_return", 0.1),
    ]
    assert found["checks"][0]["reason"] == "no entry price yet"


def test_while_its_policy_is_not_known_a_signal_shows_its_window(
    tmp_path: Path, capsys: Captured
) -> None:
    (found,) = judged(capsys, *fill(tmp_path, make_state()))

    assert [each["name"] for each in found["checks"]] == ["validation_period"]
    assert found["reasons"] == ["no policy: the row of the one that judges it has not come"]


def test_by_another_policy_each_signal_has_another_verdict_beside_the_stored_one(
    tmp_path: Path, capsys: Captured
) -> None:
    data = fill(
        tmp_path,
        VERSION,
        passed(net_return=0.049),
        passed(signal_id="s-2", status="failed", net_return=0.049),
        *bars(RISING),
    )
    strict = own(tmp_path, checks=(make_rule("annual_return", 1.0),), cost_bps_per_side=200.0)

    found = judged(capsys, *data, *strict)
    lines = printed(capsys, *data, *strict)

    assert found["verdict_changes"] == {"passed -> failed": 2}
    assert found["screen_changes"] == {}
    first = found["signals"][0]
    assert (first["verdict"], first["stored"]["verdict"]) == ("failed", "passed")
    assert (first["policy"], first["stored"]["policy"]) == ("strict", "own")
    assert first["checks"][0]["required"] == 1.0
    assert first["net_return"] == pytest.approx(0.01)
    assert lines[-3:] == [
        "2 signals: 0 passed, 2 failed, 0 insufficient",
        "verdicts: 2 passed -> failed",
        "screens: no change",
    ]
    assert "  net return 1.00% over 5 sessions, stored 4.90%" in lines


def test_the_screen_is_that_of_the_policy_with_its_portfolio_layer(
    tmp_path: Path, capsys: Captured
) -> None:
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))
    rules = (make_rule("confidence", 0.99), make_rule("ticker_exposure", 0.01, "<="))

    found = judged(capsys, *data, *own(tmp_path, screen=rules))

    (signal,) = found["signals"]
    assert [(each["name"], each["status"]) for each in signal["screen"]["checks"]] == [
        ("confidence", "fail"),
        ("ticker_exposure", "fail"),
    ]
    assert found["screen_changes"] == {"passed -> failed": 1}
    assert found["verdict_changes"] == {}


def test_a_longer_window_is_waited_for(tmp_path: Path, capsys: Captured) -> None:
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))

    found = judged(capsys, *data, *own(tmp_path, min_sessions=7))

    (signal,) = found["signals"]
    assert (signal["observations"], signal["window_sessions"]) == (5, 7)
    assert found["verdict_changes"] == {"passed -> insufficient": 1}


def test_each_signal_is_judged_by_the_version_of_its_time(tmp_path: Path, capsys: Captured) -> None:
    old = make_policy(checks=POLICY.checks, min_sessions=5)
    new = make_policy(effective_from_ms=GENERATED_MS + DAY_MS, min_sessions=9)
    path = tmp_path / "two.toml"
    path.write_text(policy_toml(old, new))
    later = passed(signal_id="s-2", generated_at_ms=GENERATED_MS + DAY_MS)
    data = fill(tmp_path, VERSION, passed(), later, *bars(RISING))

    found = judged(capsys, *data, "--policy", str(path))

    assert [each["window_sessions"] for each in found["signals"]] == [5, 9]


def test_an_accepted_price_is_no_suspect_of_another_policy(
    tmp_path: Path, capsys: Captured
) -> None:
    jumped = [*RISING[:2], 150.0, *(150.0 + n for n in range(3))]
    accepted = [make_stage(kind="accept-price", session="2025-11-05")]
    data = fill(
        tmp_path,
        VERSION,
        passed(decisions=accepted),
        passed(signal_id="s-2"),
        *bars(jumped),
    )

    first, second = judged(capsys, *data, *own(tmp_path))["signals"]

    assert (first["suspect_sessions"], second["suspect_sessions"]) == ([], ["2025-11-05"])
    lines = printed(capsys, *data, *own(tmp_path), "--signal", "s-2")
    assert "  suspect prices: 2025-11-05" in lines


@pytest.mark.parametrize("policy", ["tracker", "mvs", "prs", "monetization"])
def test_every_preset_may_be_asked(policy: str, tmp_path: Path, capsys: Captured) -> None:
    data = fill(tmp_path, VERSION, passed(screen=_screen()), *bars(RISING))

    (signal,) = judged(capsys, *data, "--policy", policy)["signals"]

    assert (signal["policy"], signal["verdict"]) == (policy, "insufficient")
    assert signal["window_sessions"] >= 30


def _screen() -> Screen:
    return Screen(status="insufficient", checks=[], reason="too few bars")


def test_nothing_is_written(tmp_path: Path, capsys: Captured) -> None:
    data = fill(tmp_path, VERSION, passed(), *bars(RISING))
    before = (tmp_path / DATABASE).read_bytes(), sorted(tmp_path.iterdir())

    judged(capsys, *data, "--policy", "prs")

    assert ((tmp_path / DATABASE).read_bytes(), sorted(tmp_path.iterdir())) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "expected tracker, mvs, prs, monetization or a TOML file"),
        ('name = "own"\n[[versions]]\n', "bad.toml:2: "),
    ],
)
def test_a_policy_that_is_none_is_a_usage_error(
    text: str | None, told: str, tmp_path: Path, capsys: Captured
) -> None:
    path = tmp_path / "bad.toml"
    if text is not None:
        path.write_text(text)
    data = fill(tmp_path, VERSION, passed())

    assert run(["validate", *data, "--policy", str(path)]) == 2

    assert told in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--policy", "mvs"]], ids=str)
def test_an_unknown_signal_is_an_error_that_names_it(
    more: list[str], tmp_path: Path, capsys: Captured
) -> None:
    data = fill(tmp_path, VERSION, passed())

    assert run(["validate", "--signal", "nobody", *data, *more]) == 1

    assert "there is no signal 'nobody'" in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--policy", "mvs"]], ids=str)
def test_without_a_database_the_way_to_one_is_told(
    more: list[str], tmp_path: Path, capsys: Captured
) -> None:
    assert run(["validate", "--data", str(tmp_path), *more]) == 1

    assert "sink sqlite" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("more", [[], ["--policy", "mvs"]], ids=str)
def test_without_signals_there_is_nothing_to_say(
    more: list[str], tmp_path: Path, capsys: Captured
) -> None:
    lines = printed(capsys, *fill(tmp_path), *more)

    assert lines[0] in ("no signals", "0 signals: 0 passed, 0 failed, 0 insufficient")
