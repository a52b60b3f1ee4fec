"""For every field of a policy a value that `make_policy` does not give it."""

from typing import Any

from tests.builders import make_paper_rules, make_rule

JAN_1_2024_MS = 1_704_067_200_000

CHANGES: dict[str, Any] = {
    "name": "other",
    "effective_from_ms": JAN_1_2024_MS,
    "min_sessions": 31,
    "cost_bps_per_side": 5.5,
    "hold_band": 0.03,
    "jump_guard": 0.5,
    "total_return": True,
    "benchmark": "SPY",
    "risk_free_rate": 0.05,
    "also_ready": ("fallback",),
    "screen": (make_rule("confidence", 0.6), make_rule("data_age", 5.0, "<=")),
    "checks": (make_rule("annual_return", 0.1, ">"), make_rule("stayed_flat", 0.02, "<=")),
    "cohort": (make_rule("q_value", 0.1, "<="), make_rule("trades", 30.0)),
    "paper": make_paper_rules(capital=10_001.0),
}
