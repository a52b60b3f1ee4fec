"""What stands beside a signal and what happened to it, as lines: evidence, events, paper."""

from collections.abc import Iterator

from signal_tracker.columns import aligned, counted, percent
from signal_tracker.evidence_words import key_words, rate_words
from signal_tracker.printing import fields
from signal_tracker.story import Story
from sinks.evidence.cohort import Cohort
from sinks.evidence.figures import Figure, Interval
from sinks.paper.records import OPEN, PaperPosition, PaperTrade
from sinks.times import iso_utc

_STEP = ("from_status", "to_status", "session")


def history_lines(story: Story) -> Iterator[str]:
    """Yield the lines after the verdict."""
    for section in (_cohort, _transitions, _events, _decisions, _paper, _quarantined):
        yield from section(story)


def _cohort(story: Story) -> Iterator[str]:
    cohort = story.cohort
    if cohort is None:
        yield from ("", "COHORT none: its policy is not known yet")
        return
    yield from ("", f"COHORT {key_words(cohort.key)} sessions")
    yield from fields(
        [
            ("signals", f"{cohort.signals}, {cohort.matured} matured"),
            ("hit rate", rate_words(cohort.hit_rate)),
            ("base rate", _share(cohort.base_rate, cohort)),
            ("mean net return", _mean(cohort.mean_net, cohort.mean_net_interval, cohort)),
            ("p value", _number(cohort.p_value)),
            ("q value", _number(cohort.q_value)),
            ("q value, strict", _number(cohort.q_strict)),
            ("Sharpe", _annualised(cohort.sharpe, cohort)),
            ("ready", "yes" if cohort.ready else f"no: {'; '.join(list(cohort.reasons))}"),
        ]
    )


def _number(figure: Figure) -> str:
    return f"n/a: {figure.reason}" if figure.value is None else f"{figure.value:.4g}"


def _share(figure: Figure, cohort: Cohort) -> str:
    if figure.value is None:
        return f"n/a: {figure.reason}"
    return f"{percent(figure.value)} over {counted(cohort.matured, 'matured signal')}"


def _mean(figure: Figure, interval: Interval, cohort: Cohort) -> str:
    words = _share(figure, cohort)
    if figure.value is None or interval.low is None:
        return words
    return f"{words} (95% {percent(interval.low)} to {percent(interval.high)})"


def _annualised(figure: Figure, cohort: Cohort) -> str:
    if figure.value is None:
        return _number(figure)
    under = ", under a year" if cohort.under_a_year else ""
    return f"{figure.value:.4g} (annualised from {counted(cohort.sessions, 'session')}{under})"


def _transitions(story: Story) -> Iterator[str]:
    yield from ("", "TRANSITIONS")
    yield from aligned(
        ("  as of", "from", "to", "session", "reason"),
        [
            (f"  {iso_utc(each['as_of_ms'])}", *(each[name] for name in _STEP), each["reason"])
            for each in story.transitions
        ],
    )


def _events(story: Story) -> Iterator[str]:
    if not story.events:
        return
    yield from (
        "",
        "EVENTS: what was believed when; a higher revision takes the place of a lower",
    )
    yield from aligned(
        ("  as of", "from", "to", "session", "revision", "reason"),
        [
            (
                f"  {iso_utc(each['as_of_ms'])}",
                *(each[name] for name in _STEP),
                each["revision"],
                each["reason"],
            )
            for each in story.events
        ],
    )


def _decisions(story: Story) -> Iterator[str]:
    if not story.decisions:
        return
    yield from ("", "DECISIONS")
    yield from aligned(
        ("  decided at", "kind", "session", "by", "reason", "result"),
        [
            (
                f"  {iso_utc(each['decided_at_ms'])}",
                each["kind"],
                each["session"],
                each["decided_by"],
                each["reason"],
                "applied" if each["applied"] else f"refused: {each['refusal']}",
            )
            for each in story.decisions
        ],
    )


def _paper(story: Story) -> Iterator[str]:
    if story.position is None:
        return
    yield from ("", f"PAPER {story.position.status}: {story.position.reason}")
    yield from fields(_position(story.position))
    if story.trade is not None:
        yield from fields(_trade(story.trade))


def _position(position: PaperPosition) -> list[tuple[str, object]]:
    opened = position.entry_session
    return [
        ("staged session", position.staged_session),
        ("filled", f"{position.entry_price:.10g} at the open of {opened}, slippage included")
        if opened
        else ("filled", None),
        ("quantity", position.quantity),
        ("stop and target", _levels(position)),
        ("last price", f"{position.last_price:.10g}" if position.last_price is not None else None),
        ("last session", position.last_session),
        ("unrealised", f"{position.unrealised_pnl:.2f}" if position.status == OPEN else None),
        ("sessions held", position.sessions_held if opened else None),
    ]


def _levels(position: PaperPosition) -> str | None:
    levels = (position.stop_price, position.target_price)
    if levels == (None, None):
        return None
    return ", ".join("none" if each is None else f"{each:.10g}" for each in levels)


def _trade(trade: PaperTrade) -> list[tuple[str, object]]:
    return [
        ("left", f"{trade.exit_price:.10g} at {trade.exit_session} by {trade.exit_reason}"),
        ("gross, costs and net", f"{trade.gross_pnl:.2f}, {trade.costs:.2f}, {trade.net_pnl:.2f}"),
        ("net return of the trade", percent(trade.net_return)),
        ("worst and best", f"{percent(trade.mae)}, {percent(trade.mfe)}"),
    ]


def _quarantined(story: Story) -> Iterator[str]:
    if not story.quarantined:
        return
    yield from ("", "QUARANTINED: payloads with this id that are later than the one that holds")
    yield from aligned(
        ("  generated at", "ticker", "payload hash"),
        [
            (f"  {iso_utc(each['generated_at_ms'])}", each["ticker"], each["payload_hash"])
            for each in story.quarantined
        ],
    )
