"""A good policy file, and what is said of a bad one."""

import pytest

from streams.policy_files import PolicyError, parse_policy

GOOD = """\
# mine
name = "mine"

[[version]]
effective_from = "2024-01-01"
min_sessions = 10
cost_bps_per_side = 2.5
hold_band = 0.01
jump_guard = 0.3
total_return = false
benchmark = "^GSPC"
risk_free_rate = 0.04
also_ready = [
  "fallback",
  "synthetic",
]
[[version.screen]]
name = "data_age"
op = "<="
required = 5
[[version.check]]
name = "validation_period"
op = ">="
required = 9
[[version.check]]
name = "annual_return"
op = ">"
required = 0.2
[[version.cohort]]
name = "psr"
op = ">="
required = 0.9
[version.paper]
capital = 1_000
max_position = 0.02
max_short_position = 0.01
max_ticker = 0.2
max_gross = 1.5
slippage_bps = 5
impact_bps_per_10k = 1
cost_bps = 1.5
"""


def refusal(text: str) -> str:
    with pytest.raises(PolicyError) as raised:
        parse_policy(text, "f.toml")
    return str(raised.value)


def changed(line: int, new: str) -> str:
    lines = GOOD.split("\n")
    lines[line - 1] = new
    return "\n".join(lines)
