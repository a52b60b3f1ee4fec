"""A policy as all parts speak of it: thresholds by name, never how a metric is computed.

The worker judges signals by `screen` and `checks`, the sinks judge cohorts by
`cohort` and run the paper account by `paper`. `content` is what the hash is of.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from operator import ge, gt, le, lt
from typing import Any

from schemas.identity import digest

OPERATORS = {">=": ge, "<=": le, ">": gt, "<": lt}

# What a policy may ask of a signal before trading: the worker computes all but
# `ticker_exposure`, which the sinks do.
SCREEN_METRICS = (
    "confidence", "reasoning", "against_trend", "volatility_percentile", "edge_to_cost",
    "data_age", "ticker_exposure",
)  # fmt: skip
# What a policy may ask of a cohort; the sinks compute them.
COHORT_METRICS = (
    "trades", "effective_n", "sessions", "mean_net", "hit_rate", "hit_low", "q_value", "q_strict",
    "sharpe", "psr", "dsr", "max_drawdown", "profit_factor", "expectancy", "alpha", "alpha_t",
    "brier", "ece", "ic",
)  # fmt: skip

PASS, FAIL, INSUFFICIENT = "pass", "fail", "insufficient"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRule:
    """One check that a policy asks for."""

    name: str
    op: str
    required: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRules:
    """The paper account: money in the quote currency, shares of equity, basis points a side.

    An order pays `slippage_bps` plus `impact_bps_per_10k` for every 10,000 of its
    value, and `cost_bps` of commission.
    """

    capital: float
    max_position: float
    max_short_position: float
    max_ticker: float
    max_gross: float
    slippage_bps: float
    impact_bps_per_10k: float
    cost_bps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a policy; its hash is stamped on every verdict.

    `cost_bps_per_side` is in hundredths of a percent of the price, `hold_band`
    and `jump_guard` are returns (0.02 is 2 %), `risk_free_rate` is a year's.
    `also_ready` are the data classes that may be ready for trading besides live.
    """

    name: str
    effective_from_ms: int
    min_sessions: int
    cost_bps_per_side: float
    hold_band: float
    jump_guard: float
    total_return: bool
    benchmark: str
    risk_free_rate: float
    also_ready: tuple[str, ...]
    screen: tuple[CheckRule, ...]
    checks: tuple[CheckRule, ...]
    cohort: tuple[CheckRule, ...]
    paper: PaperRules
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersions:
    """The versions of one policy, by the time from which they hold."""

    versions: tuple[Policy, ...]

    def at(self, generated_at_ms: int) -> Policy:
        """Return the last version effective at a time, or the first."""
        if len(self.versions) == 1:
            return self.versions[0]
        starts = [each.effective_from_ms for each in self.versions]
        return self.versions[max(bisect_right(starts, generated_at_ms) - 1, 0)]

    def knows(self, policy_hash: str) -> bool:
        """Say whether a version with this hash is here."""
        return any(each.hash == policy_hash for each in self.versions)


def hashed(policy: Policy) -> Policy:
    """Return the policy with the hash of its content."""
    return replace(policy, hash=digest(content_of(policy)))


def content_of(policy: Policy) -> dict[str, Any]:
    """Return the policy as plain fields, without its hash."""
    fields = asdict(policy)
    del fields["hash"]
    return fields


def policy_of(content: Mapping[str, Any]) -> Policy:
    """Return the policy of plain fields as `content_of` made them, hashed."""
    fields = dict(content)
    for name in ("screen", "checks", "cohort"):
        fields[name] = tuple(CheckRule(**each) for each in fields[name])
    fields["also_ready"] = tuple(fields["also_ready"])
    fields["paper"] = PaperRules(**fields["paper"])
    return hashed(Policy(**fields))


def status_of(op: str, required: float, actual: float | None) -> str:
    """Return pass or fail; insufficient where there is nothing to compare.

    >>> status_of(">=", 0.1, 0.1), status_of(">", 0, 0.0), status_of(">=", 0.1, None)
    ('pass', 'fail', 'insufficient')
    """
    if actual is None:
        return INSUFFICIENT
    return PASS if OPERATORS[op](actual, required) else FAIL


def verdict_of(statuses: Sequence[str]) -> str:
    """Return failed if any check failed, else insufficient if any is, else passed.

    >>> verdict_of(["pass", "insufficient"]), verdict_of([])
    ('insufficient', 'passed')
    """
    if FAIL in statuses:
        return "failed"
    return "insufficient" if INSUFFICIENT in statuses else "passed"
