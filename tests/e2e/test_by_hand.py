"""One process a terminal: each part started, used and ended by itself, on a broker of its own."""

import json
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import CATALOGUE
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import csv_rows, differences, json_lines, query
from tests.e2e.processes import Processes, Running, processes_in, run, wait_until
from tests.oracle.examples import DAY_MS
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_market, random_signals, write_files

TICKERS = ("AAPL", "MSFT", "BTC-USD")
APART_MS = (-1, 0, 1, 3_600_000, 9 * DAY_MS)
REPORTS = (
    "llm_performance.txt", "llm_signal_tracking.json", "summary.json", "signals.csv",
    "cohorts.csv", "report.html",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminals:
    """A pipeline that has judged its files, and what its parts said on the way."""

    pipeline: Pipeline
    tail: Running
    wanted: dict[str, dict[str, Any]]
    told: dict[str, str]

    @property
    def data(self) -> list[str]:
        return ["--data", str(self.pipeline.data)]

    def a_signal(self, status: str) -> str:
        return next(key for key, row in self.wanted.items() if row["status"] == status)


def start_broker(processes: Processes, data: Path) -> tuple[Running, str]:
    broker = processes.start("broker", "--port", "0", "--data", str(data))
    return broker, wait_until("the broker's address", broker.lines, broker)[0]


@pytest.fixture(scope="module")
def terminals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminals]:
    folder = tmp_path_factory.mktemp("by-hand")
    rng = random.Random(5)
    market = random_market(rng, TICKERS, "2022-01-03", "2023-03-31")
    records = random_signals(rng, TICKERS, "2022-01-03", "2023-03-31", 60)
    signals, ticks = write_files(folder, records, market)
    cancels = cancels_of(records)
    decisions = folder / "D.jsonl"
    decisions.write_text("".join(f"{json.dumps(each)}\n" for each in cancels))
    with processes_in(folder / "words") as processes:
        _, address = start_broker(processes, folder / "broker")
        pipeline = Pipeline(processes, address, folder / "data")
        words = ["--broker", address]
        data = ["--data", str(pipeline.data)]
        told = {"created": run("topics", "create", *words).stdout}
        parts = [pipeline.worker(), pipeline.sqlite_sink(), pipeline.reports_sink()]
        tail = processes.start("events", "tail", "--follow", *words)
        told["signals"] = run("publish", "signals", str(signals), *words, *data).stdout
        told["ticks"] = run("publish", "ticks", str(ticks), *words, *data).stdout
        told["decisions"] = run("publish", "decisions", str(decisions), *words, *data).stdout
        pipeline.wait_until_stored(*parts, tail)
        told["created again"] = run("topics", "create", *words).stdout
        wanted = judge(records, market, decisions=cancels)
        yield Terminals(pipeline=pipeline, tail=tail, wanted=wanted, told=told)


