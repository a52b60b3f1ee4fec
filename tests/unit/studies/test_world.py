"""What each signal would have come to, against a loop over the same closes."""

import pytest

from studies.world import ROUND_TRIP, WINDOW, World


def test_returns_and_hits_are_those_of_a_loop(world: World) -> None:
    for action, sign in (("BUY", 1.0), ("SELL", -1.0)):
        net, hits = world.net(action, 5), world.hits(action, 5)
        for ticker in range(len(world.tickers)):
            for entry in range(0, world.entries, 97):
                closes = world.closes[ticker]
                expected = sign * (closes[entry + 5] / closes[entry] - 1) - ROUND_TRIP
                assert net[ticker, entry] == pytest.approx(expected, abs=1e-15)
                assert hits[ticker, entry] == (expected > 0)


def test_a_signal_enters_only_where_its_window_ends_within_the_closes(world: World) -> None:
    assert world.net("BUY", 10).shape == (len(world.tickers), len(world.sessions) - WINDOW)
    assert world.hits("SELL", WINDOW).shape == (5, world.entries)


def test_the_chance_of_a_ticker_is_its_share_of_hits(world: World) -> None:
    hits = world.hits("SELL", 10)

    assert world.chances("SELL", 10).tolist() == [sum(row) / world.entries for row in hits.tolist()]


def test_the_benchmark_is_no_ticker_of_the_study(world: World) -> None:
    assert world.tickers == ("AAPL", "MSFT", "JPM", "XOM", "WMT")
    assert world.sessions[0] == "2015-01-02"
