"""No report shows a rate without its n, an unmarked annual figure, or other evidence as live."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sinks.evidence.cohort import Cohort
from sinks.report import JudgedReport
from sinks.report_csv import cohorts_csv
from sinks.report_html import report_html
from sinks.report_html_page import html_page
from sinks.report_json import summary_json
from sinks.report_text import report_text
from sinks.rows import DATA_CLASSES
from sinks.sqlite import SqliteSink
from tests.builders import make_policy
from tests.unit.sinks.cohort_samples import (
    make_cohort,
    make_hold_cohort,
    make_roll_up,
    make_young_cohort,
)
from tests.unit.sinks.page_samples import SIGNALS, make_report
from tests.unit.sinks.report_samples import shown
from tests.unit.sinks.samples import batch_of, make_matured, make_state

COHORTS: tuple[Cohort, ...] = (
    make_cohort(),
    make_young_cohort(model="new"),
    make_hold_cohort(model="holder"),
    *(make_roll_up(level) for level in ("all", "model", "ticker")),
    *(make_cohort(data_class=name) for name in DATA_CLASSES[1:]),
)
VERDICT = {
    "status": "passed",
    "session": "2025-12-15",
    "as_of_ms": 1_765_832_400_000,
    "checks": [
        {
            "name": "annual_return",
            "op": ">=",
            "required": 0.1,
            "actual": 3.92,
            "status": "pass",
            "reason": "annualised from the horizon's net return",
        }
    ],
}
RATES = ("hit rate", "Sharpe", "PSR", "alpha", "Brier", "mean net", "above base", "win rate")
ANNUAL = ("sharpe", "sharpe_gross", "alpha")


@pytest.fixture(scope="module")
def report() -> JudgedReport:
    policy = make_policy()
    signals = [replace(each, verdict=each.verdict and VERDICT) for each in SIGNALS]
    made = make_report(*signals)
    return replace(made, policy=policy, counted=replace(made.counted, cohorts=COHORTS))


def objects(value: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every JSON object with the name it stands under."""
    if isinstance(value, dict):
        yield name, value
        for key, each in value.items():
            yield from objects(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each, name)


def test_every_rate_of_the_text_has_its_n_beside_it(report: JudgedReport) -> None:
    lines = report_text(report).partition("COHORT EVIDENCE")[2].partition("NOTES")[0].splitlines()
    told = [at for at, line in enumerate(lines) if any(word in line for word in RATES)]

    assert told
    for at in told:
        assert "(n " in lines[at] + lines[at + 1], lines[at]


def test_every_annual_figure_of_the_text_is_marked(report: JudgedReport) -> None:
    lines = report_text(report).partition("COHORT EVIDENCE")[2].partition("NOTES")[0].splitlines()
    annual = [at for at, line in enumerate(lines) if re.search(r"Sharpe|alpha", line)]
    shown = [each for each in COHORTS if each.key.level in {"cohort", "all"}]
    young = [each for each in shown if each.under_a_year and each.sessions]

    assert all("a year" in lines[at] for at in annual if "Sharpe ratio" not in lines[at])
    assert young
    unwrapped = " ".join(line.strip() for line in lines)
    assert unwrapped.count("UNDER A YEAR") == 2 * len(young)


def test_every_figure_of_the_json_has_its_n_and_every_annual_one_its_mark(
    report: JudgedReport,
) -> None:
    summary = json.loads(summary_json(report))
    figures = [(name, each) for name, each in objects(summary["cohorts"]) if "value" in each]

    assert len(figures) > 20 * len(COHORTS)
    assert all(isinstance(each["n"], int) for _, each in figures)
    for name, each in figures:
        if name in ANNUAL:
            assert each["annualised"] is True
            assert isinstance(each["under_a_year"], bool)
        if each["value"] is None and "wilson_95" not in each:
            assert each["reason"]


def test_every_rate_of_a_group_has_its_n(report: JudgedReport) -> None:
    summary = json.loads(summary_json(report))

    for name, each in objects(summary):
        if name in {"validation_rate", "hit_rate", "win_rate"}:
            assert {"n", "value", "wilson_95"} <= each.keys()
        if "avg_return" in each:
            assert "avg_return_n" in each


def test_a_row_of_the_cohorts_has_the_n_of_each_of_its_figures_and_the_mark(
    report: JudgedReport,
) -> None:
    for row in csv.DictReader(io.StringIO(cohorts_csv(report))):
        assert row["matured"].isdigit()
        assert row["sessions"].isdigit()
        assert row["benchmark_sessions"].isdigit()
        assert row["annualised_under_a_year"] in {"true", "false"}
        if row["hit_rate"]:
            assert row["hit_low"]
            assert row["hit_high"]
        empty = [name for name in ANNUAL if not row[name]]
        assert all(name in row["undefined"] for name in empty)


def test_an_annual_return_of_a_signal_says_from_how_many_sessions_it_is(sink: SqliteSink) -> None:
    sink.write(batch_of(make_matured(), make_state(signal_id="s-2")))
    rows = list(csv.DictReader(io.StringIO(shown(sink, "csv"))))
    annual = [row for row in rows if row["annual_return"]]
    results = json.loads(shown(sink, "tracking"))["signals"].values()
    checks = [
        check
        for each in results
        for name, check in each["validation_results"].get("checks", {}).items()
        if name == "annual_return"
    ]

    assert annual
    for row in annual:
        assert row["net_return"]
        assert row["annualised_from_sessions"] == row["horizon_sessions"]
        assert row["annualised_under_a_year"] == "true"
    assert checks
    for check in checks:
        assert check["under_a_year"] is True


def test_nothing_but_live_signals_is_in_live_evidence(report: JudgedReport) -> None:
    """Fallback and synthetic signals are other classes; where they are called, they are named."""
    summary = json.loads(summary_json(report))
    live = summary["by_data_class"]["live"]["total"]
    rows = list(csv.DictReader(io.StringIO(cohorts_csv(report))))
    text, page = report_text(report), report_html(html_page(report, report.signals))

    assert live == sum(each.data_class == "live" for each in report.signals) < len(report.signals)
    assert {row["data_class"] for row in rows} == set(DATA_CLASSES)
    for name in DATA_CLASSES[1:]:
        part = text.partition(f"COHORT EVIDENCE: {name}")[2].partition("COHORT EVIDENCE")[0]
        assert "live" in part.splitlines()[2] or name == "replay"
        assert f'id="{name}"' in page
