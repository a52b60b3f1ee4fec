"""Null models do not look at prices; planted ones have the edge that is stated, exactly."""

from dataclasses import replace

import numpy as np
import pytest

from studies.design import (
    APART,
    EDGES,
    IN_A_ROW,
    NUMBERS,
    PLANTED,
    apart,
    in_a_row,
    panel,
    planted,
)
from studies.draws import Draws
from studies.measures import chance_of
from studies.world import World


def test_null_models_draw_the_same_whatever_the_prices_are(world: World) -> None:
    other = replace(world, closes=world.closes[::-1, ::-1])

    for ours, theirs in zip(panel(world, 1, 40), panel(other, 1, 40), strict=True):
        if ours.design != PLANTED:
            assert ours.tickers.tolist() == theirs.tickers.tolist()
            assert ours.entries.tolist() == theirs.entries.tolist()
            assert (ours.action, ours.horizon) == (theirs.action, theirs.horizon)


def test_a_panel_is_its_null_models_and_twenty_planted_ones(world: World) -> None:
    models = panel(world, 3, 100)
    designs = [each.design for each in models]

    assert [designs.count(each) for each in (APART, IN_A_ROW, PLANTED)] == [75, 25, 20]
    assert len({each.name for each in models}) == 120
    assert all(30 <= each.n <= 40 and each.edge == 0 for each in models[:100])
    assert sorted((each.edge, each.n) for each in models[100:]) == [
        (edge, n) for edge in EDGES for n in NUMBERS
    ]
    for design in (APART, IN_A_ROW, PLANTED):
        kinds = {(each.action, each.horizon) for each in models if each.design == design}
        assert len(kinds) == 4


def test_another_seed_gives_another_panel(world: World) -> None:
    ours, again, other = (panel(world, seed, 8) for seed in (1, 1, 2))

    assert [each.entries.tolist() for each in ours] == [each.entries.tolist() for each in again]
    assert [each.entries.tolist() for each in ours] != [each.entries.tolist() for each in other]


def test_signals_in_a_row_are_of_one_ticker_on_consecutive_sessions(world: World) -> None:
    draws = Draws(5)
    for _ in range(200):
        tickers, entries = in_a_row(draws, world, 35)
        assert len(set(tickers.tolist())) == 1
        assert np.diff(entries).tolist() == [1] * 34
        assert 0 <= entries[0] <= entries[-1] < world.entries


@pytest.mark.parametrize("action", ["BUY", "SELL"])
@pytest.mark.parametrize("edge", [0.0, 0.1, 0.25])
def test_a_planted_model_is_right_as_often_as_stated(
    world: World, action: str, edge: float
) -> None:
    n = 40_000
    tickers, entries = planted(Draws(7), world, n, action=action, horizon=10, edge=edge)
    hits = world.hits(action, 10)[tickers, entries]
    stated = world.chances(action, 10) + edge

    for ticker, chance in enumerate(stated):
        held = hits[tickers == ticker]
        assert held.mean() == pytest.approx(chance, abs=4 * (0.25 / len(held)) ** 0.5)
    assert np.bincount(tickers, minlength=5) == pytest.approx(n / 5, rel=0.05)


def test_a_planted_model_draws_evenly_among_what_hits_and_what_misses(world: World) -> None:
    _, entries = planted(Draws(9), world, 40_000, action="BUY", horizon=5, edge=0.2)
    years = np.bincount(entries * 4 // world.entries, minlength=4)

    assert years == pytest.approx(10_000, rel=0.1)


def test_null_models_hit_as_often_as_is_taken_for_the_truth(world: World) -> None:
    nulls = [each for each in panel(world, 11, 4_000) if each.design != PLANTED]
    for design in (APART, IN_A_ROW):
        held = [each for each in nulls if each.design == design]
        apart_by = [
            world.hits(each.action, each.horizon)[each.tickers, each.entries].mean()
            - chance_of(each, world)
            for each in held
        ]
        assert np.mean(apart_by) == pytest.approx(0, abs=4 * np.std(apart_by) / len(held) ** 0.5)


def test_signals_drawn_apart_are_of_every_ticker_and_time(world: World) -> None:
    tickers, entries = apart(Draws(13), world, 20_000)

    assert np.bincount(tickers) == pytest.approx(4_000, rel=0.1)
    assert np.bincount(entries * 10 // world.entries) == pytest.approx(2_000, rel=0.15)
