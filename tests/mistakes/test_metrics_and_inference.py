"""Rows 27 to 31, 36, 39 and 45: what is asked of evidence, and what luck can do."""

import math
import random
from pathlib import Path

import pytest

from schemas import topics
from schemas.policy import PaperRules
from sinks.evidence.significance import benjamini_hochberg, overlap_test
from streams.policy_files import load_policy
from tests.builders import make_policy, make_rule
from tests.mistakes.ledger import row
from tests.mistakes.models import tell_nulls, tell_skills
from tests.mistakes.world import (
    FIRST,
    Told,
    before_close,
    folded,
    judged_by,
    one,
    random_walk,
    tell,
    tell_columns,
    to_the_end,
    together,
)
from tests.oracle.examples import closes, days, signal
from tests.unit.streams.fold import apply as apply_rows
from tests.unit.streams.fold import apply_ticks, new_tracker


@pytest.fixture(scope="module")
def nulls(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell_nulls(tmp_path_factory.mktemp("nulls"), seed=1)


@pytest.fixture(scope="module")
def skills(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell_skills(tmp_path_factory.mktemp("skills"), seed=3)


@row("27")
def test_a_check_without_a_figure_is_insufficient_and_stays_in_the_verdict() -> None:
    # A trade of one session that multiplies the price: nobody can write its annual return.
    [state] = folded("tracker", one([100.0, *[1e6] * 30], horizon_sessions=1)).values()

    assert state.verdict is not None
    assert [(each.name, each.actual, each.status) for each in state.verdict.checks] == [
        ("validation_period", 30.0, "pass"),
        ("annual_return", None, "insufficient"),
    ]
    assert (state.status, state.validation_status) == ("insufficient", "pending")


@row("27")
def test_a_cohort_without_the_benchmark_has_no_alpha_and_is_not_ready(skills: Told) -> None:
    judged = judged_by(skills, "prs")

    asked = [each.name for each in load_policy("prs").at(0).cohort]
    for cohort in (each for each in judged.cohorts if each.key.level == "cohort"):
        assert [each.name for each in cohort.checks] == asked
        [alpha] = [each for each in cohort.checks if each.name == "alpha"]
        assert (alpha.actual, alpha.status) == (None, "insufficient")
        assert cohort.ready is False
        assert "alpha: no bars of ^GSPC" in cohort.reasons


@row("28")
def test_drawdown_capital_and_costs_stand_in_a_policy_whose_hash_is_on_the_verdict() -> None:
    policy = load_policy("prs").at(0)
    events = one([100.0, 70.0, *to_the_end(115.0, 59)])
    free = make_policy(cost_bps_per_side=0.0)
    dear = make_policy(cost_bps_per_side=100.0)
    [state] = folded("prs", events).values()
    small = one(to_the_end(101.0))

    assert make_rule("max_drawdown", 0.2, "<=") in (*policy.checks, *policy.cohort)
    assert policy.paper.capital == 25_000.0
    assert isinstance(policy.paper, PaperRules)
    assert state.policy_hash == policy.hash
    assert state.verdict is not None
    failed = [each.name for each in state.verdict.checks if each.status == "fail"]
    assert "max_drawdown" in failed
    assert [folded(each, small)["one"].hit for each in (free, dear)] == ["hit", "miss"]
    assert free.hash != dear.hash


@row("29")
def test_of_a_thousand_worthless_signals_many_pass_and_no_cohort_is_ready(nulls: Told) -> None:
    everything = nulls.report.counted.everything

    assert (everything.total, everything.matured) == (1000, 1000)
    assert 380 < everything.validated < 540
    assert len(nulls.cohorts) == 20
    assert [each.key for each in nulls.cohorts if each.ready] == []
    assert nulls.report.counted.ready == []


@row("30")
def test_a_verdict_stays_what_it_was_at_the_end_of_the_window() -> None:
    rng, tracker = random.Random(1), new_tracker()
    walks = {f"T{at:02}": random_walk(rng, 91) for at in range(60)}
    labels = days(FIRST, 91)
    signals = [signal(signal_id=each, ticker=each) for each in walks]
    apply_rows(tracker, topics.SIGNALS, signals)
    verdicts: dict[str, list[str]] = {each: [] for each in walks}
    events: list[str] = []
    latest = dict.fromkeys(walks, "none")

    for at, label in enumerate(labels):
        named = {"session": label, "final": True}
        told = apply_ticks(
            tracker, [{"ticker": each, "price": walks[each][at], **named} for each in walks]
        )
        events += [each.to_status for each in told.events]
        for state in told.states.values():
            latest[state.signal_id] = state.verdict.status if state.verdict else "none"
        for each, status in latest.items():
            verdicts[each].append(status)

    assert {status for held in verdicts.values() for status in held[:30]} == {"none"}
    assert {len(set(held[30:])) for held in verdicts.values()} == {1}
    passed = sum(held[-1] == "passed" for held in verdicts.values())
    assert events.count("passed") == passed
    assert events.count("failed") == len(walks) - passed
    # The original's rule, at any of the days from 30 observations on.
    ever = sum(
        any((walk[n] / walk[0]) ** (365 / n) - 1 > 0.1 for n in range(30, 91))
        for walk in walks.values()
    )
    assert ever > 1.3 * passed


@row("31")
def test_among_a_thousand_nulls_forty_with_a_small_p_are_no_discovery() -> None:
    p_values = [0.0011 + at * 0.00125 for at in range(40)]
    p_values += [0.05 + 0.95 * at / 960 for at in range(960)]

    q_values = benjamini_hochberg(p_values)

    assert sum(each < 0.05 for each in p_values) == 40
    assert min(q_values) > 0.1


@row("31")
def test_a_right_model_opens_the_gate_for_no_other(skills: Told) -> None:
    ready = {each.key.model for each in skills.cohorts if each.ready}
    passed = [each for each in skills.report.signals if each.validated]

    assert ready == {"right"}
    assert {each.model_name for each in passed} == {"right", "coin", "wrong", "bull"}
    assert skills.report.counted.ready
    assert {each.partition("-")[0] for each in skills.report.counted.ready} == {"right"}
    for each in passed:
        if each.model_name != "right":
            against = skills.report.readiness[each.signal_id].against
            assert any(words.startswith("cohort not ready") for words in against)


@row("36")
def test_a_model_that_is_always_wrong_is_not_significant(skills: Told) -> None:
    p_values: dict[str, list[float]] = {}
    for each in skills.cohorts:
        assert each.p_value.value is not None
        p_values.setdefault(each.key.model, []).append(each.p_value.value)

    assert max(p_values["right"]) < 0.001
    assert min(p_values["wrong"]) > 0.999
    assert all(0.01 < each < 0.99 for each in p_values["coin"])
    # All BUY: judged by when it bought, neither sure to be significant nor sure not to be.
    [bull] = p_values["bull"]
    assert 0.01 < bull < 0.99


@row("39")
def test_a_hit_rate_comes_with_its_interval_its_n_and_its_base_rate(tmp_path: Path) -> None:
    ends = {f"T{at:02}": 110.0 if at < 18 else 90.0 for at in range(30)}
    parts = [one(to_the_end(end), ticker=name, signal_id=name) for name, end in ends.items()]

    told = tell(tmp_path, together(*parts))

    rate = told.report.counted.everything.hit_rate
    assert (rate.count, rate.n) == (18, 30)
    assert rate.low == pytest.approx(0.4232, abs=1e-4)
    assert rate.high == pytest.approx(0.7541, abs=1e-4)
    assert "60.0%   [42.3%, 75.4%]" in told.text()
    [cohort] = told.cohorts
    # Each ticker's only window is the signal's own: it hits as often as its base.
    assert (cohort.base_rate.value, cohort.excess_hit.value) == (0.6, 0.0)


@row("39")
@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_a_tie_is_no_hit(action: str) -> None:
    events = one(to_the_end(100.0), action=action)

    [state] = folded(make_policy(cost_bps_per_side=0.0), events).values()

    assert (state.net_return, state.hit) == (0.0, "miss")


@row("45")
def test_daily_signals_over_thirty_sessions_are_not_counted_as_independent_ones() -> None:
    """200 walks without drift, each judged by a BUY a day: by overlap, and as tosses."""
    rng, tosses = random.Random(2), math.sqrt(0.25 / 252)
    errors, sure, tossed = [], 0, 0
    for _ in range(200):
        prices = random_walk(rng, 282, 0.01)
        excess = [(prices[at + 30] > prices[at]) - 0.5 for at in range(252)]
        found = overlap_test(excess, range(252), [30] * 252)
        assert found.mean.value is not None
        errors.append(found.standard_error.value or 0.0)
        sure += found.p_value.value is not None and found.p_value.value < 0.05
        tossed += found.mean.value / tosses > 1.645

    assert 3 < sum(errors) / 200 / tosses < 5
    assert tossed > 50
    assert sure < 25


@row("45")
def test_a_cohort_of_daily_signals_shows_what_it_really_knows(tmp_path: Path) -> None:
    prices = random_walk(random.Random(1), 282, 0.01)
    labels = days("2022-01-03", 282)
    signals = [signal(signal_id=each, generated_at_ms=before_close(each)) for each in labels[:252]]

    told = tell_columns(tmp_path, signals, [closes(prices, first=labels[0])])

    [cohort] = told.cohorts
    assert cohort.matured == 252
    assert cohort.effective_n.value == pytest.approx(8.75, abs=0.01)
    # 72 % of 252 tosses would be a discovery; of a walk that rose it is none.
    assert cohort.hit_rate.low is not None
    assert cohort.hit_rate.low > 0.65
    assert cohort.p_value.value is None or cohort.p_value.value > 0.05
    assert cohort.ready is False
    assert "effective 8.7" in told.text()
