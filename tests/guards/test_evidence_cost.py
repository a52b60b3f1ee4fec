"""What the evidence costs, counted and not timed: the constants that its speed rests on."""

from sinks.cohort_book import EvidenceBook
from sinks.cohort_columns import SignalColumns, columns_of
from sinks.evidence import bootstrap
from sinks.rows import SignalRow
from tests.builders import make_policy
from tests.guards.counting import calls_of
from tests.unit.sinks.cohort_worlds import Bars, row_on

POLICY = make_policy(min_sessions=3)
TICKERS = [f"T{at}" for at in range(8)]
BARS = {
    name: Bars(ticker=name, closes=[100.0 + (at * (7 + n) + n) % 11 for at in range(40)])
    for n, name in enumerate([*TICKERS, POLICY.benchmark])
}
PRICES = {name: each.history() for name, each in BARS.items()}


def rows_of(ticker: str, each: int) -> list[SignalRow]:
    """Signals of every ticker in three cohorts of each of two models."""
    return [
        row_on(
            BARS[ticker], at % 30, POLICY, signal_id=f"s-{ticker}-{at:06}",
            model_name=f"m{at % 2}", action=("BUY", "SELL", "HOLD")[at % 3],
            confidence=0.5 + at % 40 / 100,
        )
        for at in range(each)
    ]  # fmt: skip


def signals_of(each: int) -> SignalColumns:
    return columns_of([row for ticker in TICKERS for row in rows_of(ticker, each)])


def cost_of(signals: SignalColumns) -> int:
    def run() -> None:
        book = EvidenceBook(POLICY)
        book.replace(PRICES, signals, PRICES)
        book.cohorts(None)

    run()
    return calls_of(run)


def test_a_signal_more_costs_no_call_in_python() -> None:
    """All that is done for each signal is done by columns; groups and their days cost the same."""
    few, many = cost_of(signals_of(120)), cost_of(signals_of(1_200))

    assert (many - few) / (8 * 1_080) < 0.05


def test_a_changed_ticker_costs_its_own_cohorts_and_roll_ups() -> None:
    book = EvidenceBook(POLICY)
    book.replace(PRICES, signals_of(30), PRICES)
    cohorts = book.cohorts(None)
    before = book.measured
    own = [row for row in rows_of("T3", 30) if row.model_name == "m0" and row.action == "BUY"]
    book.replace(["T3"], columns_of(own), {"T3": PRICES["T3"]})
    book.cohorts(None)

    # Six cohorts, two models, eight tickers and all; then all but the seven other tickers.
    assert (len(cohorts), before, book.measured - before) == (17, 17, 10)


def test_what_is_the_same_again_is_neither_drawn_nor_ranked() -> None:
    book = EvidenceBook(POLICY)
    book.replace(PRICES, signals_of(30), PRICES)
    first = book.cohorts(None)
    drawn = bootstrap._blocks.cache_info()
    own = columns_of(rows_of("T3", 30))
    book.replace(["T3"], own, {"T3": PRICES["T3"]})
    again = calls_of(lambda: book.cohorts(None))

    assert bootstrap._blocks.cache_info() == drawn
    assert book.cohorts(None) == first
    assert again < cost_of(signals_of(30)) / 4
