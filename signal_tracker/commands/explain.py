"""`signal-tracker explain`: how one signal came to its state, from signals.db alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from signal_tracker.columns import aligned, percent
from signal_tracker.options import data_option

if TYPE_CHECKING:
    from sinks.rows import ObservationRow, SignalRow

_Row = dict[str, Any]

_TRANSITION = ("from_status", "to_status", "session", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    signal: "SignalRow"
    observations: "list[ObservationRow]"
    transitions: list[_Row]
    decisions: list[_Row]
    quarantined: list[_Row]
    as_of_ms: int | None


@click.command("explain")
@data_option
@click.argument("signal_id", metavar="SIGNAL_ID")
def command(*, data: Path, signal_id: str) -> None:
    """Show a signal's payload, entry, observations, checks, transitions and decisions."""
    from sinks.snapshot import DATABASE

    story = _story(data / DATABASE, signal_id)
    for section in (_payload, _entry, _observations, _outcome, _checks, _history):
        for line in section(story):
            click.echo(line)


def _story(path: Path, signal_id: str) -> _Story:
    from sinks import sqlite_queries as queries

    with queries.reading(path) as connection:
        signal = queries.read_signal(connection, signal_id)
        if signal is None:
            msg = f"there is no signal {signal_id!r} in {path}"
            raise click.ClickException(msg)
        return _Story(
            signal=signal,
            observations=queries.read_observations(connection, signal_id),
            transitions=queries.read_related(connection, "transitions", signal_id),
            decisions=queries.read_related(connection, "decisions", signal_id),
            quarantined=queries.read_related(connection, "quarantined", signal_id),
            as_of_ms=queries.read_as_of(connection).as_of_ms,
        )


def _payload(story: _Story) -> Iterator[str]:
    signal = story.signal
    yield f"SIGNAL {signal.signal_id}"
    yield from _fields(
        [
            ("ticker", signal.ticker),
            ("action", signal.action),
            ("confidence", signal.confidence),
            ("generated at", signal.created_at),
            ("horizon", f"{signal.horizon_sessions} sessions of {signal.calendar}"),
            ("window", f"{signal.window_sessions} sessions"),
            ("model", f"{signal.model_name} {signal.model_version}".rstrip()),
            ("source", f"{signal.source} ({signal.source_kind}, {signal.data_kind} data)"),
            ("reasoning", signal.reasoning),
            ("risk level", signal.risk_level),
            ("published entry price", signal.published_entry_price),
            ("target price", signal.target_price),
            ("stop loss", signal.stop_loss),
            ("position size", signal.position_size),
            ("expected return", signal.expected_return),
            ("latency seconds", signal.latency_seconds),
            ("indicators", _map(signal.indicators)),
            ("payload hash", signal.payload_hash),
        ]
    )


def _entry(story: _Story) -> Iterator[str]:
    signal = story.signal
    yield from ("", "ENTRY")
    if signal.entry_session is None:
        yield "  none: no complete session with a price closes after the signal yet"
        return
    yield f"  {signal.entry_price} at the close of {signal.entry_session}"


def _observations(story: _Story) -> Iterator[str]:
    signal = story.signal
    yield from ("", f"OBSERVATIONS {signal.observations} of {signal.window_sessions}")
    if story.observations:
        rows = [
            (
                f"  {each.session}",
                each.k,
                each.close,
                percent(each.raw_return),
                percent(each.signed_return),
                percent(each.max_drawdown),
                "horizon" if each.session == signal.horizon_session else "",
            )
            for each in story.observations
        ]
        header = ("  session", "k", "close", "raw", "signed", "drawdown", "")
        yield from aligned(header, rows)


def _outcome(story: _Story) -> Iterator[str]:
    signal = story.signal
    yield from ("", "OUTCOME")
    yield from _fields(
        [
            ("outcome", signal.hit or "open"),
            ("net return over the horizon", percent(signal.net_return)),
            ("annualised from it", percent(signal.annual_return)),
            ("raw return over the horizon", percent(signal.raw_return)),
            ("worst and best on the way", _pair(percent(signal.mae), percent(signal.mfe))),
            ("max drawdown so far", percent(signal.max_drawdown)),
            ("suspect prices", ", ".join(signal.suspect_sessions) or None),
            ("backdated", {True: "yes", False: "no", None: None}[signal.backdated]),
            ("stale", "yes" if signal.stale(story.as_of_ms) else "no"),
        ]
    )


def _checks(story: _Story) -> Iterator[str]:
    from signal_tracker.commands.validate import checks_of
    from sinks.report import ready_reasons

    signal = story.signal
    yield from ("", f"SCREEN {signal.screen['status']}: {signal.screen['reason']}")
    yield from _check_lines(signal.screen["checks"])
    verdict = signal.verdict_status or "insufficient, not matured"
    yield from ("", f"VERDICT {verdict} by policy {signal.policy} {signal.policy_hash[:12]}")
    yield from _check_lines(checks_of(signal))
    yield f"  ready for trading: {'; '.join(ready_reasons(signal)) or 'yes'}"


def _check_lines(checks: Sequence[_Row]) -> Iterator[str]:
    if checks:
        header = ("  check", "op", "required", "actual", "status", "reason")
        names = ("name", "op", "required", "actual", "status", "reason")
        rows = [("  " + each["name"], *(each[name] for name in names[1:])) for each in checks]
        yield from aligned(header, rows)


def _history(story: _Story) -> Iterator[str]:
    yield from ("", "TRANSITIONS")
    yield from aligned(
        ("  as of", "from", "to", "session", "reason"),
        [
            (_time(each["as_of_ms"]), *(each[name] for name in _TRANSITION))
            for each in story.transitions
        ],
    )
    if story.decisions:
        yield from ("", "DECISIONS")
        yield from aligned(
            ("  decided at", "kind", "by", "reason", "result"),
            [
                (
                    _time(each["decided_at_ms"]),
                    each["kind"],
                    each["decided_by"],
                    each["reason"],
                    "applied" if each["applied"] else f"refused: {each['refusal']}",
                )
                for each in story.decisions
            ],
        )
    if story.quarantined:
        yield from ("", "QUARANTINED: payloads with this id that are later than the one that holds")
        yield from aligned(
            ("  generated at", "ticker", "payload hash"),
            [
                (_time(each["generated_at_ms"]), each["ticker"], each["payload_hash"])
                for each in story.quarantined
            ],
        )


def _time(ms: int) -> str:
    from sinks.times import iso_utc

    return f"  {iso_utc(ms)}"


def _fields(pairs: Sequence[tuple[str, Any]]) -> Iterator[str]:
    known = [(name, value) for name, value in pairs if value is not None]
    width = max(len(name) for name, _ in known)
    yield from (f"  {name:<{width}}  {value}" for name, value in known)


def _map(values: Any) -> str | None:
    return ", ".join(f"{key} {value}" for key, value in sorted(values.items())) if values else None


def _pair(first: str | None, second: str | None) -> str | None:
    return None if first is None else f"{first}, {second}"
