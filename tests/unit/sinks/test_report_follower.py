"""Reports that follow a database have the bytes of reports made anew, whatever came in between."""

import csv
import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policy import CheckRule
from schemas.records import Record, Screen
from sinks.report import build_report
from sinks.snapshot import Writer, load_report, write_reports
from sinks.sqlite import SqliteSink
from sinks.sqlite_queries import read_rows, reading
from tests.unit.sinks.policy_samples import make_paper_rules, make_policy, make_policy_version
from tests.unit.sinks.samples import (
    DAY_MS,
    GENERATED_MS,
    batch_of,
    make_bar,
    make_check,
    make_dead_letter,
    make_event,
    make_matured,
    make_observation,
    make_observations,
    make_stage,
    make_state,
)

SESSIONS = [f"2025-11-{day:02}" for day in range(3, 15)]
TICKERS = ("AAPL", "MSFT", "^GSPC")
EXPOSURE = CheckRule(name="ticker_exposure", op="<=", required=0.03)
POLICIES = [
    make_policy(screen=(EXPOSURE,), cohort=(CheckRule(name="trades", op=">=", required=1.0),)),
    make_policy(effective_from_ms=1, paper=make_paper_rules(capital=500.0)),
]
CHECKED = make_check(name="confidence", op=">=", required=0.5, reason="as published")
SCREENS = [
    Screen(status="passed", checks=[CHECKED], reason="every layer passed"),
    Screen(
        status="failed",
        checks=[replace(CHECKED, actual=0.25, status="fail")],
        reason="fail: confidence",
    ),
    Screen(
        status="insufficient",
        checks=[CHECKED, replace(CHECKED, actual=None, status="insufficient", reason="no bars")],
        reason="insufficient",
    ),
    Screen(status="passed", checks=[], reason=""),
    Screen(status="insufficient", checks=[], reason="no checks yet"),
]

draws = st.integers(0, 1_000_000)


def record(seed: int) -> Record:
    """A record that depends on a number; many fall upon the same rows."""
    digits = iter(_digits(seed))

    def pick(values: Sequence[Any]) -> Any:
        return values[next(digits) % len(values)]

    kind = pick(("bar", "bar", "state", "state", "matured", "seen", "policy", "letter", "event"))
    ticker = pick(TICKERS)
    if kind == "bar":
        at = next(digits) % len(SESSIONS)
        price = 90.0 + next(digits)
        prices = {"open": price, "high": price + 2, "low": price - 2, "close": price + 1}
        return make_bar(
            SESSIONS[at], ticker=ticker, close_ms=GENERATED_MS + at * DAY_MS,
            conflicting_close=pick((False, False, True)), split_ratio=pick((1.0, 1.0, 2.0)),
            **prices,
        )  # fmt: skip
    if kind in ("state", "matured"):
        return _state(pick, ticker, matured=kind == "matured")
    if kind == "seen":
        at = 1 + next(digits) % 6
        close = pick((100.0 + at, 91.0 + at))
        element = make_observation(
            SESSIONS[at], at, signal_id=f"s-{pick(range(5))}", payload_hash=pick(("aa", "bb")),
            close=close, signed_return=pick((0.01, -0.0)),
        )  # fmt: skip
        return make_observations(element, ticker=ticker)
    if kind == "policy":
        return make_policy_version(pick(POLICIES))
    if kind == "letter":
        return make_dead_letter(offset=pick(range(9)), error_class=pick(("BadJson", "BadRule")))
    return make_event(f"e{pick(range(9))}")


def _state(pick: Any, ticker: str, *, matured: bool) -> Record:
    policy = pick(POLICIES)
    payload_hash = pick(("aa", "bb"))
    common: dict[str, Any] = {
        "signal_id": f"s-{pick(range(5))}", "ticker": ticker, "payload_hash": payload_hash,
        "generated_at_ms": GENERATED_MS + (payload_hash == "bb"),
        "action": pick(("BUY", "SELL", "HOLD")), "policy": policy.name,
        "policy_hash": policy.hash, "screen": pick(SCREENS),
        "source_kind": pick(("llm", "llm", "fallback")),
        "data_kind": pick(("live", "live", "synthetic", "replay")), "model": pick(("m", "n, k")),
        "suspect_sessions": pick(([], [], ["2025-11-05", "2025-11-06"])),
        "backdated": pick((None, False, True)), "position_size": pick((None, 0.02, 1.0)),
        "stale_after_ms": GENERATED_MS + pick((2, 30)) * DAY_MS,
        "reasoning": pick((None, 'x, "observations": []\n')),
    }  # fmt: skip
    if not matured:
        entered = pick(({}, {"first_session": SESSIONS[0], "entry_price": 100.0, "entry_index": 7}))
        return make_state(**common, **entered, status="tracking" if entered else "awaiting_entry")
    staged = pick(({}, {}, {"status": "staged", "decisions": [make_stage()]}))
    passed = pick((True, True, False))
    return make_matured(passed=passed, **common, **staged, last_session=pick(SESSIONS[3:9]))


def _digits(seed: int) -> list[int]:
    # enough of them, from one number, so that a failing example shrinks to a small one
    return [(seed * (2 * at + 3) // (7 * at + 1) + seed // (at + 1)) % 97 for at in range(40)]


def bytes_of(paths: Sequence[Path]) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in paths}


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(draws, min_size=1, max_size=12), min_size=1, max_size=5), st.booleans())
def test_a_follower_writes_what_a_new_report_would_be(steps: list[list[int]], swap: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signals.db"
        sink = SqliteSink(path)
        sink.open()
        writer = Writer(path, Path(folder) / "followed")
        for number, seeds in enumerate(steps):
            if swap and number == len(steps) - 1:
                sink.close()
                sink = _replaced(path)
            sink.write(batch_of(*map(record, seeds), positions={("bars", 0): number + 1}))
            found = bytes_of([*writer.quick(), *writer.large()])

            assert found == bytes_of(write_reports(path, Path(folder) / "anew"))
            _agrees_with_whole_rows(path, found["signals.csv"].decode())
        sink.close()


def _replaced(path: Path) -> SqliteSink:
    # as `rebuild` does: another file in the place of the first
    other = SqliteSink(path.with_name("other.db"))
    other.open()
    other.write(batch_of(make_state(signal_id="s-9", ticker="NVDA"), make_bar()))
    other.close()
    for each in path.parent.glob("signals.db-*"):
        each.unlink()
    other.path.replace(path)
    sink = SqliteSink(path)
    sink.open()
    return sink


def _agrees_with_whole_rows(path: Path, table: str) -> None:
    with reading(path) as connection:
        rows = read_rows(connection)
        judged = build_report(rows)
    short = load_report(path)
    assert short.counted == judged.counted
    lines = {each["signal_id"]: each for each in csv.DictReader(io.StringIO(table))}
    assert list(lines) == [each.signal_id for each in judged.signals]
    for signal_id, line in lines.items():
        readiness = judged.readiness[signal_id]
        assert line["reasons"] == "; ".join(readiness.against)
        assert line["ready_for_trading"] == ("true" if readiness.ready else "false")
        assert line["screen"] == judged.screens[signal_id]["status"]
    ready = [each for each, found in judged.readiness.items() if found.ready]
    assert short.counted.ready == sorted(ready)
