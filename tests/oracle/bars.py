"""Sessions and bars by the letter of the specification; knows no product module.

Every answer is a function of the set of ticks: nothing depends on their order
or on how often one of them came.
"""

import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import exchange_calendars

FIRST_DAY = "1980-01-01"
LAST_DAY = "2099-12-31"
LATENESS_MS = 15 * 60 * 1000

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A trading day and its hours."""

    label: str
    open_ms: int
    close_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What the ticks of one session say, and whether the session is over."""

    session: str
    close_ms: int
    open: float
    high: float
    low: float
    close: float
    final: bool
    revision: int
    conflicting_close: bool
    complete: bool


def calendar_name(ticker: str) -> str:
    """Return the calendar of a ticker: around the clock for crypto, else New York."""
    return "24/7" if ticker.endswith("-USD") else "XNYS"


def periods_per_year(ticker: str) -> int:
    """Return A of the annual return.

    >>> periods_per_year("AAPL"), periods_per_year("BTC-USD")
    (252, 365)
    """
    return 365 if calendar_name(ticker) == "24/7" else 252


def sessions_of(ticker: str) -> list[Session]:
    """Return every session of the ticker's calendar, in order."""
    return _sessions(calendar_name(ticker))


def session_named(ticker: str, label: str) -> Session | None:
    """Return the session with that date, or None where the date is no session."""
    return _sessions_by_label(calendar_name(ticker)).get(label)


def session_at(
    ticker: str, ts_ms: int, *, final: bool = False, lateness_ms: int = LATENESS_MS
) -> Session | None:
    """Return the session a time belongs to, or None between sessions."""
    sessions = sessions_of(ticker)
    if final:
        closed = bisect_right(sessions, ts_ms, key=_close_ms)
        if closed and ts_ms - sessions[closed - 1].close_ms <= lateness_ms:
            return sessions[closed - 1]
    # The first session not yet over at ts: of two that touch at ts, the earlier.
    running = bisect_left(sessions, ts_ms, key=_close_ms)
    if running < len(sessions) and sessions[running].open_ms <= ts_ms:
        return sessions[running]
    return None


def session_of(tick: Record, lateness_ms: int = LATENESS_MS) -> Session | None:
    """Return the session a tick belongs to: its own, else the one of its time."""
    if tick.get("session") is not None:
        return session_named(tick["ticker"], tick["session"])
    return session_at(
        tick["ticker"],
        tick["ts_event_ms"],
        final=bool(tick.get("final")),
        lateness_ms=lateness_ms,
    )


def event_time_ms(tick: Record) -> int | None:
    """Return how far a tick advances its ticker's event time; None where it is ignored."""
    if tick.get("session") is None:
        return int(tick["ts_event_ms"])
    session = session_named(tick["ticker"], tick["session"])
    return None if session is None else session.close_ms


def fold_bars(
    ticker: str, ticks: Iterable[Record], lateness_ms: int = LATENESS_MS
) -> dict[str, Bar]:
    """Return the bar of every session of the ticker that has a tick, in session order."""
    own = [tick for tick in ticks if tick["ticker"] == ticker]
    times = [time for time in map(event_time_ms, own) if time is not None]
    now_ms = max(times, default=0)
    by_label: dict[str, list[Record]] = {}
    for tick in own:
        session = session_of(tick, lateness_ms)
        if session is not None:
            by_label.setdefault(session.label, []).append(tick)
    bars = {}
    for label in sorted(by_label):
        session = session_named(ticker, label)
        assert session is not None
        bars[label] = _fold(session, by_label[label], now_ms, lateness_ms)
    return bars


def complete_bars(
    ticker: str, ticks: Iterable[Record], lateness_ms: int = LATENESS_MS
) -> list[Bar]:
    """Return the bars of the ticker's complete sessions, oldest first."""
    return [bar for bar in fold_bars(ticker, ticks, lateness_ms).values() if bar.complete]


def _fold(session: Session, ticks: list[Record], now_ms: int, lateness_ms: int) -> Bar:
    revision = max(_revision(tick) for tick in ticks)
    held = [tick for tick in ticks if _revision(tick) == revision]

    def ts_ms(tick: Record) -> int:
        given = tick.get("ts_event_ms")
        return session.close_ms if given is None else int(given)

    def opening(tick: Record) -> tuple[bool, int, float]:
        return (not tick.get("open"), ts_ms(tick), float(tick["price"]))

    def closing(tick: Record) -> tuple[bool, int, float]:
        return (bool(tick.get("final")), ts_ms(tick), float(tick["price"]))

    prices = [float(tick["price"]) for tick in held]
    finals = [tick for tick in held if tick.get("final")]
    last_ms = max((ts_ms(tick) for tick in finals), default=None)
    last_prices = {float(tick["price"]) for tick in finals if ts_ms(tick) == last_ms}
    return Bar(
        session=session.label,
        close_ms=session.close_ms,
        open=float(min(held, key=opening)["price"]),
        high=max(prices),
        low=min(prices),
        close=float(max(held, key=closing)["price"]),
        final=bool(finals),
        revision=revision,
        conflicting_close=len(last_prices) > 1,
        complete=any(tick.get("final") for tick in ticks)
        or now_ms >= session.close_ms + lateness_ms,
    )


def _revision(tick: Record) -> int:
    return int(tick.get("revision") or 0)


def _close_ms(session: Session) -> int:
    return session.close_ms


@cache
def _sessions(calendar: str) -> list[Session]:
    with warnings.catch_warnings():
        # pandas deprecates what the library does with it
        warnings.simplefilter("ignore")
        found = exchange_calendars.get_calendar(calendar, start=FIRST_DAY, end=LAST_DAY)
        schedule = found.schedule
    return [
        Session(
            label=day.strftime("%Y-%m-%d"),
            open_ms=round(opened.timestamp()) * 1000,
            close_ms=round(closed.timestamp()) * 1000,
        )
        for day, opened, closed in zip(
            schedule.index, schedule["open"], schedule["close"], strict=True
        )
    ]


@cache
def _sessions_by_label(calendar: str) -> dict[str, Session]:
    return {session.label: session for session in _sessions(calendar)}
