"""Policies with sane defaults, and the records that carry them."""

from typing import Any

from schemas.identity import canonical_json
from schemas.policy import PaperRules, Policy, content_of, hashed
from schemas.records import PolicyVersion


def make_paper_rules(**changes: float) -> PaperRules:
    defaults = {
        "capital": 10_000.0,
        "max_position": 0.02,
        "max_short_position": 0.01,
        "max_ticker": 0.2,
        "max_gross": 1.0,
        "slippage_bps": 5.0,
        "impact_bps_per_10k": 1.0,
        "cost_bps": 1.5,
    }
    return PaperRules(**{**defaults, **changes})


def make_policy(**changes: Any) -> Policy:
    defaults: dict[str, Any] = {
        "name": "tracker",
        "effective_from_ms": 0,
        "min_sessions": 30,
        "cost_bps_per_side": 5.0,
        "hold_band": 0.02,
        "jump_guard": 0.4,
        "total_return": False,
        "benchmark": "^GSPC",
        "risk_free_rate": 0.04,
        "also_ready": (),
        "screen": (),
        "checks": (),
        "cohort": (),
        "paper": make_paper_rules(),
    }
    return hashed(Policy(**{**defaults, **changes}))


def make_policy_version(policy: Policy | None = None, **changes: Any) -> PolicyVersion:
    policy = policy or make_policy()
    defaults: dict[str, Any] = {
        "policy_hash": policy.hash,
        "name": policy.name,
        "effective_from_ms": policy.effective_from_ms,
        "content": canonical_json(content_of(policy)).decode(),
    }
    return PolicyVersion(**{**defaults, **changes})
