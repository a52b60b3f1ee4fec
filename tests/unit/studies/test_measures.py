"""Shares, errors and coverage of a study, by hand and against brute force."""

import numpy as np
import pytest

from sinks.evidence.rates import wilson_interval
from studies.design import IN_A_ROW, PLANTED
from studies.draws import Draws
from studies.measures import (
    called,
    chance_of,
    detection,
    effective_number,
    error_of,
    estimate,
    false_discoveries,
    original_passes,
    share,
    wilson_covers,
)
from studies.world import World
from tests.unit.studies.builders import make_judged, make_model, make_replayed


def test_false_discoveries_are_of_those_called_alone() -> None:
    rows = [
        make_judged(null=True, ready=True),
        make_judged(null=True),
        make_judged(null=False, ready=True),
        make_judged(null=False, ready=True),
        make_judged(null=False),
    ]

    assert false_discoveries(rows) == 1 / 3
    assert false_discoveries(rows[1:2]) == 0.0
    assert [called(rows, null=True), called(rows, null=False)] == [1, 2]


def test_an_estimate_carries_two_standard_errors() -> None:
    found = estimate([1.0, 2.0, 3.0, 4.0])

    assert found.value == 2.5
    assert found.error == pytest.approx(2 * np.std([1, 2, 3, 4], ddof=1) / 2)
    assert estimate([1.0]).error is None
    assert error_of(share([True] * 40 + [False] * 60)) == pytest.approx(2 * 0.24**0.5 / 10)


def test_detection_counts_planted_models_by_what_is_asked() -> None:
    few = make_model(n=40, design=PLANTED, edge=0.1)
    many = make_model(n=80, design=PLANTED, edge=0.1)
    rows = [
        make_judged(model=few, ready=True),
        make_judged(model=few),
        make_judged(model=many, ready=True),
        make_judged(null=True, ready=True),
    ]
    found = detection(rows, lambda model: model.n)

    assert {key: (each.count, each.n) for key, each in found.items()} == {40: (1, 2), 80: (1, 1)}


def test_the_chance_in_a_row_is_that_over_every_start(world: World) -> None:
    model = make_model(n=35, design=IN_A_ROW, action="SELL", horizon=10)
    hits = world.hits("SELL", 10)[0]
    starts = [hits[first : first + 35].mean() for first in range(world.entries - 34)]

    assert chance_of(model, world) == pytest.approx(np.mean(starts), abs=1e-12)


def test_the_chance_apart_is_that_over_every_ticker_and_session(world: World) -> None:
    model = make_model(action="SELL", horizon=10)

    assert chance_of(model, world) == world.hits("SELL", 10).mean()


def test_an_interval_covers_only_between_its_ends(world: World) -> None:
    truth = chance_of(make_model(), world)

    assert wilson_covers(make_replayed(hit_low=truth - 0.01, hit_high=truth), world)
    assert not wilson_covers(make_replayed(hit_low=truth + 0.01, hit_high=1.0), world)
    assert not wilson_covers(make_replayed(hit_low=0.0, hit_high=truth - 0.01), world)


def test_independent_signals_count_as_many_as_they_are(world: World) -> None:
    draws, model = Draws(1), make_model(n=35)
    chance = chance_of(model, world)
    rates = [(draws.uniforms(35) < chance).mean() for _ in range(4_000)]
    rows = [make_replayed(model=model, hit_rate=float(each)) for each in rates]

    assert effective_number(rows, world) == pytest.approx(35, rel=0.08)


def test_a_wilson_interval_of_independent_draws_would_pass_the_study(world: World) -> None:
    draws, model = Draws(2), make_model(n=35)
    chance = chance_of(model, world)
    counts = [int((draws.uniforms(35) < chance).sum()) for _ in range(4_000)]
    ends = [wilson_interval(each, 35) for each in counts]
    rows = [make_replayed(model=model, hit_low=low, hit_high=high) for low, high in ends]

    covered = share(wilson_covers(each, world) for each in rows)
    assert covered.value == pytest.approx(0.95, abs=0.015)


def test_the_original_passes_ten_percent_a_year_from_thirty_prices(world: World) -> None:
    entries = np.arange(0, 1_900, 50)
    for action, sign in (("BUY", 1), ("SELL", -1)):
        model = make_model(
            action=action, tickers=np.full(len(entries), 1), entries=entries.astype(np.int64)
        )
        closes = world.closes[1]
        gains = [sign * (closes[each + 29] / closes[each] - 1) for each in entries]
        expected = [(1 + each) ** (365 / 30) - 1 > 0.10 for each in gains]
        assert original_passes(model, world) == expected
        assert True in expected
        assert False in expected
