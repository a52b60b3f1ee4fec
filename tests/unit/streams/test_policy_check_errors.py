"""A check, a version or a text that cannot be is refused with its line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.policy_files import PolicyError, parse_policy
from tests.builders import make_policy, make_rule, policy_toml
from tests.unit.streams.policy_sample import GOOD, changed, refusal


@pytest.mark.parametrize(
    ("line", "new", "told"),
    [
        (
            18,
            "name = 'data_aeg'",
            "name: expected one of confidence, reasoning, against_trend, "
            "volatility_percentile, edge_to_cost, data_age, ticker_exposure, was 'data_aeg'; "
            "did you mean data_age?",
        ),
        (
            26,
            "name = 'anual_return'",
            "name: expected one of validation_period, annual_return, "
            "max_drawdown, stayed_flat, was 'anual_return'; did you mean annual_return?",
        ),
        (
            26,
            "name = 'sharpe'",
            "name: expected one of validation_period, annual_return, max_drawdown, "
            "stayed_flat, was 'sharpe'; it is a check of [[version.cohort]]",
        ),
        (30, "name = 'stayed_flat'", "name: expected one of trades, effective_n, sessions, "),
        (30, "name = 5", "name: expected one of trades, "),
        (30, "name = []", "name: expected one of trades, "),
        (19, "op = '>='", "op: expected <= or < for data_age, was '>='"),
        (27, "op = '=='", "op: expected >= or > for annual_return, was '=='"),
        (31, "op = '<'", "op: expected >= or > for psr, was '<'"),
        (31, "op = ['>=']", "op: expected >= or > for psr, was ['>=']"),
        (20, "required = -1", "required: expected a number from 0 to 400, was -1"),
        (24, "required = 11", "required: expected what min_sessions (10) meets, was >= 11"),
        (28, "required = 'much'", "required: expected a number from -1 to 10, was 'much'"),
        (28, "required = 20", "required: expected a number from -1 to 10, was 20"),
        (28, "required = nan", "required: "),
        (28, "required = true", "required: expected a number from -1 to 10, was true"),
        (32, "required = 95", "required: expected a number from 0 to 1, was 95"),
    ],
)
def test_a_check_that_cannot_be_has_its_line(line: int, new: str, told: str) -> None:
    assert refusal(changed(line, new)).startswith(f"f.toml:{line}: {told}")


@pytest.mark.parametrize(
    ("op", "required", "line", "new", "told"),
    [
        (23, 24, 24, "required = 10", "expected what min_sessions (10) meets, was > 10"),
        (31, 32, 32, "required = 1", "expected what can be met, was psr > 1"),
    ],
)
def test_more_than_the_most_is_refused(
    op: int, required: int, line: int, new: str, told: str
) -> None:
    text = changed(required, new)
    parse_policy(text, "f.toml")
    lines = text.split("\n")
    lines[op - 1] = 'op = ">"'

    assert refusal("\n".join(lines)) == f"f.toml:{line}: required: {told}"


def test_less_than_the_least_is_refused() -> None:
    lines = changed(20, "required = 0").split("\n")
    parse_policy("\n".join(lines), "f.toml")
    lines[18] = 'op = "<"'

    assert refusal("\n".join(lines)) == (
        "f.toml:20: required: expected what can be met, was data_age < 0"
    )


@pytest.mark.parametrize(
    ("line", "again"), [(26, 'name = "validation_period"'), (22, 'name = "annual_return"')]
)
def test_a_check_is_asked_once(line: int, again: str) -> None:
    text = changed(line, again).replace('op = ">"\n', 'op = ">="\n').replace("= 9\n", "= 0.2\n")
    name = again.split('"')[1]

    assert refusal(text) == (
        f"f.toml:26: name: expected each check once, was that of line 22 again: {name}"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1: name: missing"),
        ("# a\nname = 'x'", "1: version: missing"),
        ("name = 'x'\n\nversion = []", "3: version: expected at least one [[version]], was none"),
        ("name = 'x'\n\n[version]", "3: version: expected a list of tables, was a table"),
        ("name = 'x'\nversion = [1]", "2: version: expected a list of tables, was [1]"),
        (
            "name = 'x'\nversion = [\n{}, 1]",
            "2: version: expected a list of tables, was a list of tables",
        ),
        (changed(33, "[version.papers]"), "33: papers: unknown key; did you mean paper?"),
        (changed(17, "[[version.screens]]"), "17: screens: unknown key; did you mean screen?"),
        (changed(17, "[version.screen]"), "17: screen: expected a list of tables, was a table"),
        (changed(33, "[[version.paper]]"), "33: paper: expected a table, was a list of tables"),
    ],
)
def test_tables_that_cannot_be_have_their_line(text: str, told: str) -> None:
    assert refusal(text) == f"f.toml:{told}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            changed(4, "[[version"),
            "4: Expected ']]' at the end of an array declaration (column 10)",
        ),
        (changed(6, "min_sessions ="), "6: Invalid value (column 15)"),
        (
            changed(6, "min_sessions = 1O"),
            "6: Expected newline or end of document after a statement (column 17)",
        ),
        (changed(7, "min_sessions = 1"), "7: Cannot overwrite a value (column 17)"),
        (changed(21, "[version]"), "21: Cannot declare ('version',) twice (column 9)"),
        ("name = 'x'\nversion = [\n\n", "2: Invalid value (at end of document)"),
        ("a = " + "[" * 9_999, "1: expected the tables of a policy, was nested without end"),
        ("a = " + "9" * 9_999, "1: Exceeds the limit"),
    ],
)
def test_what_is_no_toml_has_its_line(text: str, told: str) -> None:
    assert refusal(text).startswith(f"f.toml:{told}")


def test_the_lines_of_windows_are_the_same() -> None:
    text = changed(28, "required = true").replace("\n", "\r\n")

    assert refusal(text).startswith("f.toml:28: required: ")


def test_inline_tables_have_the_lines_of_their_values() -> None:
    lines = GOOD.split("\n")
    check = """\
