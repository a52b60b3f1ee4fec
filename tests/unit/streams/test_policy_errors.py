"""A policy file is refused with the line of what is wrong in it, and the name of that."""

import pytest

from streams.policy_files import parse_policy
from tests.unit.streams.policy_sample import GOOD, changed, refusal

SETTINGS = {
    "effective_from": 5,
    "min_sessions": 6,
    "cost_bps_per_side": 7,
    "hold_band": 8,
    "jump_guard": 9,
    "total_return": 10,
    "benchmark": 11,
    "risk_free_rate": 12,
}
PAPER = {
    "capital": 34,
    "max_position": 35,
    "max_short_position": 36,
    "max_ticker": 37,
    "max_gross": 38,
    "slippage_bps": 39,
    "impact_bps_per_10k": 40,
    "cost_bps": 41,
}


def test_the_file_of_these_tests_is_good() -> None:
    [version] = parse_policy(GOOD, "f.toml").versions

    assert version.also_ready == ("fallback", "synthetic")
    assert [each.name for each in version.checks] == ["validation_period", "annual_return"]


@pytest.mark.parametrize(
    ("key", "line", "header"),
    [
        ("name", 2, 1),
        *((key, line, 4) for key, line in SETTINGS.items()),
        *((key, line, 33) for key, line in PAPER.items()),
        ("name", 18, 17),
        ("op", 23, 21),
        ("required", 28, 25),
    ],
)
def test_a_missing_key_has_the_line_of_its_table(key: str, line: int, header: int) -> None:
    assert refusal(changed(line, "")) == f"f.toml:{header}: {key}: missing"


@pytest.mark.parametrize(
    ("start", "end", "key"),
    [
        (13, 16, "also_ready"),
        (17, 20, "screen"),
        (21, 28, "check"),
        (29, 32, "cohort"),
        (33, 41, "paper"),
    ],
)
def test_a_missing_list_or_table_has_the_line_of_its_version(
    start: int, end: int, key: str
) -> None:
    lines = GOOD.split("\n")

    assert refusal("\n".join(lines[: start - 1] + lines[end:])) == f"f.toml:4: {key}: missing"


@pytest.mark.parametrize(
    ("line", "new", "told"),
    [
        (1, "nmae = 1", "nmae: unknown key; did you mean name?"),
        (9, "jmup_guard = 1", "jmup_guard: unknown key; did you mean jump_guard?"),
        (10, '"quoted" = 1', "quoted: unknown key; expected effective_from, min_sessions, "),
        (10, '"two\\nlines" = 1', "'two\\nlines': unknown key; "),
        (23, "operator = '>='", "operator: unknown key; expected name, op, required"),
        (40, "impact = 1", "impact: unknown key; expected capital"),
        (40, "slipage_bps = 1", "slipage_bps: unknown key; did you mean slippage_bps?"),
    ],
)
def test_an_unknown_key_has_its_line_and_perhaps_what_was_meant(
    line: int, new: str, told: str
) -> None:
    assert refusal(changed(line, new)).startswith(f"f.toml:{line}: {told}")


@pytest.mark.parametrize(
    ("line", "new", "told"),
    [
        (2, "name = 5", "name: expected a text of 1 to 100 printable characters, was 5"),
        (2, 'name = ""', "name: expected a text"),
        (
            2,
            'name = "a\\nb"',
            "name: expected a text of 1 to 100 printable characters, was 'a\\nb'",
        ),
        (
            5,
            "effective_from = 5",
            "effective_from: expected a date (midnight UTC) or a time with its ",
        ),
        (5, "effective_from = 'soon'", "effective_from: expected a date"),
        (5, "effective_from = '2024-02-30'", "effective_from: expected a date"),
        (5, "effective_from = '20240101'", "effective_from: expected a date"),
        (5, "effective_from = '2024-01-01T10:00'", "effective_from: expected a date"),
        (5, "effective_from = 2024-01-01T10:00:00", "effective_from: expected a date"),
        (5, "effective_from = 10:00:00", "effective_from: expected a date"),
        (
            5,
            "effective_from = 1979-12-31",
            "effective_from: expected a date (midnight UTC) or a time with "
            "its offset, from 1980 to 2099, was 1979-12-31",
        ),
        (5, "effective_from = '2100-01-01'", "effective_from: expected a date"),
        (6, "min_sessions = 0", "min_sessions: expected a whole number from 1 to 400, was 0"),
        (6, "min_sessions = 401", "min_sessions: "),
        (6, "min_sessions = 10.5", "min_sessions: "),
        (6, "min_sessions = true", "min_sessions: expected a whole number from 1 to 400, was true"),
        (6, "min_sessions = '10'", "min_sessions: "),
        (6, "min_sessions = inf", "min_sessions: "),
        (
            6,
            f"min_sessions = 0x{'f' * 4000}",
            "min_sessions: expected a whole number from 1 to 400, was a number of 16000 bits",
        ),
        (
            7,
            "cost_bps_per_side = -1",
            "cost_bps_per_side: expected a number from 0 to 10000, was -1",
        ),
        (
            7,
            "cost_bps_per_side = nan",
            "cost_bps_per_side: expected a number from 0 to 10000, was nan",
        ),
        (7, "cost_bps_per_side = false", "cost_bps_per_side: "),
        (8, "hold_band = 2", "hold_band: expected a number from 0 to 1, was 2"),
        (9, "jump_guard = 40", "jump_guard: expected a number from 0 to 10, was 40"),
        (9, "jump_guard = inf", "jump_guard: "),
        (10, "total_return = 1", "total_return: expected true or false, was 1"),
        (11, "benchmark = '^G SPC'", "benchmark: expected a ticker: "),
        (
            11,
            f"benchmark = '{'x' * 99}'",
            f"benchmark: expected a ticker: 1 to 64 characters without "
            f"space or '|', was '{'x' * 79}...",
        ),
        (12, "risk_free_rate = 4", "risk_free_rate: expected a number from -1 to 1, was 4"),
        (
            15,
            '"replay"',
            "also_ready: expected one of backdated, fallback, synthetic, was 'replay'",
        ),
        (
            15,
            '"sintetic"',
            "also_ready: expected one of backdated, fallback, synthetic, was 'sintetic'; "
            "did you mean synthetic?",
        ),
        (15, "['live']", "also_ready: expected one of "),
        (34, "capital = 0", "capital: expected a number from 1 to 1e+15, was 0"),
        (35, "max_position = 2", "max_position: expected a number from 0 to 1, was 2"),
        (
            38,
            "max_gross = [{ a = 1 }]",
            "max_gross: expected a number from 0 to 10, was a list of tables",
        ),
        (41, "cost_bps = { a = 1 }", "cost_bps: expected a number from 0 to 10000, was a table"),
    ],
)
def test_a_value_that_cannot_be_has_its_line(line: int, new: str, told: str) -> None:
    assert refusal(changed(line, new)).startswith(f"f.toml:{line}: {told}")
