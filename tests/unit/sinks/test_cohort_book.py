"""A book that is kept, beside a new one over the same signals: every figure, to the last bit."""

import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinks.cohort_book import EvidenceBook
from sinks.cohort_columns import columns_of
from sinks.cohorts import build_cohorts
from sinks.evidence.cohort import Cohort
from sinks.rows import SignalRow
from tests.builders import make_policy
from tests.unit.sinks.cohort_worlds import Bars, World, close_ms_of, random_world, row_on

POLICY = make_policy(min_sessions=3, hold_band=0.03)
TICKERS = ("AAPL", "MSFT", "BTC-USD", "^GSPC")


@dataclass(kw_only=True)
class Desk:
    """What stands in the book by ticker, and the book."""

    book: EvidenceBook = field(default_factory=lambda: EvidenceBook(POLICY))
    rows: dict[str, list[SignalRow]] = field(default_factory=dict)
    bars: dict[str, Bars] = field(default_factory=dict)

    def put(self, world: World, *tickers: str) -> None:
        """Replace these tickers by what they are in a world."""
        for name in tickers:
            self.rows[name] = [row for row in world.rows if row.ticker == name]
            self.bars[name] = world.bars[name]
        signals = columns_of(row for name in tickers for row in self.rows[name])
        self.book.replace(tickers, signals, {name: self.bars[name].history() for name in tickers})

    def anew(self, as_of_ms: int | None) -> list[Cohort]:
        rows = [row for name in sorted(self.rows, reverse=True) for row in self.rows[name]]
        prices = {name: each.history() for name, each in self.bars.items()}
        return build_cohorts(rows, prices, POLICY, as_of_ms)


def worlds(seed: int) -> list[World]:
    """Three worlds of the same tickers; the last has no signal of one of them."""
    found = [random_world(seed + at, POLICY, signals=90, count=40 + 5 * at) for at in range(3)]
    less = [row for row in found[2].rows if row.ticker != "MSFT"]
    return [*found[:2], replace(found[2], rows=less)]


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_book_after_any_replacements_is_a_new_book_of_what_it_holds(seed: int) -> None:
    rng = random.Random(seed)
    several, desk = worlds(seed), Desk()
    desk.put(several[0], *TICKERS)
    for _ in range(5):
        world = rng.choice(several)
        desk.put(world, *rng.sample(TICKERS, rng.choice((1, 1, 2))))
        as_of_ms = rng.choice((None, world.as_of_ms, close_ms_of("2024-01-09")))

        if rng.random() < 0.7:
            assert desk.book.cohorts(as_of_ms) == desk.anew(as_of_ms)
    assert desk.book.cohorts(several[0].as_of_ms) == desk.anew(several[0].as_of_ms)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_tickers_that_come_one_by_one_make_the_book_of_all_at_once(seed: int) -> None:
    world, desk = worlds(seed)[0], Desk()
    names = list(TICKERS)
    random.Random(seed).shuffle(names)
    for name in names:
        desk.put(world, name)

    assert desk.book.cohorts(world.as_of_ms) == build_cohorts(
        world.rows, world.prices, POLICY, world.as_of_ms
    )


def test_a_ticker_that_is_taken_away_and_put_back_leaves_the_same_bits() -> None:
    world, desk = worlds(7)[0], Desk()
    desk.put(world, *TICKERS)
    before = desk.book.cohorts(world.as_of_ms)
    desk.book.replace(["AAPL"], columns_of([]), {})

    assert all(each.key.ticker != "AAPL" for each in desk.book.cohorts(world.as_of_ms))
    desk.put(world, "AAPL")
    assert desk.book.cohorts(world.as_of_ms) == before


def test_only_the_cohorts_and_roll_ups_of_a_ticker_are_measured_again() -> None:
    bars = {
        name: Bars(ticker=name, closes=[100.0 + (at * 7 + n) % 5 for at in range(20)])
        for n, name in enumerate(("A", "B", "^GSPC"))
    }
    rows = [
        row_on(bars[name], at, POLICY, signal_id=f"s-{name}-{model}-{at}", model_name=model)
        for name, models in (("A", "xy"), ("B", "z"))
        for model in models
        for at in range(6)
    ]
    book = EvidenceBook(POLICY)
    prices = {name: each.history() for name, each in bars.items()}
    book.replace(bars, columns_of(rows), prices)
    book.cohorts(None)
    before = book.measured
    kept = [row for row in rows if row.ticker == "B"]
    book.replace(["B"], columns_of(kept), {"B": prices["B"]})
    book.cohorts(None)

    # Of B: its own roll-up, the cohort and the model of z, and all.
    assert (before, book.measured - before) == (9, 4)


@pytest.mark.parametrize("together", [1, 40, 10**6])
def test_how_many_signals_are_added_up_together_changes_nothing(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = worlds(3)[0]
    whole = build_cohorts(world.rows, world.prices, POLICY, world.as_of_ms)
    monkeypatch.setattr("sinks.cohort_book._TOGETHER", together)

    assert build_cohorts(world.rows, world.prices, POLICY, world.as_of_ms) == whole


def test_a_bar_of_the_benchmark_touches_the_series_that_have_its_day_and_no_other() -> None:
    bars = {
        name: Bars(ticker=name, closes=[100.0 + (at * 7 + n) % 5 for at in range(count)])
        for n, (name, count) in enumerate((("A", 20), ("B", 12), ("^GSPC", 15)))
    }
    rows = [
        row_on(bars[name], at, POLICY, signal_id=f"s-{name}-{at}", model_name=name)
        for name, entries in (("A", range(8, 16)), ("B", range(4)))
        for at in entries
    ]
    prices = {name: each.history() for name, each in bars.items()}
    book = EvidenceBook(POLICY)
    book.replace(bars, columns_of(rows), prices)
    book.cohorts(None)
    before = book.measured
    longer = Bars(ticker="^GSPC", closes=[*bars["^GSPC"].closes, 103.0]).history()
    book.replace(["^GSPC"], columns_of([]), {"^GSPC": longer})
    found = book.cohorts(None)

    # The cohort, the model and the ticker A, and all; B's signals closed before.
    assert book.measured - before == 4
    assert found == build_cohorts(rows, {**prices, "^GSPC": longer}, POLICY, None)
