"""PURE: the original tracker's llm_signal_tracking.json, a signal at a time.

The bytes are those of one orjson dump with sorted keys and an indent of 2, but
the whole is never in memory: what a ticker's signals observed is a stretch of
one text, made once.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from sinks.report_entries import Entry, loads
from sinks.report_marks import Mark
from sinks.report_parts import TickerBars
from sinks.times import iso_utc

# Of the file's shape, not of this program.
TRACKING_VERSION = "1.0"
TRACKED_COLUMNS = (
    "signal_id", "ticker", "signal_date", "action", "confidence", "reasoning", "created_at",
    "validation_status", "entry_price", "entry_session", "payload_hash", "last_session",
    "verdict", "horizon_sessions", "periods_per_year",
)  # fmt: skip

_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
_PASSED = {"pass": True, "fail": False}
_EMPTY = b'"observations": []'
_FILLED = b'"observations": ['
_END = b"\n        ]"

Closes = Sequence[tuple[str, float]]


class Tracked(NamedTuple):
    """The values of TRACKED_COLUMNS."""

    signal_id: str
    ticker: str
    signal_date: str
    action: str
    confidence: float
    reasoning: str | None
    created_at: str
    validation_status: str
    entry_price: float | None
    entry_session: str | None
    payload_hash: str
    last_session: str | None
    verdict: str | None
    horizon_sessions: int
    periods_per_year: int


class TickerText:
    """The bars of one ticker after a session as the observations that signals made of them."""

    def __init__(self, bars: TickerBars | None, after: str) -> None:
        sessions = () if bars is None else bars.history.sessions
        first = bisect_right(sessions, after)
        self._closes: list[tuple[str, float]] = []
        self._times: dict[str, str] = {}
        if bars is not None:
            closes, times = bars.close[first:].tolist(), bars.history.close_ms[first:].tolist()
            self._closes = list(zip(sessions[first:], closes, strict=True))
            self._times = dict(zip(sessions[first:], map(iso_utc, times), strict=True))
        self._after = after
        self._positions = {session: at for at, (session, _) in enumerate(self._closes)}
        pieces = [self._one(*each) for each in self._closes]
        self._text = b"".join(pieces)
        self._ends = list(accumulate(map(len, pieces), initial=0))

    def stretch(self, entry: Entry) -> bytes | None:
        """Return the text of what a signal observed, behind commas but the first; None if unsure.

        An observation is the bar of its session: as many bars as it observed lie
        between its entry and the last it saw, and the last is the same.
        """
        last = self._positions.get(entry.last_seen or "")
        if last is None:
            return None
        first = last - entry.observations + 1
        before = self._after if first == 0 else self._closes[first - 1][0] if first > 0 else None
        if before != entry.entry_session or self._closes[last][1] != entry.last_close:
            return None
        return self._text[self._ends[first] + 1 : self._ends[last + 1]]

    def of(self, found: Closes) -> bytes:
        """Return the text of observations as they are stored, behind commas but the first."""
        return b"".join(self._one(*each) for each in found)[1:]

    def time(self, session: str) -> str | None:
        """Return when a session closed, None where there is no bar of it."""
        return self._times.get(session)

    def _one(self, session: str, close: float) -> bytes:
        fields = {"date": session, "price": close, "timestamp": self.time(session)}
        return b",\n          " + _indented(fields, b"          ")


class TrackingFile:
    """Makes the pieces of the file in their order; `is_ready` says it of a mark."""

    def __init__(self, is_ready: Callable[[Mark], bool]) -> None:
        self._is_ready = is_ready
        self._history: list[tuple[str, str, bool, bool]] = []
        self._times: dict[int, str] = {}
        self._first = True

    def head(self, as_of_ms: int | None, total: int, validated: int) -> bytes:
        """Return what stands before the signals."""
        metadata = {
            "created": None if as_of_ms is None else iso_utc(as_of_ms),
            "version": TRACKING_VERSION,
            "total_signals": total,
            "validated_signals": validated,
        }
        return b'{\n  "metadata": %b,\n  "performance": {},\n  "signals": {' % _indented(
            metadata, b"  "
        )

    def signal(
        self, row: Tracked, known: tuple[Entry, Mark], text: TickerText, observed: bytes
    ) -> bytes:
        """Return the record of one signal; they come in the order of their ids.

        `observed` is the text of its observations.
        """
        entry, mark = known
        last = entry.last_seen
        record = {
            "id": row.signal_id,
            "ticker": row.ticker,
            "date": row.signal_date,
            "action": row.action,
            "confidence": row.confidence,
            "reasoning": row.reasoning,
            "registered_at": row.created_at,
            "validation_status": row.validation_status,
            "performance": {}
            if row.entry_session is None
            else {
                "entry_price": row.entry_price,
                "entry_date": row.entry_session,
                "observations": [],
                "current_return": (None if entry.last_signed is None else entry.last_signed + 0.0),
                "last_update": None if last is None else text.time(last),
            },
            "validation_results": self._results(row, self._is_ready(mark)),
        }
        body = _indented(record, b"    ")
        if last is not None:
            # Quotes within a text are escaped: the first such key is the record's own.
            before, _, after = body.partition(_EMPTY)
            body = b"".join((before, _FILLED, observed, _END, after))
        comma = b"\n    " if self._first else b",\n    "
        self._first = False
        return comma + orjson.dumps(row.signal_id) + b": " + body

    def tail(self) -> Iterator[bytes]:
        """Yield what stands behind the signals."""
        yield b"}" if self._first else b"\n  }"
        yield b',\n  "validation_history": ['
        comma = b"\n    "
        for time, signal_id, passed, ready in sorted(self._history):
            fields = {
                "signal_id": signal_id, "timestamp": time, "passed": passed,
                "ready_for_trading": ready,
            }  # fmt: skip
            yield comma + _indented(fields, b"    ")
            comma = b",\n    "
        yield b"\n  ]\n}\n" if self._history else b"]\n}\n"

    def _results(self, row: Tracked, ready: bool) -> dict[str, Any]:
        if row.verdict is None:
            return {}
        verdict = loads(row.verdict)
        time, passed = self._time(verdict["as_of_ms"]), verdict["status"] == "passed"
        self._history.append((time, row.signal_id, passed, ready))
        return {
            "signal_id": row.signal_id,
            "validated_at": time,
            "checks": {
                each["name"]: {
                    "required": each["required"],
                    "actual": None if each["actual"] is None else each["actual"] + 0.0,
                    "passed": _PASSED.get(each["status"]),
                    **_mark(row, each["name"]),
                }
                for each in verdict["checks"]
            },
            "passed": passed,
            "ready_for_trading": ready,
        }

    def _time(self, ms: int) -> str:
        found = self._times.get(ms)
        if found is None:
            found = self._times[ms] = iso_utc(ms)
        return found


def _mark(row: Tracked, check: str) -> dict[str, Any]:
    if check != "annual_return":
        return {}
    under = row.horizon_sessions < row.periods_per_year
    return {"annualised_from_sessions": row.horizon_sessions, "under_a_year": under}


def _indented(value: Any, indent: bytes) -> bytes:
    # No text of JSON holds a raw line break.
    return orjson.dumps(value, option=_OPTIONS).replace(b"\n", b"\n" + indent)
