"""The whole build against the loops of `cohort_oracle`, over random worlds."""

import math
import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinks.cohorts import build_cohorts
from sinks.evidence.cohort import ALL, Cohort, CohortKey
from sinks.evidence.figures import Figure
from tests.builders import make_policy
from tests.unit.sinks import cohort_oracle as oracle
from tests.unit.sinks.cohort_worlds import World, random_world

SEEDS = st.integers(0, 10**6)
HOLD = "HOLD: hit rate and calibration only"


def world_of(seed: int, *, signals: int = 60, total_return: bool = False) -> World:
    policy = make_policy(min_sessions=3, total_return=total_return, hold_band=0.03)
    return random_world(seed, policy, signals=signals)


def built(world: World) -> dict[CohortKey, Cohort]:
    cohorts = build_cohorts(world.rows, world.prices, world.policy, world.as_of_ms)
    return {each.key: each for each in cohorts}


def same(figure: Figure, expected: float | None) -> bool:
    if expected is None or figure.value is None:
        return figure.value is expected and bool(figure.reason)
    return figure.value == pytest.approx(expected, rel=1e-8, abs=1e-10)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_every_cohort_and_roll_up_is_there_once_in_order_with_its_counts(seed: int) -> None:
    world = world_of(seed)
    cohorts = build_cohorts(world.rows, world.prices, world.policy, world.as_of_ms)

    assert [each.key for each in cohorts] == sorted(oracle.keys_of(world))
    for each in cohorts:
        found = {name: getattr(each, name) for name in oracle.counts(world, each.key)}
        assert found == oracle.counts(world, each.key)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS, total_return=st.booleans())
def test_the_series_and_its_figures_are_those_of_pandas(seed: int, total_return: bool) -> None:
    world = world_of(seed, total_return=total_return)
    for key, cohort in built(world).items():
        if oracle.holds_only(world, key):
            continue
        frame = oracle.series(world, key)
        net, gross = frame["net"], frame["gross"]
        ratio, year = oracle.sharpe(world, key)
        gross_ratio, _ = oracle.sharpe(world, key, "gross")

        assert cohort.series.days == tuple(frame.index)
        assert cohort.series.net == pytest.approx(net.tolist(), abs=1e-12)
        assert cohort.series.gross == pytest.approx(gross.tolist(), abs=1e-12)
        assert cohort.series.open_signals == tuple(frame["n"])
        assert (cohort.sessions, cohort.periods_per_year) == (len(frame), year)
        assert cohort.under_a_year == (len(frame) < year)
        assert same(cohort.sharpe, None if ratio is None else ratio * math.sqrt(year))
        assert same(
            cohort.sharpe_gross, None if gross_ratio is None else gross_ratio * math.sqrt(year)
        )
        assert same(cohort.psr, oracle.psr(world, key, 0.0))
        assert same(cohort.max_drawdown, oracle.max_drawdown(frame))
        assert same(cohort.expectancy, None if frame.empty else net.mean())
        losses = -net[net < 0].sum()
        assert same(cohort.profit_factor, net[net > 0].sum() / losses if losses else None)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS, total_return=st.booleans())
def test_alpha_and_beta_are_those_of_a_fit_over_common_days(seed: int, total_return: bool) -> None:
    world = world_of(seed, total_return=total_return)
    for key, cohort in built(world).items():
        if oracle.holds_only(world, key):
            continue
        alpha, beta, n = oracle.market_line(world, key)

        assert cohort.benchmark_sessions == n
        assert same(cohort.alpha, None if math.isnan(alpha) else alpha)
        assert same(cohort.beta, None if math.isnan(beta) else beta)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS, total_return=st.booleans())
