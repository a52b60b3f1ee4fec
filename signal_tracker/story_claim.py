"""What a signal claimed and what came of it, as lines: payload to verdict."""

from collections.abc import Iterator, Mapping
from typing import Any

from signal_tracker.columns import aligned, counted, percent
from signal_tracker.judging import stored_checks
from signal_tracker.printing import check_lines, fields
from signal_tracker.story import Story


def claim_lines(story: Story) -> Iterator[str]:
    """Yield the lines up to the verdict and whether the signal is ready for trading."""
    for section in (_payload, _screen, _entry, _observations, _outcome, _verdict, _readiness):
        yield from section(story)


def _payload(story: Story) -> Iterator[str]:
    signal = story.signal
    yield f"SIGNAL {signal.signal_id}"
    yield from fields(
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


def _screen(story: Story) -> Iterator[str]:
    yield from ("", f"SCREEN {story.screen['status']}: {story.screen['reason']}")
    yield from check_lines(story.screen["checks"], "layer")


def _entry(story: Story) -> Iterator[str]:
    signal = story.signal
    yield from ("", "ENTRY")
    if signal.entry_session is None:
        yield "  none: no complete session with a price closes after the signal yet"
    else:
        yield f"  {signal.entry_price} at the close of {signal.entry_session}"


def _observations(story: Story) -> Iterator[str]:
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


def _outcome(story: Story) -> Iterator[str]:
    signal = story.signal
    yield from ("", "OUTCOME")
    yield from fields(
        [
            ("outcome", signal.hit or "open"),
            ("net return over the horizon", percent(signal.net_return)),
            ("annual return", _annual(story)),
            ("raw return over the horizon", percent(signal.raw_return)),
            ("worst and best on the way", _pair(percent(signal.mae), percent(signal.mfe))),
            ("max drawdown so far", percent(signal.max_drawdown)),
            ("suspect prices", ", ".join(signal.suspect_sessions) or None),
            ("evidence", f"{signal.data_class} class"),
            ("backdated", {True: "yes", False: "no", None: "not judged"}[signal.backdated]),
            ("stale", "yes" if signal.stale(story.as_of_ms) else "no"),
        ]
    )


def _annual(story: Story) -> str | None:
    signal = story.signal
    if signal.annual_return is None:
        return None
    sessions = counted(signal.horizon_sessions, "session")
    return f"{percent(signal.annual_return)} (annualised from {sessions})"


def _verdict(story: Story) -> Iterator[str]:
    signal = story.signal
    verdict = signal.verdict_status or "insufficient, not matured"
    yield from ("", f"VERDICT {verdict} by policy {signal.policy} {signal.policy_hash[:12]}")
    yield from check_lines(stored_checks(signal, story.policy))


def _readiness(story: Story) -> Iterator[str]:
    found = story.readiness
    yield from ("", f"READY FOR TRADING {'yes' if found.ready else 'no'}")
    yield from (f"  for: {each}" for each in found.for_)
    yield from (f"  against: {each}" for each in found.against)


def _map(values: Mapping[str, Any] | None) -> str | None:
    return ", ".join(f"{key} {value}" for key, value in sorted(values.items())) if values else None


def _pair(first: str | None, second: str | None) -> str | None:
    return None if first is None else f"{first}, {second}"
