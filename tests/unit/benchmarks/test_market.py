"""The market that the heavy scenarios play, and what it must come to."""

from benchmarks.market import ENTRIES, SESSIONS, Market, signal, window
from schemas.topics import partition_of
from streams.sessions import load_calendar

MARKET = Market(signals=1_000, partitions=4)


def test_every_signal_is_published_once_in_its_tickers_partition() -> None:
    found = [(partition, each) for partition in range(4) for each in MARKET.signals_of(partition)]

    assert len(found) == 1_000
    assert len({(each.ticker, each.generated_at_ms) for _, each in found}) == 1_000
    assert all(partition == partition_of(each.ticker, 4) for partition, each in found)


def test_every_ticker_closes_in_every_session() -> None:
    for session in (0, SESSIONS - 1):
        batches = [each for part in range(4) for each in MARKET.ticks_of(part, session)]

        assert sorted(name for each in batches for name in each.tickers) == MARKET.tickers


def test_a_price_does_not_depend_on_how_many_tickers_there_are() -> None:
    def prices(market: Market) -> dict[str, bytes]:
        return {
            name: batch.price[8 * at : 8 * at + 8]
            for part in range(4)
            for batch in market.ticks_of(part, 3)
            for at, name in enumerate(batch.tickers)
        }

    few, many = prices(MARKET), prices(Market(signals=4_000, partitions=4))

    assert few == {name: many[name] for name in few}


def test_a_signal_enters_at_the_close_of_one_of_the_first_sessions() -> None:
    calendar = load_calendar("XNYS")
    first = calendar.index_of(18_263) or 0
    entries = {
        next(i for i in range(ENTRIES) if calendar.closes[first + i] > each.generated_at_ms)
        for each in (signal("A", n) for n in range(50))
    }

    assert entries == set(range(ENTRIES))


def test_expected_observations_are_counted_signal_by_signal() -> None:
    slow = sum(
        1
        for n in range(MARKET.per_ticker)
        for session in range(SESSIONS)
        if 0 < session - n % ENTRIES <= window(n)
    )

    assert MARKET.observations() == slow * len(MARKET.tickers)


def test_a_session_is_steady_where_no_signal_enters_ends_its_horizon_or_is_judged() -> None:
    assert [each for each in range(SESSIONS) if not MARKET.steady(each)] == [
        *range(5),
        *range(21, 26),
        *range(30, 35),
    ]


def test_half_of_the_signals_are_judged_in_the_end() -> None:
    assert MARKET.statuses() == {"judged": 500, "tracking": 500}
