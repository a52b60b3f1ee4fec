"""PURE: a signal as the figures of a report need it: a short row, its texts read once.

Of the stored screen and verdict only what a report says of them is kept, and
equal texts are one object, so that a million entries fit into memory.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.policy import PASS, verdict_of
from sinks.readiness import unmet, verdict_words
from sinks.rows import SignalRow, data_class_of

_EXPOSURE = "ticker_exposure"

# As they are read; the last three are JSON.
ENTRY_COLUMNS = (
    "signal_id", "ticker", "action", "status", "source", "source_kind", "data_kind", "backdated",
    "model_name", "model_version", "horizon_sessions", "window_sessions", "policy_hash",
    "calendar", "periods_per_year", "entry_session", "entry_index", "last_session",
    "horizon_session", "hit", "net_return", "raw_return", "confidence", "generated_at_ms",
    "stale_after_ms", "position_size", "suspect_price", "observations", "max_drawdown",
    "last_seen", "last_close", "last_signed", "suspect_sessions", "screen", "verdict",
)  # fmt: skip
_SUSPECT, _OBSERVATIONS, _WINDOW = 26, 27, 11


class ScreenFacts(NamedTuple):
    """What a stored screen says: `others` is the status that its checks come to.

    `whole` is the screen itself where a further check cannot just be added to it.
    """

    status: str
    others: str
    words: str
    reason: str
    whole: Mapping[str, Any] | None


# How a stored text ends that says so as a whole, and what one does not hold that says no more.
_PASSED = '"status": "passed"}'
_FAIL, _INSUFFICIENT, _UNCHECKED = '"status": "fail"', '"status": "insufficient"', '"checks": []'
_PASSED_SCREEN = ScreenFacts("passed", "passed", "", "", None)


class Entry(NamedTuple):
    """One signal of a report; `verdict_words` is what its verdict says against it.

    `last_seen`, `last_close` and `last_signed` are of its last observation that counts.
    """

    signal_id: str
    ticker: str
    action: str
    status: str
    source: str
    source_kind: str
    data_kind: str
    backdated: bool | None
    model_name: str
    model_version: str
    horizon_sessions: int
    window_sessions: int
    policy_hash: str
    calendar: str
    periods_per_year: int
    entry_session: str | None
    entry_index: int | None
    last_session: str | None
    horizon_session: str | None
    hit: str | None
    net_return: float | None
    raw_return: float | None
    confidence: float
    generated_at_ms: int
    stale_after_ms: int
    position_size: float | None
    suspect_price: bool
    observations: int
    max_drawdown: float | None
    last_seen: str | None
    last_close: float | None
    last_signed: float | None
    suspect_sessions: Sequence[str]
    screen: ScreenFacts
    verdict_status: str | None
    verdict_words: str

    @property
    def matured(self) -> bool:
        """Return whether the window is over."""
        return self.last_session is not None

    @property
    def validated(self) -> bool:
        """Return whether the verdict is passed, whatever came after."""
        return self.verdict_status == "passed"

    @property
    def data_class(self) -> str:
        """Return which evidence the signal counts as."""
        return data_class_of(self.data_kind, self.source_kind, self.backdated)

    def stale(self, as_of_ms: int | None) -> bool:
        """Return whether prices ended long before the window did."""
        return self.last_session is None and as_of_ms is not None and as_of_ms > self.stale_after_ms


class EntryMaker:
    """Makes entries, each text that signals share held once."""

    def __init__(self) -> None:
        self._texts: dict[Any, Any] = {}
        self._screens: dict[str, ScreenFacts] = {}

    def of_values(self, row: Sequence[Any]) -> Entry:
        """Return the entry of values in the order of ENTRY_COLUMNS."""
        one, shared = self._texts.setdefault, row[1:20]
        suspect, screen, verdict = row[-3:]
        status, words = _verdict(verdict, row[_OBSERVATIONS], row[_WINDOW])
        return Entry._make(
            (
                row[0],
                *map(one, shared, shared),
                *row[20:23],
                one(row[23], row[23]),
                one(row[24], row[24]),
                row[25],
                bool(row[_SUSPECT]),
                row[_OBSERVATIONS],
                row[28],
                one(row[29], row[29]),
                *row[30:32],
                () if suspect == "[]" else tuple(loads(suspect)),
                self._screen(screen),
                status,
                one(words, words),
            )
        )

    def of_signal(self, row: SignalRow) -> Entry:
        """Return the entry of a whole row."""
        status, words = verdict_words(row.verdict, row.observations, row.window_sessions)
        return Entry._make(
            (
                *(getattr(row, name) for name in ENTRY_COLUMNS[:29]),
                *(None, None, None),
                tuple(row.suspect_sessions),
                screen_facts(row.screen),
                status,
                words,
            )
        )

    def _screen(self, text: str) -> ScreenFacts:
        # Spelt out: a generator costs as much as what it looks for.
        if text.endswith(_PASSED) and not (
            _FAIL in text or _INSUFFICIENT in text or _UNCHECKED in text or _EXPOSURE in text
        ):
            return _PASSED_SCREEN
        found = screen_facts(loads(text))
        if not found.words and found.whole is None:
            found = self._screens.setdefault(found.status + found.reason, found)
        return found


def _verdict(text: str | None, observations: int, window: int) -> tuple[str | None, str]:
    # The keys are sorted, the status is the last, and quotes within a text are escaped.
    if text is not None and text.endswith(_PASSED):
        return "passed", ""
    return verdict_words(None if text is None else loads(text), observations, window)


def screen_facts(screen: Mapping[str, Any]) -> ScreenFacts:
    """Return what a report needs of a stored screen."""
    checks = screen["checks"]
    others = [each["status"] for each in checks]
    odd = not checks or any(each["name"] == _EXPOSURE for each in checks)
    return ScreenFacts(
        status=screen["status"],
        others=verdict_of(others),
        words="; ".join(unmet(each) for each in checks if each["status"] != PASS),
        reason=str(screen.get("reason") or ""),
        whole=screen if odd else None,
    )


def loads(text: str) -> Any:
    """Return what a stored JSON text holds."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # what only Python's own reader takes, such as NaN
        return json.loads(text)
