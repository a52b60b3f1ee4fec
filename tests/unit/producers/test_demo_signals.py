"""The demonstration's signals: many, the same every time, and blind to the future."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exchange_calendars import get_calendar

import signal_tracker
from producers.demo_signals import HORIZONS, TICKERS, demo_signals
from producers.errors import InputError
from producers.prices import Close, read_closes
from schemas.identity import signal_id_of
from schemas.records import Signal
from schemas.rules import check_signal

CLOSES = Path(signal_tracker.__file__).parent / "data" / "daily_closes_2015_2022.csv"


@pytest.fixture(scope="module")
def closes() -> dict[str, list[Close]]:
    return read_closes(CLOSES, lambda refusal: pytest.fail(str(refusal)))


@pytest.fixture(scope="module")
def signals(closes: dict[str, list[Close]]) -> list[Signal]:
    return demo_signals(closes)


def test_there_are_enough_of_every_kind(signals: list[Signal]) -> None:
    models = Counter((each.model, each.action) for each in signals)

    assert len(signals) >= 1_200
    assert {each.ticker for each in signals} == set(TICKERS)
    assert {each.horizon_sessions for each in signals} <= set(HORIZONS)
    assert {each.data_kind for each in signals} == {"replay"}
    assert Counter(each.source_kind for each in signals) == {"fallback": 1_225, "rule": 520}
    assert min(models.values()) >= 90
    assert len({signal_id_of(each) for each in signals}) == len(signals)


def test_every_signal_keeps_the_rules_and_the_order_of_time(signals: list[Signal]) -> None:
    assert [check_signal(each) for each in signals] == signals
    times = [each.generated_at_ms for each in signals]
    assert times == sorted(times)


@pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")  # by the library itself
def test_every_signal_comes_shortly_after_the_close_that_it_knows(signals: list[Signal]) -> None:
    calendar = get_calendar("XNYS", start="2015-01-01", end="2022-12-31")
    days = calendar.sessions.strftime("%Y-%m-%d")
    ends = dict(zip(days, calendar.closes.array, strict=True))

    for each in signals:
        moment = datetime.fromtimestamp(each.generated_at_ms / 1000, UTC)
        minutes = (moment - ends[f"{moment:%Y-%m-%d}"]).total_seconds() / 60
        assert 0 < minutes <= 245


def test_signals_do_not_know_the_closes_after_them(
    closes: dict[str, list[Close]], signals: list[Signal]
) -> None:
    cut = {ticker: rows[:1_000] for ticker, rows in closes.items()}
    last = max(session for rows in cut.values() for session, _ in rows)
    until = datetime.fromisoformat(f"{last}T23:59:59+00:00").timestamp() * 1000

    early = {signal_id_of(each): each for each in demo_signals(cut)}
    same = {signal_id_of(each): each for each in signals if each.generated_at_ms <= until}

    # at its end a file yields one more signal of the fallback for each ticker
    assert all(early[key] == each for key, each in same.items() if key in early)
    assert len(same.keys() - early.keys()) <= len(TICKERS)
    assert len(early.keys() - same.keys()) <= len(TICKERS)


def test_the_last_close_has_signals_that_cannot_have_an_entry_yet(
    closes: dict[str, list[Close]], signals: list[Signal]
) -> None:
    last = max(session for rows in closes.values() for session, _ in rows)
    waiting = [
        each
        for each in signals
        if datetime.fromtimestamp(each.generated_at_ms / 1000, UTC).date().isoformat() == last
    ]

    assert {each.ticker for each in waiting} == set(TICKERS)


def test_the_greatest_revision_of_a_close_counts(tmp_path: Path) -> None:
    path = tmp_path / "closes.csv"
    path.write_text(
        "date,ticker,close,revision\n2020-01-03,A,3,0\n2020-01-02,A,2,1\n2020-01-02,A,9,0\n"
    )

    assert read_closes(path, print) == {"A": [("2020-01-02", 2.0), ("2020-01-03", 3.0)]}
    assert read_closes(path, print, tickers=["B"]) == {}


def test_a_file_without_sessions_has_no_closes(tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text("ts_event_ms,ticker,price\n1577975400000,A,3\n")

    with pytest.raises(InputError, match="expected closes of sessions, found none"):
        read_closes(path, print)
