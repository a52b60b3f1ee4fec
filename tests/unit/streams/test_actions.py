"""Splits and dividends between the entry and an observation, by hand."""

import pytest

from streams.domain.calendar import label_days
from streams.domain.observations import Dividend, Split
from tests.unit.streams.paths import claim_of, path_of


@pytest.mark.parametrize(
    ("ex_date", "raw"),
    [("2024-01-02", -0.5), ("2024-01-03", 0.0), ("2024-01-04", 0.0), ("2024-01-10", -0.5)],
)
def test_a_split_counts_from_after_the_entry_to_the_session(ex_date: str, raw: float) -> None:
    closes = [100.0, *[50.0] * 5]

    path = path_of(closes, claim_of(horizon=5), splits=[Split(label_days(ex_date), 2.0)])

    assert path.facts.raw_return == raw
    assert path.close.tolist() == closes[1:]


def test_splits_multiply() -> None:
    days_of = [label_days(each) for each in ("2024-01-03", "2024-01-06", "2024-01-09")]
    splits = [Split(day, ratio) for day, ratio in zip(days_of, (2.0, 3.0, 0.5), strict=True)]

    path = path_of([12.0, 6, 6, 6, 2, 4], claim_of(horizon=5), splits=splits)

    assert path.raw.tolist() == [0.0] * 5


@pytest.mark.parametrize(
    ("ex_date", "raw"), [("2024-01-02", -0.02), ("2024-01-03", 0.0), ("2024-01-06", 0.0)]
)
def test_with_total_return_a_dividend_counts_from_after_the_entry(ex_date: str, raw: float) -> None:
    closes = [100.0, 100.0, 100.0, 100.0, 98.0]
    paid = [Dividend(label_days(ex_date), 2.0)]

    price = path_of(closes, claim_of(horizon=4), dividends=paid)
    total = path_of(closes, claim_of(horizon=4)._replace(total_return=True), dividends=paid)
    short = claim_of("SELL", horizon=4)._replace(total_return=True)

    assert price.facts.raw_return == pytest.approx(-0.02)
    assert total.facts.raw_return == pytest.approx(raw)
    assert path_of(closes, short, dividends=paid).signed[-1] == pytest.approx(-raw)


def test_a_dividend_after_a_split_is_paid_on_the_new_shares() -> None:
    splits = [Split(label_days("2024-01-03"), 2.0)]
    claim = claim_of(horizon=3)._replace(total_return=True)
    closes = [100.0, 50.0, 50.0, 49.0]
    after = [Dividend(label_days("2024-01-05"), 1.0)]
    same_day = [Dividend(label_days("2024-01-03"), 2.0)]

    assert path_of(closes, claim, splits=splits, dividends=after).facts.raw_return == 0.0
    assert path_of(closes, claim, splits=splits, dividends=same_day).facts.raw_return == 0.0


def test_a_jump_that_no_split_explains_is_suspect() -> None:
    closes = [100.0, 100, 50, 50, 71, 60]
    split = Split(label_days("2024-01-04"), 2.0)

    alone = path_of(closes, claim_of(horizon=5)).facts
    explained = path_of(closes, claim_of(horizon=5), splits=[split]).facts

    assert alone.suspect_sessions == ("2024-01-04", "2024-01-08")
    assert explained.suspect_sessions == ("2024-01-08",)


@pytest.mark.parametrize("total_return", [False, True])
def test_a_dividend_explains_a_fall_and_makes_no_jump_of_its_own(total_return: bool) -> None:
    claim = claim_of(horizon=5)._replace(total_return=total_return)
    closes = [100.0, 100, 55, 55, 55, 55]
    fall, quiet = (Dividend(label_days(f"2024-01-0{day}"), 44.0) for day in (4, 5))

    assert path_of(closes, claim).facts.suspect_sessions == ("2024-01-04",)
    assert path_of(closes, claim, dividends=[fall, quiet]).facts.suspect_sessions == ()
