"""What another policy would say of the stored signals, beside what was said of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from schemas.policy import INSUFFICIENT, Policy, PolicyVersions
from signal_tracker.columns import counted, percent
from signal_tracker.decisions import accepted_sessions
from signal_tracker.judging import Judgement, judge_again
from signal_tracker.printing import check_lines
from signal_tracker.stored import Stored
from sinks.portfolio import full_screen, ticker_exposure
from sinks.prices import price_history
from sinks.rows import SignalRow

_VERDICTS = ("passed", "failed", INSUFFICIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """A signal by another policy; the screens hold the portfolio layer."""

    signal: SignalRow
    judgement: Judgement
    screen: Mapping[str, Any]
    stored_screen: Mapping[str, Any]

    @property
    def stored_verdict(self) -> str:
        """Return the stored verdict; insufficient where there is none yet."""
        return self.signal.verdict_status or INSUFFICIENT


def rejudge(
    stored: Stored, policies: PolicyVersions, signal_id: str | None = None
) -> list[Rejudged]:
    """Return what the version of each signal's time would say of it; nothing is written."""
    market, exposures = stored.market(), _Exposures(stored)
    found = []
    for signal in stored.signals(signal_id):
        policy = policies.at(signal.generated_at_ms)
        accepted = accepted_sessions(stored.decisions.get(signal.signal_id, ()))
        judgement = judge_again(signal, market.of(signal), policy, accepted=accepted)
        screened = replace(signal, screen=asdict(judgement.screen))
        found.append(
            Rejudged(
                signal=signal,
                judgement=judgement,
                screen=full_screen(screened, exposures.by(policy), policy),
                stored_screen=stored.report.screens[signal.signal_id],
            )
        )
    return found


class _Exposures:
    """What each ticker would hold of the capital, by the policy that is asked."""

    def __init__(self, stored: Stored) -> None:
        self._signals = stored.rows.signals
        self._prices = {
            ticker: price_history(b.session, b.close_ms, b.close, b.split_ratio, b.dividend)
            for ticker, b in stored.rows.bars.items()
        }
        self._found: dict[str, dict[str, tuple[float, str]]] = {}

    def by(self, policy: Policy) -> Mapping[str, tuple[float, str]]:
        if policy.hash not in self._found:
            self._found[policy.hash] = ticker_exposure(self._signals, self._prices, policy)
        return self._found[policy.hash]


def verdict_changes(rejudged: Sequence[Rejudged]) -> dict[str, int]:
    """Return how many verdicts would be others, as `passed -> failed`."""
    return _changes((each.stored_verdict, each.judgement.verdict) for each in rejudged)


def screen_changes(rejudged: Sequence[Rejudged]) -> dict[str, int]:
    """Return how many screens would be others."""
    return _changes((each.stored_screen["status"], each.screen["status"]) for each in rejudged)


def rejudged_fields(rejudged: Sequence[Rejudged]) -> dict[str, Any]:
    """Return all of it for programs."""
    return {
        "verdict_changes": verdict_changes(rejudged),
        "screen_changes": screen_changes(rejudged),
        "signals": [_fields(each) for each in rejudged],
    }


def rejudged_lines(rejudged: Sequence[Rejudged]) -> Iterator[str]:
    """Yield all of it for people."""
    for each in rejudged:
        yield from _signal_lines(each)
    verdicts = Counter(each.judgement.verdict for each in rejudged)
    counts = ", ".join(f"{verdicts[word]} {word}" for word in _VERDICTS)
    yield f"{counted(len(rejudged), 'signal')}: {counts}"
    yield f"verdicts: {_told(verdict_changes(rejudged))}"
    yield f"screens: {_told(screen_changes(rejudged))}"


def _changes(pairs: Iterator[tuple[str, str]]) -> dict[str, int]:
    counts = Counter(f"{before} -> {now}" for before, now in pairs if before != now)
    return dict(sorted(counts.items()))


def _told(changes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {change}" for change, count in changes.items()) or "no change"


def _signal_lines(each: Rejudged) -> Iterator[str]:
    signal, judgement = each.signal, each.judgement
    policy = judgement.policy
    yield (
        f"{signal.signal_id}  {signal.ticker} {signal.action}  {signal.status}  "
        f"verdict {judgement.verdict} by {policy.name} {policy.hash[:12]}, "
        f"stored {each.stored_verdict} by {signal.policy} {signal.policy_hash[:12]}  "
        f"observations {judgement.observations} of {judgement.window}"
    )
    yield f"  screen {each.screen['status']}, stored {each.stored_screen['status']}"
    yield from check_lines(each.screen["checks"], "layer")
    if judgement.facts.net_return is not None:
        yield (
            f"  net return {percent(judgement.facts.net_return)} over "
            f"{counted(signal.horizon_sessions, 'session')}, stored {percent(signal.net_return)}"
        )
    if judgement.facts.suspect_sessions:
        yield f"  suspect prices: {', '.join(judgement.facts.suspect_sessions)}"
    yield from check_lines([asdict(check) for check in judgement.checks])
    yield ""


def _fields(each: Rejudged) -> dict[str, Any]:
    signal, judgement = each.signal, each.judgement
    facts, policy = judgement.facts, judgement.policy
    return {
        "signal_id": signal.signal_id,
        "ticker": signal.ticker,
        "action": signal.action,
        "status": signal.status,
        "policy": policy.name,
        "policy_hash": policy.hash,
        "verdict": judgement.verdict,
        "observations": judgement.observations,
        "window_sessions": judgement.window,
        "checks": [asdict(check) for check in judgement.checks],
        "screen": each.screen,
        "hit": facts.hit,
        "net_return": facts.net_return,
        "annual_return": facts.annual_return,
        "max_drawdown": facts.max_drawdown,
        "suspect_sessions": list(facts.suspect_sessions),
        "stored": {
            "policy": signal.policy,
            "policy_hash": signal.policy_hash,
            "verdict": each.stored_verdict,
            "screen": each.stored_screen["status"],
            "net_return": signal.net_return,
            "window_sessions": signal.window_sessions,
        },
    }
