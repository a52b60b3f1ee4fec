"""The tracking file is written a signal at a time, with the bytes of one dump."""

import json
from typing import Any

import orjson
import pytest

from sinks.bar_columns import BarColumns
from sinks.report_entries import EntryMaker
from sinks.report_evidence import bars_of
from sinks.report_marks import Marker
from sinks.report_tracking import Observed, TickerText, Tracked, TrackingFile
from tests.unit.sinks.page_samples import make_row

DAY_MS = 86_400_000
SESSIONS = tuple(f"2025-11-{day:02}" for day in range(3, 9))
CLOSES = (100.0, 0.1, 1e-9, 1e16, 100.5, 7.0)
VERDICT = {
    "status": "passed", "as_of_ms": 5 * DAY_MS,
    "checks": [
        {"name": "observations", "required": 1.0, "actual": None, "status": "insufficient"},
        {"name": "annual_return", "required": 0.1, "actual": -0.0, "status": "fail"},
    ],
}  # fmt: skip


def text(after: str = "2025-11-03") -> TickerText:
    flat = (1.0,) * len(SESSIONS)
    columns = BarColumns(
        calendar="XNYS", session=SESSIONS, session_index=tuple(range(6)),
        close_ms=tuple(DAY_MS * at for at in range(6)), open=CLOSES, high=CLOSES, low=CLOSES,
        close=CLOSES, split_ratio=flat, dividend=flat,
    )  # fmt: skip
    return TickerText(bars_of(columns), after)


def tracked(**changes: Any) -> Tracked:
    values: dict[str, Any] = {
        "signal_id": 's-"1"', "ticker": "AAPL", "signal_date": "2025-11-03", "action": "BUY",
        "confidence": 0.5, "reasoning": 'so "observations": []\n "observations": [] é \u2028',
        "created_at": "2025-11-03T00:00:00.000Z", "validation_status": "pending",
        "entry_price": 100.0, "entry_session": "2025-11-03", "payload_hash": "aa",
        "last_session": None, "verdict": None, "horizon_sessions": 5, "periods_per_year": 252,
    }  # fmt: skip
    return Tracked(**{**values, **changes})


def made(*signals: tuple[Tracked, Observed]) -> bytes:
    mark = Marker(None, replay_counts=False).mark(EntryMaker().of_signal(make_row()), {})
    file = TrackingFile(lambda _mark: True)
    pieces = [file.head(0, 2, 1)]
    pieces += [file.signal(row, mark, observed, text()) for row, observed in signals]
    return b"".join([*pieces, *file.tail()])


@pytest.mark.parametrize(
    "signals",
    [
        [],
        [(tracked(), Observed((), None))],
        [(tracked(entry_session=None), Observed((), None))],
        [
            (tracked(), Observed(list(zip(SESSIONS[1:4], CLOSES[1:4], strict=True)), -0.0)),
            (tracked(signal_id="s-2", verdict=json.dumps(VERDICT)), Observed((), None)),
            (
                tracked(signal_id="s-3", verdict=json.dumps(VERDICT)),
                Observed([("2025-11-06", 3.25), ("2025-11-30", 4.0)], 0.25),
            ),
        ],
    ],
)
def test_the_bytes_are_those_of_one_dump(signals: list[tuple[Tracked, Observed]]) -> None:
    found = made(*signals)

    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    assert found == orjson.dumps(orjson.loads(found), option=options)


def test_observations_that_are_those_of_the_bars_are_a_stretch_of_their_text() -> None:
    closes = list(zip(SESSIONS[2:5], CLOSES[2:5], strict=True))

    found = json.loads(b"[" + text().of(closes) + b"]")

    assert [(each["date"], each["price"]) for each in found] == closes
    assert found[0]["timestamp"] == "1970-01-03T00:00:00.000Z"


def test_an_observation_that_differs_from_the_bars_is_shown_as_it_is() -> None:
    closes = [(SESSIONS[1], 0.25), ("2030-01-01", 2.0)]

    found = json.loads(b"[" + text().of(closes) + b"]")

    assert [(each["date"], each["price"]) for each in found] == closes
    assert [each["timestamp"] for each in found] == ["1970-01-02T00:00:00.000Z", None]
