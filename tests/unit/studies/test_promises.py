"""A promise fails where the value is off by more than its error, and the study with it."""

from collections.abc import Sequence
from typing import Any

import click
import pytest

from streams.policy_files import load_policy
from studies.design import panel
from studies.direct import judge
from studies.outcomes import Judged, Replayed
from studies.promises import Promise, promises
from studies.run import BEGIN, END, content, inserted
from studies.study import Plan, Study, conduct
from studies.table import table
from studies.world import World
from tests.unit.studies.builders import make_replayed

PLAN = Plan(seeds=2, panels=3, nulls=40, series=2)


def same(judged: Judged) -> dict[str, Any]:
    names = ("model", "p_value", "q_value", "p_strict", "q_strict", "ready")
    return {name: getattr(judged, name) for name in names}


def as_replayed(judged: Sequence[Judged]) -> list[Replayed]:
    return [make_replayed(**same(each)) for each in judged]


@pytest.fixture(scope="module")
def study(world: World) -> Study:
    policy = load_policy("tracker").versions[-1]
    return conduct(
        PLAN,
        world,
        policy,
        replay=lambda panels: {
            seed: as_replayed(judge(models, world, policy)) for seed, models in panels.items()
        },
        say=lambda _text: None,
    )


def promise(value: float, relation: str) -> Promise:
    return Promise(name="", value=value, error=0.01, relation=relation, bound=0.1, n=1)


@pytest.mark.parametrize(
    ("value", "at_most", "equal"),
    [(0.05, True, False), (0.1, True, True), (0.109, True, True), (0.12, False, False)],
)
def test_a_promise_holds_as_far_as_its_error_can_tell(
    value: float, at_most: bool, equal: bool
) -> None:
    assert promise(value, "<=").holds == at_most
    assert promise(value, "=").holds == equal


def test_panels_of_a_study_are_the_seeds_in_order(study: Study, world: World) -> None:
    assert list(study.direct) == [1, 2, 3]
    assert list(study.replayed) == [1, 2]
    assert study.fdr == 0.1
    expected = panel(world, 2, 40)
    for ours, theirs in zip(study.replayed[2], expected, strict=True):
        assert ours.model.entries.tolist() == theirs.entries.tolist()


def test_a_replay_that_says_something_else_breaks_a_promise(study: Study) -> None:
    first = study.replayed[1][0]
    off = make_replayed(**{**same(first), "p_value": first.p_value + 1e-6})
    broken = Study(
        plan=study.plan,
        world=study.world,
        policy=study.policy,
        replayed={**study.replayed, 1: [off, *study.replayed[1][1:]]},
        direct=study.direct,
        psr=study.psr,
    )

    assert promises(study)[-1].holds
    assert not promises(broken)[-1].holds


def test_calling_many_null_cohorts_breaks_both_promises_of_readiness(study: Study) -> None:
    def all_ready(rows: Sequence[Judged]) -> list[Replayed]:
        return [make_replayed(**{**same(each), "ready": True}) for each in rows]

    everything = {seed: all_ready(rows) for seed, rows in study.direct.items()}
    broken = Study(
        plan=study.plan,
        world=study.world,
        policy=study.policy,
        replayed={seed: everything[seed] for seed in study.replayed},
        direct=everything,
        psr=study.psr,
    )

    assert [each.holds for each in promises(broken)[:2]] == [False, False]


def test_the_tables_show_every_promise_and_go_between_the_markers(study: Study) -> None:
    promised = promises(study)
    told = table(study, promised)
    document = inserted(f"before\n{BEGIN}\nold\n{END}\nafter\n", told)

    assert all(each.name in told for each in promised)
    assert document == f"before\n{BEGIN}\n{told}{END}\nafter\n"
    assert inserted(document, told) == document
    with pytest.raises(click.ClickException, match="expected <!-- study: begin -->"):
        inserted("nothing", told)


def test_the_results_hold_every_replayed_cohort(study: Study) -> None:
    found = content(study, promises(study))

    assert [each["holds"] for each in found["promises"]] == [each.holds for each in promises(study)]
    assert len(found["cohorts"]) == 2 * 60
    assert {each["seed"] for each in found["cohorts"]} == {1, 2}
