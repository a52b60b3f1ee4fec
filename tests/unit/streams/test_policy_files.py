"""Policies come from presets and files; their hash is of what they mean."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.policy import COHORT_METRICS, SCREEN_METRICS, CheckRule, Policy
from schemas.rules import MIN_EVENT_MS
from streams.domain.policy import METRICS
from streams.policy_bounds import BOUNDS
from streams.policy_files import PRESETS, PolicyError, load_policy, parse_policy
from tests.builders import make_policy, policy_toml
from tests.unit.schemas.policy_changes import CHANGES, JAN_1_2024_MS


def asked(rules: tuple[CheckRule, ...]) -> set[tuple[str, str, float]]:
    return {(each.name, each.op, each.required) for each in rules}


def preset(name: str) -> Policy:
    [version] = load_policy(name).versions
    return version


FLAT = ("stayed_flat", "<=", 0.02)
WORTH = ("effective_n", ">=", 8.0)
STRICT = ("q_strict", "<=", 0.1)
FDR = ("q_value", "<=", 0.1)
PROFIT = ("mean_net", ">", 0.0)


@pytest.mark.parametrize(
    ("name", "min_sessions", "capital", "checks", "cohort"),
    [
        (
            "tracker",
            30,
            10_000.0,
            {("validation_period", ">=", 30.0), ("annual_return", ">=", 0.1), FLAT},
            {("trades", ">=", 30.0), WORTH, STRICT, PROFIT, FDR},
        ),
        (
            "mvs",
            30,
            10_000.0,
            {("validation_period", ">=", 30.0), ("annual_return", ">", 0.0), FLAT},
            {
                *(
                    ("trades", ">=", 30.0),
                    WORTH,
                    STRICT,
                    ("sessions", ">=", 30.0),
                    PROFIT,
                    ("psr", ">=", 0.9),
                ),
                *(("alpha", ">=", 0.0), ("hit_low", ">=", 0.45), ("profit_factor", ">=", 1.0), FDR),
            },
        ),
        (
            "prs",
            60,
            25_000.0,
            {
                *(("validation_period", ">=", 60.0), ("annual_return", ">=", 0.1), FLAT),
                ("max_drawdown", "<=", 0.2),
            },
            {
                *(
                    ("trades", ">=", 50.0),
                    WORTH,
                    STRICT,
                    ("sessions", ">=", 60.0),
                    PROFIT,
                    ("sharpe", ">=", 0.5),
                ),
                *(("psr", ">=", 0.95), ("alpha", ">=", 0.02), ("hit_low", ">=", 0.5), FDR),
                *(("profit_factor", ">=", 1.5), ("max_drawdown", "<=", 0.2)),
            },
        ),
        (
            "monetization",
            30,
            25_000.0,
            {
                *(("validation_period", ">=", 30.0), ("annual_return", ">=", 0.1), FLAT),
                ("max_drawdown", "<=", 0.25),
            },
            {
                *(
                    ("trades", ">=", 30.0),
                    WORTH,
                    STRICT,
                    ("sessions", ">=", 252.0),
                    PROFIT,
                    ("sharpe", ">=", 1.0),
                ),
                *(("psr", ">=", 0.95), ("alpha", ">=", 0.0), ("hit_low", ">=", 0.45), FDR),
                *(("profit_factor", ">=", 1.0), ("max_drawdown", "<=", 0.25)),
            },
        ),
    ],
)
def test_the_presets_ask_what_the_table_of_criteria_says(
    name: str,
    min_sessions: int,
    capital: float,
    checks: set[tuple[str, str, float]],
    cohort: set[tuple[str, str, float]],
) -> None:
    version = preset(name)

    assert (version.name, version.min_sessions, version.paper.capital) == (
        name,
        min_sessions,
        capital,
    )
    assert asked(version.checks) == checks
    assert asked(version.cohort) == cohort


@pytest.mark.parametrize("name", PRESETS)
def test_the_presets_differ_in_nothing_else(name: str) -> None:
    version, tracker = preset(name), preset("tracker")

    assert version.effective_from_ms == MIN_EVENT_MS
    assert (version.cost_bps_per_side, version.hold_band, version.jump_guard) == (5.0, 0.02, 0.4)
    assert (version.benchmark, version.risk_free_rate) == ("^GSPC", 0.04)
    assert (version.total_return, version.also_ready) == (False, ())
    assert [each.name for each in version.screen] == list(SCREEN_METRICS)
    assert version.screen == tracker.screen
    assert replace(version.paper, capital=0.0) == replace(tracker.paper, capital=0.0)


def test_presets_have_hashes_of_their_own() -> None:
    assert len({preset(name).hash for name in PRESETS}) == len(PRESETS) == 4


def test_every_metric_has_its_bounds() -> None:
    assert BOUNDS.keys() == {*SCREEN_METRICS, *METRICS, *COHORT_METRICS}


def test_a_file_is_read_with_all_its_versions(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    first = make_policy(min_sessions=10, also_ready=("backdated", "synthetic"))
    second = make_policy(effective_from_ms=JAN_1_2024_MS, cohort=(), total_return=True)
    path.write_text(policy_toml(first, second), encoding="utf-8-sig")

    assert load_policy(str(path)).versions == (first, second)


@pytest.mark.parametrize(
    "time",
    [
        '"2024-01-01"',
        "2024-01-01",
        '"2024-01-01T00:00:00Z"',
        '"2024-01-01 02:30:00+02:30"',
        "2023-12-31T19:00:00-05:00",
        "2024-01-01 00:00:00.000999Z",
    ],
)
def test_a_version_holds_from_a_date_or_a_time_with_its_offset(time: str) -> None:
    text = policy_toml().replace('"1980-01-01T00:00:00+00:00"', time)

    [version] = parse_policy(text, "f").versions

    assert version.effective_from_ms == JAN_1_2024_MS


def test_the_hash_is_of_the_meaning_and_not_of_the_text() -> None:
    policy = make_policy(also_ready=("backdated", "fallback"))
    text = policy_toml(policy).replace(
        '["backdated", "fallback"]', '["fallback", "backdated", "fallback"]'
    )
    head, *tables = text.split("\n[[")
    turned = "\n".join([*head.split("\n")[:3], *sorted(head.split("\n")[3:])])
    same = "\n[[".join([turned, *tables]).replace("= 30\n", "= 30.0  # sessions\n")
    same = same.replace("cost_bps_per_side = 5.0", "cost_bps_per_side = 5 # basis points")
    same = same.replace("= 30.0\n", "= 30\n").replace(
        "risk_free_rate = 0.04", "risk_free_rate=4e-2"
    )

    [version] = parse_policy(same, "g").versions

    assert same != text
    assert version == policy


def test_nought_has_no_sign() -> None:
    text = policy_toml(make_policy(risk_free_rate=0.0))

    [version] = parse_policy(text.replace("rate = 0.0", "rate = -0.0"), "f").versions

    assert version == make_policy(risk_free_rate=0.0)


@pytest.mark.parametrize("changes", [{name: value} for name, value in CHANGES.items()], ids=str)
def test_a_file_tells_every_field(changes: dict[str, Any]) -> None:
    policy = make_policy(**changes)

    assert parse_policy(policy_toml(policy), "f").versions == (policy,)


def test_what_is_neither_preset_nor_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"'trackr': expected tracker.*did you mean tracker\?"):
        load_policy("trackr")
    for name in (str(tmp_path), str(tmp_path / "none.toml"), "\0"):
        with pytest.raises(PolicyError, match="expected tracker, mvs, prs, monetization or a TOML"):
            load_policy(name)


def test_the_errors_of_a_file_name_it(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    for value, told in (
        (b'name = "x"\n\nb = "\xe9"', "3: expected UTF-8, was the byte 0xe9"),
        (policy_toml().replace("= 30\n", "= 0\n", 1).encode(), "4: min_sessions: expected a whole"),
    ):
        path.write_bytes(value)

        with pytest.raises(PolicyError) as raised:
            load_policy(str(path))

        assert str(raised.value).startswith(f"{path}:{told}")
