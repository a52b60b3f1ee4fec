"""The figures, and the bytes of the text, JSON and CSV reports."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sinks.report import Report, build_report
from sinks.report_csv import COLUMNS, cell
from sinks.report_json import summary_json
from sinks.report_text import report_text
from sinks.snapshot import load_report, write_reports
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import read_rows, reading
from tests.builders import make_policy
from tests.unit.sinks.policy_samples import make_policy_version
from tests.unit.sinks.report_samples import shown
from tests.unit.sinks.samples import (
    DAY_MS,
    GENERATED_MS,
    batch_of,
    make_bar,
    make_dead_letter,
    make_matured,
    make_observation,
    make_observations,
    make_state,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "reports"
RULE = "=" * 80
POLICY = make_policy()
JUDGED = {"policy": POLICY.name, "policy_hash": POLICY.hash}
LINE = "-" * 80


@pytest.fixture
def filled(sink: SqliteSink) -> SqliteSink:
    """Six signals: passed, failed, tracking, a fallback HOLD, a synthetic one, one unpriced."""
    sink.write(
        batch_of(
            make_policy_version(POLICY),
            make_matured(**JUDGED, signal_id="s-1"),
            make_matured(**JUDGED, signal_id="s-2", passed=False, action="SELL", ticker="MSFT"),
            make_state(
                **JUDGED,
                signal_id="s-3",
                status="tracking",
                first_session="2025-11-03",
                entry_price=100.0,
                entry_index=7,
                model="other, model with a long name",
                model_version="2",
            ),
            make_state(
                **JUDGED, signal_id="s-4", action="HOLD", source_kind="fallback", source="fallback"
            ),
            make_matured(**JUDGED, signal_id="s-5", data_kind="synthetic", ticker="MSFT"),
            make_state(
                signal_id="s-6", ticker="ZZZ", latency_seconds=-0.0, stale_after_ms=GENERATED_MS
            ),
            make_observations(
                make_observation("2025-11-04", 1, signal_id="s-3", signed_return=-0.0)
            ),
            make_bar("2025-11-03"),
            make_bar("2025-11-04", close_ms=GENERATED_MS + 52_165_000 + DAY_MS),
            make_bar("2025-11-03", ticker="MSFT", conflicting_close=True),
            make_dead_letter(),
            positions={("bars", 0): 3, ("bars", 1): 4},
        )
    )
    return sink


@pytest.fixture
def report(filled: SqliteSink) -> Report:
    return load_report(filled.path)


def test_the_reports_have_the_golden_bytes(filled: SqliteSink) -> None:
    for path in write_reports(filled.path, filled.path.parent / "out"):
        if path.name != "report.html":
            assert path.read_bytes().decode() == (GOLDEN / path.name).read_bytes().decode()


def test_whole_rows_and_short_ones_make_the_same_figures(filled: SqliteSink) -> None:
    with reading(filled.path) as connection:
        judged = build_report(read_rows(connection))

    assert replace(judged.counted, cohorts=[]) == replace(
        load_report(filled.path).counted, cohorts=[]
    )
    assert judged.cohorts == load_report(filled.path).cohorts


def test_the_text_report_begins_with_the_original_sections(sink: SqliteSink) -> None:
    sink.write(
        batch_of(
            make_state(signal_id="a", action="HOLD", source_kind="fallback"),
            make_state(signal_id="m", action="HOLD", source_kind="fallback", ticker="MSFT"),
        )
    )
    original = "\n".join(
        [
            RULE,
            "LLM SIGNAL TRACKING & VALIDATION REPORT",
            RULE,
            "Generated: 2025-11-03 06:40:35",
            "",
            "OVERALL SUMMARY",
            LINE,
            "Total Signals Tracked: 2",
            "Validated Signals: 0",
            "Validation Rate: 0.0%",
            "Ready for Trading: 0",
            "",
            "PERFORMANCE BY TICKER",
            LINE,
            "Ticker      Total    Validated      Avg Return",
            LINE,
            "AAPL            1            0            n/a",
            "MSFT            1            0            n/a",
            "",
            "PERFORMANCE BY ACTION",
            LINE,
            "Action      Total    Validated     Rate",
            LINE,
            "HOLD            2            0    0.0%",
            "",
            "❌ NO SIGNALS READY FOR TRADING",
            LINE,
            "Signals must pass all validation criteria:",
            "- Annual return > 10%",
            "- Validation period >= 30 days",
            "- Sharpe ratio > 0",
            "- Beats buy-and-hold baseline",
            RULE,
        ]
    )

    assert report_text(load_report(sink.path)).startswith(original + "\n")


def test_a_row_of_the_ticker_table_is_as_wide_as_the_original(report: Report) -> None:
    lines = report_text(report).splitlines()

    assert "AAPL            3            1          3.21%" in lines
    assert "BUY             4            2   50.0%" in lines


def test_the_text_has_no_final_newline_and_no_line_beyond_the_rules(report: Report) -> None:
    text = report_text(report)

    assert text.endswith(RULE)
    assert max(map(len, text.splitlines())) == 80


def test_an_empty_database_gives_undefined_rates_and_no_time(sink: SqliteSink) -> None:
    report = load_report(sink.path)

    text, summary = report_text(report), json.loads(summary_json(report))
    assert "Generated: n/a" in text
    assert "Validation Rate: n/a" in text
    assert summary["validation_rate"] is None
    assert summary["as_of"]["as_of_ms"] is None
    assert json.loads(shown(sink, "tracking"))["metadata"]["created"] is None
    assert shown(sink, "csv").count("\n") == 1


def test_fallback_and_synthetic_signals_are_no_live_evidence(report: Report) -> None:
    by_class = {each.name: each for each in report.counted.by_data_class}

    assert {name: each.total for name, each in by_class.items()} == {
        "live": 4, "replay": 0, "backdated": 0, "fallback": 1, "synthetic": 1
    }  # fmt: skip
    assert (by_class["live"].hits, by_class["live"].hit_rate.n) == (1, 2)


def test_validated_stays_validated_whatever_came_after(sink: SqliteSink) -> None:
    sink.write(batch_of(make_matured(status="rejected", validation_status="failed")))

    assert load_report(sink.path).counted.everything.validated == 1


def test_nothing_is_ready_and_the_reason_is_given(report: Report) -> None:
    summary = json.loads(summary_json(report))

    assert summary["ready_for_trading"] == []
    assert summary["not_ready_reasons"]["cohort not ready"] == 6
    assert summary["not_ready_reasons"]["synthetic is not live evidence"] == 1


def test_a_ticker_without_any_price_is_named(report: Report) -> None:
    assert report.counted.unpriced_tickers == ["ZZZ"]
    assert report.counted.stale == ["s-6"]


def test_what_depends_on_arrival_stands_in_as_of_alone(filled: SqliteSink) -> None:
    before = json.loads(summary_json(load_report(filled.path)))
    filled.write(batch_of(make_dead_letter(offset=6), positions={("bars", 1): 9}))
    after = json.loads(summary_json(load_report(filled.path)))

    assert before.pop("as_of") != after.pop("as_of")
    assert before == after


def test_the_tracking_file_has_the_original_shape(filled: SqliteSink) -> None:
    held = json.loads(shown(filled, "tracking"))

    assert held["metadata"] == {
        "created": "2025-11-04T21:10:00.000Z",
        "version": "1.0",
        "total_signals": 6,
        "validated_signals": 2,
    }
    assert held["signals"]["s-3"]["performance"] == {
        "entry_price": 100.0,
        "entry_date": "2025-11-03",
        "observations": [
            {"date": "2025-11-04", "price": 101.0, "timestamp": "2025-11-04T21:10:00.000Z"}
        ],
        "current_return": 0.0,
        "last_update": "2025-11-04T21:10:00.000Z",
    }
    assert held["signals"]["s-6"]["performance"] == {}
    assert held["signals"]["s-1"]["validation_results"]["checks"]["annual_return"] == {
        "required": 0.1,
        "actual": 0.25,
        "passed": True,
        "annualised_from_sessions": 5,
        "under_a_year": True,
    }
    assert [each["signal_id"] for each in held["validation_history"]] == ["s-1", "s-2", "s-5"]


def test_the_csv_writes_null_boolean_and_float_one_way(filled: SqliteSink) -> None:
    text = shown(filled, "csv")
    rows = {each["signal_id"]: each for each in csv.DictReader(io.StringIO(text))}

    assert "\r" not in text
    assert list(rows) == sorted(rows)
    assert rows["s-1"]["net_return"] == "0.0321"
    assert rows["s-4"]["net_return"] == rows["s-4"]["hit"] == rows["s-4"]["max_drawdown"] == ""
    assert rows["s-3"]["max_drawdown"] == "0.0"
    assert rows["s-6"]["latency_seconds"] == "0.0"
    assert rows["s-6"]["stale"] == "true"
    assert rows["s-1"]["ready_for_trading"] == "false"
    assert rows["s-3"]["model"] == "other, model with a long name"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-9, "1e-09"),
        (-0.0, "0.0"),
        (5, "5"),
        (False, "false"),
    ],
)
def test_a_cell_is_the_shortest_text_that_reads_back(value: float, text: str) -> None:
    assert cell(value) == text


def test_the_csv_begins_with_the_columns_that_programs_rely_on() -> None:
    assert COLUMNS[:16] == (
        "signal_id", "ticker", "action", "horizon_sessions", "status", "validation_status",
        "entry_session", "entry_price", "observations", "net_return", "raw_return", "hit",
        "annual_return", "max_drawdown", "mae", "mfe",
    )  # fmt: skip
