"""What a policy says of a signal from the rows of signals.db alone, by the worker's own code.

Nothing is written: with the policy that judged a signal it is the stored verdict
again, with another one what that would have said.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from schemas.policy import INSUFFICIENT, CheckRule, Policy, verdict_of
from schemas.records import Check, Screen, Signal
from signal_tracker.ticker_bars import TickerBars
from sinks.rows import SignalRow
from streams.domain.observations import NOT_ENTERED, Claim, Facts, observe
from streams.domain.policy import METRICS, Judged, applies, judge
from streams.domain.screen import screen_of

_CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a policy says of one signal; `facts` hold the drawdown so far.

    Before the end of the window every check is insufficient, whatever is seen today.
    """

    policy: Policy
    facts: Facts
    checks: list[Check]
    verdict: str
    observations: int
    window: int
    screen: Screen

    @property
    def matured(self) -> bool:
        """Return whether the window is over."""
        return self.facts.last_session is not None


def judge_again(
    signal: SignalRow,
    bars: TickerBars,
    policy: Policy,
    *,
    from_session: str | None = None,
    accepted: Collection[str] = (),
) -> Judgement:
    """Return what a policy says of a signal on these bars.

    The entry is the worker's, or the ticker's last close up to `from_session`; only
    sessions after that are observed then. `accepted` are suspect sessions that count as right.
    """
    window = max(signal.horizon_sessions, policy.min_sessions)
    position = bars.entry_after(signal.generated_at_ms)
    entry = position if from_session is None else bars.last_at(from_session)
    facts, observations = NOT_ENTERED, 0
    if 0 <= entry < len(bars.series) and signal.status != _CANCELLED:
        claim = _claim(signal, policy, window)
        path = observe(bars.series, bars.calendar, bars.actions, entry, claim)
        observations = path.observations
        drawdown = float(path.max_drawdown[-1]) if observations else 0.0
        suspect = tuple(each for each in path.facts.suspect_sessions if each not in accepted)
        facts = path.facts._replace(max_drawdown=drawdown, suspect_sessions=suspect)
    judged = Judged(action=signal.action, observations=observations, facts=facts)
    if observations >= window:
        checks = judge(policy, judged)
        verdict = verdict_of([each.status for each in checks])
    else:
        waits_for = why_not_yet(signal.status, observations, window, entered=facts != NOT_ENTERED)
        checks = unripe_checks(policy.checks, judged, waits_for)
        verdict = INSUFFICIENT
    return Judgement(
        policy=policy,
        facts=facts,
        checks=checks,
        verdict=verdict,
        observations=observations,
        window=window,
        screen=_screen(signal, bars, policy, position),
    )


def stored_checks(signal: SignalRow, policy: Policy | None) -> list[dict[str, Any]]:
    """Return the checks of the stored verdict, or what they wait for; `policy` judges it.

    While the row of its policy has not come, only its window is known.
    """
    if signal.verdict is not None:
        return [dict(each) for each in signal.verdict["checks"]]
    window = float(signal.window_sessions)
    rules = (CheckRule(name="validation_period", op=">=", required=window),)
    facts = NOT_ENTERED._replace(
        annual_return=signal.annual_return,
        raw_return=signal.raw_return,
        max_drawdown=signal.max_drawdown,
    )
    judged = Judged(action=signal.action, observations=signal.observations, facts=facts)
    waits_for = why_not_yet(
        signal.status,
        signal.observations,
        signal.window_sessions,
        entered=signal.entry_session is not None,
    )
    checks = unripe_checks(rules if policy is None else policy.checks, judged, waits_for)
    return [asdict(each) for each in checks]


def unripe_checks(rules: Collection[CheckRule], judged: Judged, waits_for: str) -> list[Check]:
    """Return the checks of a signal inside its window: what is seen today decides nothing."""
    return [
        _unripe(rule, METRICS[rule.name](judged)[0], waits_for)
        for rule in rules
        if applies(rule, judged.action)
    ]


def why_not_yet(status: str, observations: int, window: int, *, entered: bool) -> str:
    """Return what a signal without a verdict waits for.

    >>> why_not_yet("tracking", 2, 30, entered=True)
    '2 of 30 sessions observed'
    """
    if status == _CANCELLED:
        return "cancelled before its entry"
    return f"{observations} of {window} sessions observed" if entered else "no entry price yet"


def payload_of(signal: SignalRow) -> Signal:
    """Return the published signal of a row."""
    return Signal(
        ticker=signal.ticker,
        action=signal.action,
        confidence=signal.confidence,
        generated_at_ms=signal.generated_at_ms,
        source=signal.source,
        source_kind=signal.source_kind,
        model=signal.model_name,
        signal_id=signal.signal_id,
        horizon_sessions=signal.horizon_sessions,
        model_version=signal.model_version,
        data_kind=signal.data_kind,
        reasoning=signal.reasoning,
        risk_level=signal.risk_level,
        entry_price=signal.published_entry_price,
        target_price=signal.target_price,
        stop_loss=signal.stop_loss,
        position_size=signal.position_size,
        expected_return=signal.expected_return,
        latency_seconds=signal.latency_seconds,
        indicators=signal.indicators,
    )


def _unripe(rule: CheckRule, actual: float | None, waits_for: str) -> Check:
    annual = actual is not None and rule.name == "annual_return"
    return Check(
        name=rule.name,
        op=rule.op,
        required=rule.required,
        actual=actual,
        status=INSUFFICIENT,
        reason=f"{waits_for}; annualised from the horizon's net return" if annual else waits_for,
    )


def _screen(signal: SignalRow, bars: TickerBars, policy: Policy, position: int) -> Screen:
    market = bars.indicators.at(bars.series, bars.calendar, bars.actions.splits, position)
    index = bars.calendar.last_closed_at(signal.generated_at_ms)
    return screen_of(policy, payload_of(signal), market, index)


def _claim(signal: SignalRow, policy: Policy, window: int) -> Claim:
    return Claim(
        signal.action,
        signal.horizon_sessions,
        window,
        policy.cost_bps_per_side,
        policy.hold_band,
        policy.jump_guard,
        policy.total_return,
    )
