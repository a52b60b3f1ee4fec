"""A policy file is taken whole, or refused with the name of what is wrong in it."""

from pathlib import Path

import pytest

from streams.policy_files import LATER_PRESETS, PolicyError, load_policy, parse_policy

GOOD = """
name = "mine"
[[version]]
effective_from = "2024-01-01"
min_sessions = 10
cost_bps_per_side = 2.5
hold_band = 0.01
jump_guard = 0.3
[[version.check]]
name = "annual_return"
op = ">="
required = 0.2
"""
SECOND = GOOD.replace('name = "mine"', "").replace("2024-01-01", "2024-06-01")
JAN_1_2024_MS = 1_704_067_200_000


def test_the_preset_is_the_original_trackers() -> None:
    [version] = load_policy("tracker").versions

    assert (version.name, version.effective_from_ms) == ("tracker", 315_532_800_000)
    assert (version.min_sessions, version.cost_bps_per_side) == (30, 5.0)
    assert (version.hold_band, version.jump_guard) == (0.02, 0.4)
    assert [(each.name, each.op, each.required) for each in version.checks] == [
        ("validation_period", ">=", 30.0),
        ("annual_return", ">=", 0.1),
        ("stayed_flat", "<=", 0.02),
    ]


def test_a_file_is_read_with_all_its_versions(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(GOOD + SECOND, encoding="utf-8")

    versions = load_policy(str(path)).versions

    assert [each.effective_from_ms for each in versions] == [JAN_1_2024_MS, 1_717_200_000_000]
    assert versions[0].min_sessions == 10
    assert versions[0].hash != versions[1].hash


def test_the_hash_is_of_the_meaning_and_not_of_the_text() -> None:
    [one] = parse_policy(GOOD, "f").versions
    [same] = parse_policy("# a word\n" + GOOD.replace("= 10", "=   10"), "g").versions

    assert same.hash == one.hash
    for old, new in (
        ('"mine"', '"yours"'),
        ("2024-01-01", "2024-01-02"),
        ("= 10", "= 11"),
        ("2.5", "2.6"),
        ("0.01", "0.011"),
        ("0.3", "0.31"),
        ("annual_return", "max_drawdown"),
        (">=", "<="),
        ("0.2", "0.21"),
    ):
        assert parse_policy(GOOD.replace(old, new), "f").versions[0].hash != one.hash


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('name = "mine"', "", "name: missing"),
        ('name = "mine"', "name = 5", "name: expected a text"),
        ('name = "mine"', 'name = ""', "name: expected a text"),
        ('name = "mine"', 'name = "mine"\nnmae = 1', "unknown keys: nmae"),
        ("[[version]]", "[version]", "version: expected a list of tables"),
        ('effective_from = "2024-01-01"', "", "effective_from: missing"),
        ('"2024-01-01"', "2024-01-01", "effective_from: expected a date"),
        ('"2024-01-01"', '"soon"', "effective_from: expected a date"),
        ("min_sessions = 10", "", "min_sessions: missing"),
        ("= 10", "= 0", "min_sessions: expected a number from 1 to 400"),
        ("= 10", "= 401", "min_sessions: "),
        ("= 10", "= 10.5", "min_sessions: "),
        ("= 10", "= true", "min_sessions: "),
        ("= 10", '= "10"', "min_sessions: "),
        ("= 2.5", "= -1", "cost_bps_per_side: "),
        ("= 2.5", "= nan", "cost_bps_per_side: "),
        ("= 0.01", "= 1.5", "hold_band: "),
        ("= 0.3", "= inf", "jump_guard: "),
        ("jump_guard", "jmup_guard", "jump_guard: missing"),
        ("jump_guard = 0.3", "jump_guard = 0.3\nextra = 1", "unknown keys: extra"),
        ('"annual_return"', '"anual_return"', "name: expected one of validation_period"),
        ('">="', '"=="', "op: expected one of >=, <="),
        ("required = 0.2", "", "required: missing"),
        ("required = 0.2", 'required = "much"', "required: "),
        ("required = 0.2", "required = 0.2\nreqiured = 1", "unknown keys: reqiured"),
        ("[[version]]", "[[version", "f: "),
    ],
)
def test_a_bad_file_is_refused_by_the_name_of_the_key(old: str, new: str, named: str) -> None:
    assert old in GOOD

    with pytest.raises(PolicyError) as raised:
        parse_policy(GOOD.replace(old, new, 1), "f")

    assert str(raised.value).startswith("f: ")
    assert named in str(raised.value)


def test_versions_stand_in_the_order_of_time() -> None:
    for text in (SECOND.replace("2024-06-01", "2024-01-01"), SECOND.replace("2024-06", "2023-06")):
        with pytest.raises(PolicyError, match="effective_from"):
            parse_policy(GOOD + text, "f")
    with pytest.raises(PolicyError, match="version"):
        parse_policy('name = "x"\nversion = []', "f")


def test_a_check_is_named_once() -> None:
    again = '[[version.check]]\nname = "annual_return"\nop = ">="\nrequired = 1\n'

    with pytest.raises(PolicyError, match="twice"):
        parse_policy(GOOD + again, "f")


def test_a_version_without_checks_has_to_say_so() -> None:
    text = GOOD[: GOOD.index("[[version.check]]")]

    with pytest.raises(PolicyError, match="check: missing"):
        parse_policy(text, "f")
    assert parse_policy(f"{text}check = []", "f").versions[0].checks == ()


@pytest.mark.parametrize("name", LATER_PRESETS)
def test_a_preset_that_is_not_here_yet_says_so(name: str) -> None:
    with pytest.raises(PolicyError, match=f"'{name}' is not in this version"):
        load_policy(name)


def test_what_is_neither_preset_nor_file_is_named(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'name = "\xe9"')

    for name in ("trackr", str(tmp_path), str(latin)):
        with pytest.raises(PolicyError, match="neither a preset"):
            load_policy(name)
