"""A policy is what its hash is of; a check passes, fails or is insufficient."""

import json
from dataclasses import fields
from typing import Any

import pytest

from schemas.identity import canonical_json
from schemas.policy import (
    COHORT_METRICS,
    OPERATORS,
    SCREEN_METRICS,
    PaperRules,
    Policy,
    PolicyVersions,
    content_of,
    hashed,
    policy_of,
    status_of,
    verdict_of,
)
from tests.builders import make_paper_rules, make_policy, make_rule
from tests.unit.schemas.policy_changes import CHANGES

RULES = [make_rule("max_drawdown"), make_rule(op=">"), make_rule(required=0.2)]


def test_there_is_a_change_of_every_field() -> None:
    assert CHANGES.keys() == {each.name for each in fields(Policy)} - {"hash"}


@pytest.mark.parametrize("name", CHANGES)
def test_every_field_changes_the_hash(name: str) -> None:
    assert make_policy(**{name: CHANGES[name]}).hash != make_policy().hash


@pytest.mark.parametrize("name", [each.name for each in fields(PaperRules)])
def test_every_rule_of_the_paper_account_changes_the_hash(name: str) -> None:
    assert make_policy(paper=make_paper_rules(**{name: 0.5})).hash != make_policy().hash


@pytest.mark.parametrize("kind", ["screen", "checks", "cohort"])
def test_every_part_of_a_check_changes_the_hash(kind: str) -> None:
    some = [(), (make_rule(),), *((each,) for each in RULES), (make_rule(), RULES[0])]

    assert len({make_policy(**{kind: rules}).hash for rules in some}) == len(some)


@pytest.mark.parametrize("changes", [{}, *({name: CHANGES[name]} for name in CHANGES)], ids=str)
def test_a_policy_comes_back_from_its_json(changes: dict[str, Any]) -> None:
    policy = make_policy(**changes)

    assert policy_of(json.loads(canonical_json(content_of(policy)))) == policy
    assert policy_of(dict(reversed(content_of(policy).items()))) == policy


def test_a_hash_is_not_of_a_hash() -> None:
    policy = make_policy()

    assert "hash" not in content_of(policy)
    assert hashed(policy) == hashed(make_policy(hash="of something else")) == policy


def test_a_signal_is_judged_by_the_last_version_of_its_time_or_the_first() -> None:
    first, second = make_policy(effective_from_ms=100), make_policy(effective_from_ms=200)
    versions = PolicyVersions(versions=(first, second))

    found = [versions.at(time) for time in (0, 100, 199, 200, 300)]

    assert found == [first, first, first, second, second]
    assert versions.knows(second.hash)
    assert not versions.knows(make_policy().hash)


@pytest.mark.parametrize(
    ("op", "below", "at", "above"),
    [
        (">=", "fail", "pass", "pass"),
        (">", "fail", "fail", "pass"),
        ("<=", "pass", "pass", "fail"),
        ("<", "pass", "fail", "fail"),
    ],
)
def test_operators_take_their_bound_or_not(op: str, below: str, at: str, above: str) -> None:
    assert [status_of(op, 0.1, each) for each in (0.0999999, 0.1, 0.1000001)] == [below, at, above]


@pytest.mark.parametrize("op", OPERATORS)
def test_nothing_to_compare_is_insufficient_and_never_a_pass(op: str) -> None:
    assert status_of(op, -1e9 if op in (">=", ">") else 1e9, None) == "insufficient"


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([], "passed"),
        (["pass"], "passed"),
        (["pass", "insufficient"], "insufficient"),
        (["insufficient", "fail"], "failed"),
        (["fail", "pass"], "failed"),
    ],
)
def test_the_verdict_is_the_worst_check(statuses: list[str], verdict: str) -> None:
    assert verdict_of(statuses) == verdict


def test_a_metric_is_asked_for_once_and_in_one_place() -> None:
    assert len({*SCREEN_METRICS, *COHORT_METRICS}) == len(SCREEN_METRICS) + len(COHORT_METRICS)
