"""The tracking file is written a signal at a time, with the bytes of one dump."""

import json
from typing import Any

import orjson
import pytest

from sinks.bar_columns import BarColumns
from sinks.report_entries import Entry, EntryMaker
from sinks.report_evidence import bars_of
from sinks.report_marks import Marker
from sinks.report_tracking import TickerText, Tracked, TrackingFile
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


def seen(first: int, last: int, **changes: Any) -> Entry:
    """An entry at one session that observed up to another, as positions."""
    entry = EntryMaker().of_signal(make_row(entry_session=SESSIONS[first]))
    return entry._replace(
        observations=last - first, last_seen=SESSIONS[last], last_close=CLOSES[last],
        last_signed=-0.0,
    )._replace(**changes)  # fmt: skip


def made(*signals: tuple[Tracked, Entry, bytes]) -> bytes:
    mark = Marker(None, replay_counts=False).mark(UNSEEN, {})
    file = TrackingFile(lambda _mark: True)
    pieces = [file.head(0, 2, 1)]
    pieces += [file.signal(row, (entry, mark), text(), told) for row, entry, told in signals]
    return b"".join([*pieces, *file.tail()])


UNSEEN = EntryMaker().of_signal(make_row())


@pytest.mark.parametrize(
    "signals",
    [
        [],
        [(tracked(), UNSEEN, b"")],
        [(tracked(entry_session=None), UNSEEN, b"")],
        [
            (tracked(), seen(0, 3), text().stretch(seen(0, 3))),
            (tracked(signal_id="s-2", verdict=json.dumps(VERDICT)), UNSEEN, b""),
            (
                tracked(signal_id="s-3", verdict=json.dumps(VERDICT)),
                seen(1, 3),
                text().of([("2025-11-06", 3.25), ("2025-11-30", 4.0)]),
            ),
        ],
    ],
)
def test_the_bytes_are_those_of_one_dump(signals: list[tuple[Tracked, Entry, bytes]]) -> None:
    found = made(*signals)

    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    assert found == orjson.dumps(orjson.loads(found), option=options)


@pytest.mark.parametrize("first", [0, 1, 3])
def test_what_a_signal_observed_is_a_stretch_of_its_tickers_text(first: int) -> None:
    found = json.loads(b"[" + (text().stretch(seen(first, 5)) or b"") + b"]")

    closes = list(zip(SESSIONS[first + 1 :], CLOSES[first + 1 :], strict=True))
    assert [(each["date"], each["price"]) for each in found] == closes
    assert found[0]["timestamp"] == f"1970-01-0{first + 2}T00:00:00.000Z"


@pytest.mark.parametrize(
    "entry",
    [
        seen(1, 4, last_close=0.5),
        seen(1, 4, observations=2),
        seen(1, 4, observations=9),
        seen(1, 4, last_seen="2030-01-01"),
        seen(1, 4, entry_session="2025-11-01"),
    ],
)
def test_rows_that_may_differ_from_the_bars_are_no_stretch(entry: Entry) -> None:
    assert text().stretch(entry) is None


def test_an_observation_that_differs_from_the_bars_is_shown_as_it_is() -> None:
    closes = [(SESSIONS[1], 0.25), ("2030-01-01", 2.0)]

    found = json.loads(b"[" + text().of(closes) + b"]")

    assert [(each["date"], each["price"]) for each in found] == closes
    assert [each["timestamp"] for each in found] == ["1970-01-02T00:00:00.000Z", None]
