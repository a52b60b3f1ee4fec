"""From a verdict to promotion and rejection, by commands alone, on a real broker.

The market is of 2030, so that what is published today is no past: live evidence.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sinks.sqlite_queries import read_paper, reading
from tests.builders import make_policy, make_rule, policy_toml
from tests.e2e.by_hand import Pipeline
from tests.e2e.judged import json_lines, query
from tests.e2e.processes import Running, processes_in, run
from tests.oracle.bars import sessions_of

WINDOW = 5
SESSIONS = [each for each in sessions_of("AAPL") if each.label >= "2030-01-02"][:20]
POLICY = make_policy(
    name="small",
    min_sessions=WINDOW,
    screen=(),
    checks=(make_rule("validation_period", float(WINDOW)), make_rule("annual_return", 0.1)),
    cohort=(),
)
# Both come true in their window; then one goes on, and the other turns.
PRICES = {
    "AAPL": [100.0 + n for n in range(20)],
    "MSFT": [*(100.0 + n for n in range(6)), *(105.0 - n for n in range(1, 15))],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A pipeline whose parts run, and the commands that are typed beside it."""

    pipeline: Pipeline
    parts: Sequence[Running]
    folder: Path

    def publish_signals(self) -> None:
        signals = [
            {
                "signal_id": f"rise-{ticker}",
                "ticker": ticker,
                "action": "BUY",
                "confidence": 0.7,
                "generated_at_ms": SESSIONS[0].close_ms - 1,
                "source": "desk",
                "source_kind": "rule",
                "model": "sma",
                "horizon_sessions": WINDOW,
            }
            for ticker in PRICES
        ]
        path = self.folder / "signals.jsonl"
        path.write_text("".join(f"{json.dumps(each)}\n" for each in signals))
        self.pipeline.publish("signals", path)

    def publish_closes(self, first: int, last: int) -> None:
        """The closes of sessions first to last, waited for until they are rows."""
        rows = [
            f"{SESSIONS[at].label},{ticker},{prices[at]}"
            for ticker, prices in PRICES.items()
            for at in range(first, last + 1)
        ]
        path = self.folder / f"closes-{first}.csv"
        path.write_text("\n".join(["date,ticker,close", *rows, ""]))
        self.pipeline.publish("ticks", path)
        self.settle()

    def settle(self) -> None:
        self.pipeline.wait_until_stored(*self.parts)

    def typed(self, *words: str) -> str:
        return run(*words, *self.pipeline.topics, "--data", str(self.pipeline.data)).stdout

    def review(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.typed("review", "--format", "json", *words))
        return found

    def apply(self) -> dict[str, str]:
        """Review, apply and wait; return what was decided by signal."""
        decided = self.review("--apply")["proposals"]
        self.settle()
        return {each["signal_id"]: each["kind"] for each in decided}

    def statuses(self) -> dict[str, str]:
        rows = query(self.pipeline.database, "SELECT signal_id, status FROM llm_signals")
        return {signal_id: status for signal_id, status in rows}

    def positions(self) -> dict[str, str]:
        with reading(self.pipeline.database) as connection:
            found = read_paper(connection)["positions"]
        return {each["signal_id"]: each["status"] for each in found}


@pytest.fixture
def desk(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Desk]:
    policy = tmp_path / "small.toml"
    policy.write_text(policy_toml(POLICY))
    with processes_in(tmp_path / "words") as processes:
        pipeline = Pipeline(processes, embedded_broker, tmp_path / "data", topic_prefix)
        pipeline.create_topics(2)
        words = (*pipeline.topics, "--policy", str(policy), "--data", str(pipeline.data))
        parts = [processes.start("worker", *words), pipeline.sqlite_sink()]
        yield Desk(pipeline=pipeline, parts=parts, folder=tmp_path)