def test_outcomes_are_those_of_a_loop_over_matured_signals(seed: int, total_return: bool) -> None:
    world = world_of(seed, total_return=total_return)
    for key, cohort in built(world).items():
        rows = oracle.counted(world, key)
        hits = [row.hit == "hit" for row in rows]
        apart = [(row.confidence - hit) ** 2 for row, hit in zip(rows, hits, strict=True)]

        assert (cohort.hit_rate.n, cohort.hit_rate.count) == (len(rows), sum(hits))
        assert same(cohort.brier, sum(apart) / len(apart) if apart else None)
        assert sum(each.hit_rate.n for each in cohort.reliability) == len(rows)
        if oracle.holds_only(world, key):
            continue
        bases = [oracle.base_rate_of(world, row) for row in rows]
        net = [row.net_return or 0.0 for row in rows]
        gross = [oracle.SIGN[row.action] * (row.raw_return or 0.0) for row in rows]
        assert same(cohort.mean_net, sum(net) / len(net) if net else None)
        assert same(cohort.mean_gross, sum(gross) / len(gross) if gross else None)
        assert same(cohort.base_rate, sum(bases) / len(bases) if bases else None)
        excess = oracle.excess_hits(world, key)
        assert same(cohort.excess_hit, sum(excess) / len(excess) if excess else None)
        assert same(cohort.p_value, oracle.p_value(world, key))
        assert same(cohort.p_strict, oracle.p_strict(world, key))
        assert same(cohort.effective_n, oracle.effective_n(world, key))


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_information_coefficients_are_those_of_pandas_ranks(seed: int) -> None:
    world = world_of(seed)
    for key, cohort in built(world).items():
        if oracle.holds_only(world, key):
            continue
        own = {int(key.horizon_sessions)} if key.horizon_sessions != ALL else set()

        assert [e.horizon for e in cohort.ic_by_horizon] == sorted({1, 5, 10, 21, 30} | own)
        for each in cohort.ic_by_horizon:
            expected, n = oracle.ic(world, key, each.horizon)
            assert each.n == n
            assert same(each.ic, expected)
        assert same(cohort.ic, oracle.ic(world, key, None)[0])


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_q_values_and_dsr_rest_on_the_cohorts_of_the_class(seed: int) -> None:
    world = world_of(seed, signals=200)
    found = built(world)
    families: dict[tuple[str, str], dict[CohortKey, float]] = defaultdict(dict)
    for key in found:
        p_value = None if oracle.holds_only(world, key) else oracle.p_value(world, key)
        if p_value is not None and len(oracle.counted(world, key)) >= 30:
            families[key.data_class, key.level][key] = p_value
    expected = {k: v for each in families.values() for k, v in oracle.q_values(each).items()}

    assert expected
    for key, cohort in found.items():
        bar = oracle.sharpe_bar(world, key.data_class)
        untold = bar is None or oracle.holds_only(world, key)
        assert same(cohort.q_value, expected.get(key))
        assert same(cohort.dsr, None if untold or bar is None else oracle.psr(world, key, bar))


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_the_order_of_rows_and_tickers_changes_nothing(seed: int) -> None:
    world = world_of(seed)
    rng = random.Random(seed)
    rows, prices = list(world.rows), list(world.prices.items())
    rng.shuffle(rows)
    rng.shuffle(prices)

    shuffled = build_cohorts(rows, dict(prices), world.policy, world.as_of_ms)

    assert shuffled == build_cohorts(world.rows, world.prices, world.policy, world.as_of_ms)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_a_hold_cohort_has_a_hit_rate_and_calibration_only(seed: int) -> None:
    world = world_of(seed)
    kept = {"brier", "ece"}
    for key, cohort in built(world).items():
        if not oracle.holds_only(world, key):
            continue
        for name in Cohort.__slots__:
            value = getattr(cohort, name)
            if isinstance(value, Figure) and name not in kept:
                assert (value.value, value.reason) == (None, HOLD)
        assert (cohort.series.days, cohort.ic_by_horizon) == ((), ())
        assert cohort.mean_net_interval.reason == cohort.excess_hit_interval.reason == HOLD
        if key.level == "cohort":
            assert cohort.ready is False
            assert HOLD in cohort.reasons
