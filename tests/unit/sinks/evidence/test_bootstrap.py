"""The stationary bootstrap against its closed form, a loop of its own, and its promise."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.evidence import bootstrap
from sinks.evidence.bootstrap import stationary_interval
from sinks.evidence.figures import Interval
from tests.unit.sinks.evidence.strategies import FEW

PINNED = (-0.059818481848184786, 0.042698019801980194)


def ends(found: Interval) -> tuple[float, float]:
    assert found.low is not None, found.reason
    assert found.high is not None
    return found.low, found.high


def autoregressive(seed: int, n: int, share: float = 0.6) -> list[float]:
    noise = np.random.default_rng(seed).normal(0, 1, n)
    for at in range(1, n):
        noise[at] += share * noise[at - 1]
    return noise.tolist()


def closed_form(values: list[float], mean_block: float) -> float:
    """Return the standard deviation of the bootstrapped mean (Politis, Romano 1994, lemma 1)."""
    x, n = np.array(values) - np.mean(values), len(values)
    total = float(x @ x) / n
    for lag in range(1, n):
        circular = float(x @ np.roll(x, -lag)) / n
        total += 2 * (1 - lag / n) * (1 - 1 / mean_block) ** lag * circular
    return math.sqrt(total / n)


@pytest.mark.parametrize("mean_block", [1, 5, 20])
def test_the_interval_is_as_wide_as_the_closed_form_says(mean_block: float) -> None:
    values = autoregressive(1, 300)
    low, high = ends(
        stationary_interval(values, range(300), mean_block, "closed form", draws=9_999)
    )

    assert (high - low) / (2 * 1.96) == pytest.approx(closed_form(values, mean_block), rel=0.04)
    assert (high + low) / 2 == pytest.approx(np.mean(values), abs=0.02)


def test_the_interval_is_that_of_a_loop_that_walks_from_position_to_position() -> None:
    rng = random.Random(5)
    held = [(rng.gauss(0, 1) + at / 100, at) for at in range(200) for _ in range(rng.randrange(4))]
    cells = [[x for x, at in held if at == position] for position in range(200)]
    means = []
    for _ in range(3_000):
        at, total, count = rng.randrange(200), 0.0, 0
        for _ in range(200):
            total, count = total + sum(cells[at]), count + len(cells[at])
            at = rng.randrange(200) if rng.random() < 1 / 8 else (at + 1) % 200
        means.append(total / count)
    values, positions = [list(side) for side in zip(*held, strict=True)]
    found = ends(stationary_interval(values, positions, 8, "loop", draws=2_999))

    assert found == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.03)


@FEW
@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(5, 40)), min_size=2, max_size=60),
    st.sampled_from([1, 2.5, 6]),
)
def test_a_draw_is_made_of_whole_blocks_of_positions(
    held: list[tuple[int, int]], mean_block: float
) -> None:
    values, positions = [list(side) for side in zip(*held, strict=True)]
    sums, counts = bootstrap._by_position(values, positions)
    reach = max(positions) - min(positions) + 1
    starts, ends = bootstrap._blocks(reach, mean_block, 20)
    picked = [
        [at % reach for start, end in zip(*draw, strict=True) for at in range(start, end)]
        for draw in zip(starts.T.tolist(), ends.T.tolist(), strict=True)
    ]

    assert len(sums) == reach
    assert counts.sum() == len(values)
    assert all(len(draw) == reach for draw in picked)
    found = bootstrap._block_sums([sums, counts], starts, ends)
    for kept, drawn in zip((sums, counts), found.tolist(), strict=True):
        assert drawn == [sum(kept[at] for at in draw) for draw in picked]


def test_blocks_are_as_long_as_they_should_be_on_average() -> None:
    starts, ends = bootstrap._blocks(5_000, 20, 50)
    whole = np.concatenate([draw[: np.flatnonzero(draw)[-1]] for draw in (ends - starts).T])

    assert whole.mean() == pytest.approx(20, rel=0.03)
    assert (whole == 1).mean() == pytest.approx(1 / 20, abs=0.01)


def test_one_seed_gives_one_interval_whatever_the_machine() -> None:
    """The pinned ends come from raw bits: another numpy has to give them, too."""
    values = [at * at * 7 % 101 / 101 - 0.5 for at in range(120)]
    found = stationary_interval(values, range(120), 10, "pinned")

    assert ends(found) == PINNED
    assert ends(stationary_interval(values, range(120), 10, "another")) != PINNED


def test_an_interval_is_the_same_alone_and_among_others() -> None:
    rng = np.random.default_rng(4)
    several = [
        bootstrap.Drawable(
            sums=rng.normal(0, 1, reach), counts=np.ones(reach), mean_block=block, seed=str(at)
        )
        for at, (reach, block) in enumerate([(90, 10), (60, 10), (90, 10), (15, 10), (90, 5)])
    ]

    together = bootstrap.stationary_intervals(several)
    assert together == [bootstrap.stationary_intervals([each])[0] for each in several]
    assert [each.low is None for each in together] == [False, False, False, True, False]
    assert len({each.low for each in together}) == 5


def test_draws_of_one_shape_are_made_once() -> None:
    values = autoregressive(3, 77)
    before = bootstrap._blocks.cache_info()
    for seed in ("a", "b", "c", "d"):
        stationary_interval(values, range(77), 7, seed)

    after = bootstrap._blocks.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 3)


def test_neither_order_nor_the_number_of_the_first_session_matters() -> None:
    values = autoregressive(2, 150)
    positions = [at // 2 for at in range(150)]
    order = list(range(150))
    random.Random(1).shuffle(order)
    found = stationary_interval(values, positions, 6, "order")

    assert found == stationary_interval(
        [values[at] for at in order], [positions[at] + 9_000 for at in order], 6, "order"
    )


def test_the_interval_covers_the_true_mean_nearly_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(200):
        low, high = ends(
            stationary_interval(
                autoregressive(seed, 400, 0.3), range(400), 12, str(seed), draws=199
            )
        )
        covered += low <= 0 <= high

    assert 0.88 <= covered / 200 <= 0.98


@pytest.mark.parametrize("n", [0, 1])
def test_an_interval_needs_two_values(n: int) -> None:
    found = stationary_interval([0.1][:n], [3][:n], 5, "x")

    assert (found.low, found.high) == (None, None)
    assert found.reason == f"expected at least 2 values, was {n}"


def test_an_interval_needs_two_blocks_of_positions() -> None:
    short = stationary_interval([0.1, 0.2, 0.3], [1, 5, 59], 30, "x")

    assert short.low is None
    assert short.reason == "expected at least 60 positions, was 59"
    assert ends(stationary_interval(autoregressive(1, 60), range(60), 30, "x"))


def test_values_that_do_not_vary_have_no_interval() -> None:
    found = stationary_interval([0.45] * 100, range(100), 5, "all hits")

    assert (found.low, found.high, found.reason) == (None, None, "the values do not vary")


def test_values_at_far_too_few_positions_have_no_interval() -> None:
    found = stationary_interval([0.1, 0.3], [0, 999], 30, "sparse")

    assert (found.low, found.reason) == (None, "too few positions hold a value")


def test_a_block_of_less_than_one_position_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a mean block of at least 1 position, was 0\.5"):
        stationary_interval([0.1, 0.2], [1, 2], 0.5, "x")
