"""Results on disk, in tables, in the manual and in the picture."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import docs, plot, results, tables
from benchmarks.lines import AT_MOST, Line, Outcome, Series

TOLD = {"broker": "a broker", "quick": True, "seconds": 1.5}
KEYS = {"scenario", "metric", "value", "unit", "against", "ratio", "floor", "direction", "holds"}


def outcome(scenario: str, value: float) -> Outcome:
    lines = [
        Line(scenario=scenario, metric="rate", value=value, unit="/s", floor=10.0),
        Line(
            scenario=scenario, metric="cost", value=value, unit="us", floor=5.0, direction=AT_MOST
        ),
    ]
    series = [Series(contestant="worker", unit="/s", values=[value, value + 2, value + 1])]
    return Outcome(lines=lines, series=series, notes=["a fact"])


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "bench.json"
    results.write(path, "latency", outcome("latency", 20.0), TOLD)
    results.write(path, "single_ticks", outcome("single_ticks", 4.0), TOLD)
    return path


def content(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return results.read_lines(path), results.read_runs(path)


def test_results_are_a_list_of_objects_in_the_order_of_the_scenarios(written: Path) -> None:
    lines = json.loads(written.read_text())

    assert [each["scenario"] for each in lines] == ["single_ticks"] * 2 + ["latency"] * 2
    assert all(set(each) == KEYS for each in lines)
    assert [each["holds"] for each in lines] == [False, True, True, False]


def test_a_scenario_run_again_replaces_its_own_results_alone(written: Path) -> None:
    results.write(written, "latency", outcome("latency", 3.0), TOLD)

    lines, runs = content(written)
    assert [each["value"] for each in lines] == [4.0, 4.0, 3.0, 3.0]
    assert list(runs) == ["single_ticks", "latency"]


def test_cleared_results_are_gone(written: Path) -> None:
    results.clear(written)

    assert content(written) == ([], {})


def test_what_does_not_hold_is_found(written: Path) -> None:
    assert [each["metric"] for each in results.failing(results.read_lines(written))] == [
        "rate",
        "cost",
    ]


def test_the_table_shows_medians_ranges_bounds_and_notes(written: Path) -> None:
    text = tables.text(*content(written))

    (row,) = (line.split() for line in text.splitlines() if " worker " in line and "single" in line)
    assert row == ["single_ticks", "worker", "5", "4", "6", "/s,", "3", "runs"]
    assert "at least 10: DOES NOT HOLD" in text
    assert "latency: a fact" in text


def test_markdown_names_the_broker_and_every_bound(written: Path) -> None:
    text = tables.markdown(*content(written))

    assert text.startswith("Broker: a broker. 2 scenarios in 0 minutes, of them quick:")
    assert "| `single_ticks` | rate | 4 | /s |  | at least 10 | **no** |" in text
    assert "| `latency` | worker | 21 | 20 - 22 | /s | 3 |" in text


def test_generated_text_stands_between_the_markers() -> None:
    page = f"before\n{docs.BEGIN}\nold\n{docs.END}\nafter\n"

    once = docs.filled(page, "new")

    assert once == f"before\n{docs.BEGIN}\n\nnew\n\n{docs.END}\nafter\n"
    assert docs.filled(once, "new") == once


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the markers"):
        docs.filled("a page", "new")


def test_the_manual_has_the_markers() -> None:
    page = (Path(__file__).parents[3] / "docs" / "performance.md").read_text()

    assert page.count(docs.BEGIN) == page.count(docs.END) == 1


def test_the_picture_has_a_bar_for_each_bound(written: Path) -> None:
    picture = ElementTree.fromstring(plot.svg(results.read_lines(written), {}))

    bars = [each for each in picture.iter() if each.tag.endswith("rect")]
    assert [each.get("class") for each in bars] == ["no", "yes", "yes", "no"]


def test_the_picture_shows_the_rates_of_all_contestants() -> None:
    series = [
        {"contestant": name, "unit": unit, "values": [value]}
        for name, unit, value in (
            ("worker", "ticks/s", 2.0),
            ("a <peer>", "ticks/s", 4.0),
            ("worker, CPU", "us/tick", 1.0),
        )
    ]

    picture = ElementTree.fromstring(plot.svg([], {"single_ticks": {"series": series}}))

    bars = [each for each in picture.iter() if each.tag.endswith("rect")]
    assert [each.get("class") for each in bars] == ["peer", "yes"]
    assert float(bars[0].get("width", 0)) == 2 * float(bars[1].get("width", 0))


def test_a_bar_goes_right_where_the_bound_holds() -> None:
    assert plot.margin({"value": 30.0, "floor": 10.0, "direction": "at least"}) == 3.0
    assert plot.margin({"value": 30.0, "floor": 10.0, "direction": AT_MOST}) == 1 / 3