def test_signals_are_staged_filled_and_promoted_or_rejected(desk: Desk) -> None:
    desk.publish_signals()
    desk.publish_closes(0, WINDOW)
    assert desk.statuses() == {"rise-AAPL": "passed", "rise-MSFT": "passed"}
    assert [each["kind"] for each in desk.review()["proposals"]] == ["stage", "stage"]

    words = ("stage", "--signal", "rise-AAPL", "--reason", "it looks good", "--by", "desk")
    decided = json.loads(desk.typed("decide", *words))
    assert decided["session"] == SESSIONS[WINDOW].label
    assert json.loads(desk.typed("decide", *words)) == decided
    desk.settle()

    assert desk.statuses() == {"rise-AAPL": "staged", "rise-MSFT": "passed"}
    tail = ("events", "tail", *desk.pipeline.topics, "--signal", "rise-AAPL")
    event = json_lines(run(*tail).stdout.splitlines())[-1]
    assert (event["from_status"], event["to_status"]) == ("passed", "staged")
    assert event["reason"] == "it looks good"

    found = {each["signal_id"]: each for each in desk.review()["signals"]}
    assert "no session after" in found["rise-AAPL"]["proposal_reason"]
    assert found["rise-MSFT"]["proposal"] == "stage"
    assert desk.apply() == {"rise-MSFT": "stage"}
    assert desk.positions() == {"rise-AAPL": "waiting", "rise-MSFT": "waiting"}
    assert desk.apply() == {}

    desk.publish_closes(WINDOW + 1, WINDOW + 1)
    assert desk.positions() == {"rise-AAPL": "open", "rise-MSFT": "open"}
    # Twice, before the first can have come back as rows.
    first, again = desk.review("--apply"), desk.review("--apply")
    desk.settle()
    assert {each["kind"] for each in first["proposals"]} == {"start-paper"}
    assert again["proposals"] in (first["proposals"], [])
    assert desk.statuses() == {"rise-AAPL": "paper", "rise-MSFT": "paper"}

    desk.publish_closes(WINDOW + 2, 2 * WINDOW - 1)
    assert desk.apply() == {}
    desk.publish_closes(2 * WINDOW, 2 * WINDOW)
    assert desk.apply() == {"rise-AAPL": "promote", "rise-MSFT": "reject"}
    assert desk.statuses() == {"rise-AAPL": "promoted", "rise-MSFT": "rejected"}
    assert desk.apply() == {}

    decisions = query(desk.pipeline.database, "SELECT signal_id, kind, applied FROM decisions")
    assert sorted(decisions) == [
        (f"rise-{ticker}", kind, 1)
        for ticker, last in (("AAPL", "promote"), ("MSFT", "reject"))
        for kind in sorted(("stage", "start-paper", last))
    ]
    told = run("explain", "rise-MSFT", "--data", str(desk.pipeline.data)).stdout
    assert "reject" in told.partition("DECISIONS")[2]
    assert "annual_return: expected >= 0.1" in told.partition("TRANSITIONS")[2]
    assert "PAPER" in told


def test_what_is_refused_is_foretold_and_without_a_broker_is_an_error(desk: Desk) -> None:
    desk.publish_signals()
    desk.publish_closes(0, WINDOW)
    data = ["--data", str(desk.pipeline.data)]
    words = ("decide", "promote", "--signal", "rise-AAPL", "--reason", "at once", *data)

    done = run(*words, *desk.pipeline.topics)
    desk.settle()

    refusal = "`promote` is not possible for a signal that is passed"
    assert done.stderr == f"Warning: {refusal}; the worker will record it as refused\n"
    rows = query(desk.pipeline.database, "SELECT applied, refusal FROM decisions")
    assert rows == [(0, refusal)]

    err = run("review", "--apply", *data, "--broker", "127.0.0.1:1", expect=1).stderr
    assert err == "Error: no Kafka broker answers at 127.0.0.1:1\n"

    other = f"other-{desk.pipeline.prefix}"
    words = ("decide", "archive", "--signal", "rise-AAPL", "--reason", "x", *data)
    err = run(*words, "--broker", desk.pipeline.broker, "--prefix", other, expect=1).stderr
    assert err.startswith(f"Error: {desk.pipeline.database} holds the topic {desk.pipeline.prefix}")