check = [
  { name = 'max_drawdown', op = '<=', required = 0.5 },
  { name = 'annual_return', op = '>=', required = 99 }]
"""
    text = "\n".join([*lines[:16], check, *lines[16:20], *lines[28:]])

    assert refusal(text) == "f.toml:19: required: expected a number from -1 to 10, was 99"


@pytest.mark.parametrize("later", [0, -1])
def test_versions_stand_in_the_order_of_time(later: int) -> None:
    first = make_policy(effective_from_ms=1_704_067_200_000)
    text = policy_toml(first, make_policy(effective_from_ms=first.effective_from_ms + later))
    one, two = (n for n, line in enumerate(text.split("\n"), 1) if line.startswith("effective"))

    assert refusal(text) == (
        f"f.toml:{two}: effective_from: expected a time after that in line {one}, was no later"
    )


def test_of_two_versions_the_one_that_is_wrong_is_told() -> None:
    wrong = make_policy(effective_from_ms=1_704_067_200_000, checks=(make_rule(required=99.0),))
    text = policy_toml(make_policy(), wrong)
    line = text.split("\n").index("required = 99.0") + 1

    assert refusal(text) == f"f.toml:{line}: required: expected a number from -1 to 10, was 99.0"


@given(
    start=st.integers(0, len(GOOD)),
    length=st.integers(0, 40),
    put=st.text(alphabet="[]{}\"'=#.,-\n \\1a", max_size=6),
)
def test_whatever_is_wrong_has_a_line(start: int, length: int, put: str) -> None:
    text = GOOD[:start] + put + GOOD[start + length :]

    try:
        parse_policy(text, "f.toml")
    except PolicyError as error:
        told = re.match(r"f\.toml:([0-9]+): .", str(error))
        assert told, str(error)
        assert 1 <= int(told[1]) <= text.count("\n") + 1
