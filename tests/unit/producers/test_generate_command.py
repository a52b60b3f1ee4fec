"""`generate --output`: prices, times, modes and usage errors, without a broker."""

import json
from pathlib import Path
from typing import Any

import pytest

import signal_tracker
from schemas.codec import from_json_fields
from schemas.records import Signal
from signal_tracker import cli
from sinks.sqlite import SqliteSink
from tests.unit.sinks.samples import batch_of, make_bar

# exchange_calendars' own, on a newer pandas
pytestmark = pytest.mark.filterwarnings("ignore:Series.values")

CLOSES = Path(signal_tracker.__file__).parent / "data" / "daily_closes_2015_2022.csv"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LLM_BASE_URL", "OPENAI_BASE_URL", "LLM_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LLM_FORCE_FALLBACK", "1")
    monkeypatch.setenv("SIGNAL_TRACKER_DATA", str(tmp_path / "data"))


def generated(capsys: Any, *words: str) -> list[dict[str, Any]]:
    assert cli.run(["generate", "--output", "-", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_without_prices_each_ticker_is_held(capsys: Any) -> None:
    rows = generated(capsys, "--execution-mode", "synthetic", "--tickers", "AAPL", "MSFT")

    assert [(row["ticker"], row["action"], row["confidence"]) for row in rows] == [
        ("AAPL", "HOLD", 0.35),
        ("MSFT", "HOLD", 0.35),
    ]
    assert {row["source_kind"] for row in rows} == {"fallback"}
    assert {row["data_kind"] for row in rows} == {"synthetic"}
    assert all(from_json_fields(Signal, row) for row in rows)


def test_a_seed_gives_the_same_signals_every_time(capsys: Any) -> None:
    words = ("--tickers", "AAPL", "MSFT", "--as-of", "2024-03-01T21:30:00Z", "--seed")

    first = generated(capsys, *words, "7")

    assert first == generated(capsys, *words, "7")
    assert first != generated(capsys, *words, "8")
    assert [row["entry_price"] for row in first] == [297.58, 93.47]


@pytest.mark.parametrize(
    ("as_of", "price"),
    [("2020-01-02T20:59:59.999Z", 71.712), ("2020-01-02T16:00:00-05:00", 73.348)],
)
def test_only_sessions_closed_by_then_are_looked_at(capsys: Any, as_of: str, price: float) -> None:
    (row,) = generated(capsys, "--tickers", "AAPL", "--prices", str(CLOSES), "--as-of", as_of)

    assert row["entry_price"] == price


def test_without_a_file_the_closes_of_the_database_count(capsys: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    sink = SqliteSink(tmp_path / "data" / "signals.db")
    sink.open()
    days = [f"2025-{month:02}-{day:02}" for month in (9, 10, 11) for day in range(1, 21)]
    bars = [
        make_bar(day, session_index=n, close_ms=1_756_760_400_000 + n * 86_400_000, close=100.0 + n)
        for n, day in enumerate(days)
    ]
    sink.write(batch_of(*bars))
    sink.close()

    after_two = "2025-09-02T21:00:00Z"
    early = generated(capsys, "--tickers", "AAPL", "--as-of", after_two)
    late = generated(capsys, "--tickers", "AAPL", "MSFT", "--as-of", "2025-12-01T00:00:00Z")

    assert [row["entry_price"] for row in early] == [101.0]
    assert [(row["action"], row.get("entry_price")) for row in late] == [
        ("SELL", 159.0),
        ("HOLD", None),
    ]


def test_a_ticker_without_a_price_in_the_file_is_named(capsys: Any) -> None:
    words = ["--tickers", "AAPL", "NOPE", "--as-of", "2020-01-02T21:00:00Z"]
    assert cli.run(["generate", "--output", "-", "--prices", str(CLOSES), *words]) == 0

    out, err = capsys.readouterr()
    assert [json.loads(line)["action"] for line in out.splitlines()] == ["SELL", "HOLD"]
    assert f"NOPE: no close in {CLOSES}" in err


def test_a_file_is_written_and_logged(capsys: Any, tmp_path: Path) -> None:
    path = tmp_path / "signals.jsonl"

    assert cli.run(["generate", "--tickers", "AAPL", "--output", str(path)]) == 0

    assert capsys.readouterr().out == ""
    (row,) = map(json.loads, path.read_text().splitlines())
    assert row["signal_id"] in (tmp_path / "data/logs/track_llm_signals.log").read_text()
    assert "1 signal written" in (tmp_path / "data/logs/pipeline_run.log").read_text()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--seed", "7"], "--seed requires --as-of"),
        (["--as-of", "yesterday"], "expected a time as 2024-03-01T21:30:00Z"),
        (["--as-of", "2024-03-01T21:30:00"], "expected a time as 2024-03-01T21:30:00Z"),
        (["--as-of", "1970-01-01T00:00:00Z"], "expected a time from 1980 to 2099"),
        (["--prices", "nowhere.csv"], "does not exist"),
        (["--execution-mode", "paper"], "--execution-mode"),
    ],
)
def test_a_usage_error_is_one(words: list[str], reason: str, capsys: Any) -> None:
    assert cli.run(["generate", "--tickers", "AAPL", "--output", "-", *words]) == 2
    assert reason in capsys.readouterr().err


def test_an_endpoint_needs_a_model(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.delenv("LLM_FORCE_FALLBACK")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")

    assert cli.run(["generate", "--tickers", "AAPL", "--output", "-"]) == 2
    assert "expected --model NAME" in capsys.readouterr().err


def test_an_endpoint_that_fails_is_said_and_the_fallback_speaks(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.delenv("LLM_FORCE_FALLBACK")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")

    assert cli.run(["generate", "--tickers", "AAPL", "--model", "m", "--output", "-"]) == 0

    out, err = capsys.readouterr()
    row = json.loads(out)
    assert (row["model"], row["source_kind"], row["data_kind"]) == (
        "fallback:m",
        "fallback",
        "live",
    )
    assert "latency_seconds" not in row
    assert "AAPL: the model was asked in vain" in err
