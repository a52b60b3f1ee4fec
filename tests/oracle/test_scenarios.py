"""The generators are seeded and reach the edges they are for."""

import csv
import json
import random
from pathlib import Path

import pytest

from tests.oracle.bars import fold_bars, session_at
from tests.oracle.examples import days
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_intraday, random_market, random_signals, write_files


class TestScenarios:
    """The generators reach what they are for."""

    TICKERS = ("AAPL", "XOM", "BTC-USD")

    def test_the_same_seed_gives_the_same_files(self, tmp_path: Path) -> None:
        """A failing seed can be run again, and the files hold every record."""
        written = []
        for name in ("a", "b"):
            rng = random.Random(7)
            market = random_market(rng, self.TICKERS, "1990-01-02", "1991-06-28")
            signals = random_signals(rng, self.TICKERS, "1990-01-02", "1991-06-28", 50)
            (tmp_path / name).mkdir()
            paths = write_files(tmp_path / name, signals, market)
            written.append([path.read_bytes() for path in paths])

        assert written[0] == written[1]
        assert [json.loads(line) for line in written[0][0].splitlines()] == signals
        rows = list(csv.DictReader(written[0][1].decode().splitlines()))
        assert [float(row["close"]) for row in rows] == [tick["price"] for tick in market]

    def test_every_outcome_occurs(self) -> None:
        """A thousand signals are enough to meet each status and each id conflict."""
        rng = random.Random(1)
        market = random_market(rng, self.TICKERS, "1990-01-02", "1993-12-31")
        signals = random_signals(rng, self.TICKERS, "1990-01-02", "1993-12-31", 1000)

        rows = judge(signals, market).values()

        assert {row["status"] for row in rows} == {
            "awaiting_entry",
            "tracking",
            "passed",
            "failed",
        }
        assert {row["hit"] for row in rows} == {None, "hit", "miss"}
        assert any(row["status"] == "tracking" and row["hit"] for row in rows)
        assert len(rows) < len(signals)

    def test_order_and_repetition_change_nothing(self) -> None:
        """The answer depends on the set of records only."""
        rng = random.Random(2)
        market = random_market(rng, self.TICKERS, "2015-01-02", "2016-12-30")
        signals = random_signals(rng, self.TICKERS, "2015-01-02", "2016-12-30", 200)
        rows = judge(signals, market)
        signals, market = signals * 2, market * 2
        rng.shuffle(signals)
        rng.shuffle(market)

        assert judge(signals, market) == rows

    @pytest.mark.parametrize("ticker", ["AAPL", "BTC-USD"])
    def test_intraday_ticks_hit_the_edges(self, ticker: str) -> None:
        """Some bars are open, conflict, or are restated; order does not matter."""
        rng = random.Random(3)
        ticks = random_intraday(rng, ticker, [*days("2023-11-01", 400, ticker), "2100-01-01"])
        bars = fold_bars(ticker, ticks)
        rng.shuffle(ticks)

        assert fold_bars(ticker, ticks) == bars
        assert {bar.final for bar in bars.values()} == {True, False}
        assert any(bar.revision for bar in bars.values())
        assert any(bar.conflicting_close for bar in bars.values())
        if ticker == "AAPL":
            assert any(
                session_at(ticker, tick["ts_event_ms"]) is None
                for tick in ticks
                if "session" not in tick
            )