def cancels_of(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return cancels of a few signals: too early, just in time, and mostly too late."""
    named = [each for each in records if "signal_id" in each]
    return [
        {
            "decision_id": f"d-{number}",
            "signal_id": each["signal_id"],
            "ticker": each["ticker"],
            "kind": "cancel",
            "decided_at_ms": each["generated_at_ms"] + after_ms,
            "reason": "on second thoughts",
        }
        for number, (each, after_ms) in enumerate(zip(named[:20], cycle(APART_MS), strict=False))
    ]


def test_topics_are_created_once(terminals: Terminals) -> None:
    names = [topic.name for topic in CATALOGUE]
    assert terminals.told["created"].splitlines() == [f"{name} created" for name in names]
    assert terminals.told["created again"].splitlines() == [f"{name} existed" for name in names]


@pytest.mark.parametrize("kind", ["signals", "ticks", "decisions"])
def test_publish_says_how_many_it_sent(kind: str, terminals: Terminals) -> None:
    assert terminals.told[kind].startswith(f"{kind}: ")
    assert terminals.told[kind].endswith(" sent, 0 refused\n")


def test_the_reports_follow_the_rows_and_agree_with_the_oracle(terminals: Terminals) -> None:
    data = terminals.pipeline.data

    def complete() -> bool:
        return all((data / name).exists() for name in REPORTS) and not differences(
            csv_rows(data), terminals.wanted
        )

    wait_until("the reports sink to write the last rows", complete)
    tracking = json.loads((data / "llm_signal_tracking.json").read_text())
    assert tracking["metadata"]["total_signals"] == len(terminals.wanted)
    assert tracking["signals"].keys() == terminals.wanted.keys()


@pytest.mark.parametrize(
    ("format_", "name"),
    [
        ("text", "llm_performance.txt"),
        ("json", "summary.json"),
        ("csv", "signals.csv"),
        ("html", "report.html"),
    ],
)
def test_a_report_on_demand_has_the_bytes_of_the_sink(
    format_: str, name: str, terminals: Terminals, tmp_path: Path
) -> None:
    output = tmp_path / "report"
    words = ["report", "--format", format_, *terminals.data]

    shown = run(*words).stdout
    run(*words, "--output", str(output))

    assert shown.rstrip("\n") == output.read_text(encoding="utf-8").rstrip("\n")
    wait_until(
        f"{name} to have the same bytes",
        lambda: (terminals.pipeline.data / name).read_bytes() == output.read_bytes(),
    )


def test_the_tail_shows_every_event_of_the_database(terminals: Terminals) -> None:
    rows = query(terminals.pipeline.database, "SELECT event_id FROM validation_events")
    stored = {event_id for (event_id,) in rows}

    wait_until(
        "every event in the tail",
        lambda: {each["event_id"] for each in json_lines(terminals.tail.lines())} == stored,
        terminals.tail,
    )


def test_the_tail_of_one_signal_tells_its_way(terminals: Terminals) -> None:
    signal_id = terminals.a_signal("passed")
    words = ["events", "tail", *terminals.pipeline.topics, "--signal", signal_id]

    events = json_lines(run(*words).stdout.splitlines())

    assert {each["signal_id"] for each in events} == {signal_id}
    assert events[0]["from_status"] is None
    assert events[-1]["to_status"] == "passed"


def test_status_shows_that_nothing_lags(terminals: Terminals) -> None:
    told = run("status", *terminals.pipeline.topics, *terminals.data).stdout

    assert told.count("lag in all: 0") == 2
    for status in ("passed", "failed", "tracking", "cancelled"):
        count = sum(row["status"] == status for row in terminals.wanted.values())
        assert any(line.split() == [status, str(count)] for line in told.splitlines())


def test_validate_shows_the_checks_of_each_signal(terminals: Terminals) -> None:
    table = run("validate", *terminals.data).stdout
    judged = json.loads(run("validate", "--format", "json", *terminals.data).stdout)

    assert f"{len(terminals.wanted)} signals: " in table
    assert {each["signal_id"]: each["status"] for each in judged} == {
        key: row["status"] for key, row in terminals.wanted.items()
    }
    assert all(each["checks"] for each in judged)
    assert all(check["name"] in table for each in judged for check in each["checks"])


def test_validate_shows_one_signal(terminals: Terminals) -> None:
    signal_id = terminals.a_signal("failed")
    words = ["validate", "--signal", signal_id, "--format", "json", *terminals.data]

    (judged,) = json.loads(run(*words).stdout)

    assert judged["verdict"] == "failed"
    assert any(check["status"] == "fail" for check in judged["checks"])
    assert judged["ready_for_trading"] is False


def test_explain_tells_entry_observations_checks_and_transitions(terminals: Terminals) -> None:
    signal_id = terminals.a_signal("passed")
    row = terminals.wanted[signal_id]

    told = run("explain", signal_id, *terminals.data).stdout

    assert f"{row['entry_price']} at the close of {row['entry_session']}" in told
    assert f"OBSERVATIONS {row['observations']} of {row['observations']}" in told
    assert "VERDICT passed" in told
    for status in ("registered", "awaiting_entry", "tracking", "matured", "passed"):
        assert status in told.partition("TRANSITIONS")[2]


@pytest.mark.parametrize("words", [["explain", "nobody"], ["validate", "--signal", "nobody"]])
def test_a_signal_that_is_not_there_is_an_error(words: list[str], terminals: Terminals) -> None:
    assert "nobody" in run(*words, *terminals.data, expect=1).stderr


def test_each_process_ends_cleanly_by_ctrl_c_and_by_sigterm(tmp_path: Path) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    signals = tmp_path / "S.csv"
    signals.write_text(
        "ticker,action,confidence,generated_at,source,source_kind,model\n"
        "AAPL,BUY,0.6,2024-01-02T15:00:00Z,desk,rule,sma\n"
    )
    with processes_in(tmp_path / "words") as processes:
        brokers = [start_broker(processes, tmp_path / number.name) for number in numbers]
        pipelines = [Pipeline(processes, address, tmp_path / address) for _, address in brokers]
        parts = [start_all(processes, pipeline) for pipeline in pipelines]
        for pipeline, running in zip(pipelines, parts, strict=True):
            pipeline.publish("signals", signals)
            wait_until("an event in the tail", running[0].lines, *running)
            pipeline.wait_until_stored(*running)
            report = pipeline.data / "llm_performance.txt"
            wait_until("a report", report.exists, *running)

        for number, (broker, _), running in zip(numbers, brokers, parts, strict=True):
            for each in [*running, broker]:
                assert each.end(number) == 0, str(each)
                assert "Traceback" not in each.err.read_text()


def start_all(processes: Processes, pipeline: Pipeline) -> list[Running]:
    """Start a tail, a worker and both sinks on topics of their own."""
    pipeline.create_topics()
    tail = processes.start("events", "tail", "--follow", "--broker", pipeline.broker)
    return [tail, pipeline.worker(), pipeline.sqlite_sink(), pipeline.reports_sink()]
