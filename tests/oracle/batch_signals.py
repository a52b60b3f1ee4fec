"""What becomes of one signal under any policy, by the letter of the specification's section 3.

Values are those of one share at the entry: what it has become by splits and, where the
policy counts total return, the cash that it was paid.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import ge, gt, le, lt
from typing import Any

import pandas as pd

from schemas.policy import CheckRule, Policy
from tests.oracle.bars import periods_per_year, sessions_of
from tests.oracle.batch_bars import Action, between
from tests.oracle.batch_status import decided_fact, fold, market_fact, validation_status
from tests.oracle.judge import annual_return, max_drawdown, no_negative_zero, signed_return

Row = dict[str, Any]

NOTHING: Row = dict.fromkeys(
    ("entry_session", "entry_index", "entry_price", "entry_close_ms", "horizon_session",
     "last_session", "net_return", "raw_return", "hit", "annual_return", "max_drawdown", "mae",
     "mfe", "verdict", "backdated")
)  # fmt: skip
_OPERATORS = {">=": ge, "<=": le, ">": gt, "<": lt}


def judge_signal(
    payload: Row,
    policy: Policy,
    bars: pd.DataFrame,
    actions: Sequence[Action],
    decisions: Sequence[Row],
) -> Row:
    """Return the row of a signal; `bars` and `actions` are of its ticker alone."""
    window = max(payload["horizon_sessions"], policy.min_sessions)
    after = bars[bars.close_ms > payload["generated_at_ms"]].head(window + 1)
    row: Row = {**NOTHING, "observations": 0, "window_sessions": window, "checks": {}, "path": None}
    suspects: list[str] = []
    if len(after):
        path = _path(payload, policy, after, actions)
        row |= _entered(payload, policy, path, window)
        suspects = path.session[path.jump > policy.jump_guard].tolist()
    facts = [*_market_facts(payload, row), *map(decided_fact, decisions)]
    steps, applied = fold(facts, suspects)
    row["status"] = steps[-1]["to_status"]
    if row["status"] == "cancelled":
        row |= {**NOTHING, "observations": 0, "checks": {}, "path": None}
        suspects, applied = [], fold(facts, [])[1]
    accepted = {
        each["session"]
        for each in decisions
        if each["kind"] == "accept-price" and applied[each["decision_id"]]
    }
    published_ms = payload["published_ms"]
    if payload["data_kind"] == "live" and published_ms is not None and row["entry_session"]:
        row["backdated"] = published_ms > row["entry_close_ms"]
    return {
        **row,
        "validation_status": validation_status(row["status"]),
        "suspect_sessions": [each for each in suspects if each not in accepted],
        "transitions": steps,
        "applied": applied,
        "stale_after_ms": _close_after(payload, window + 10),
    }


def check(rule: CheckRule, actual: float | None) -> str:
    """Return pass, fail, or insufficient where nothing is known."""
    if actual is None:
        return "insufficient"
    return "pass" if _OPERATORS[rule.op](actual, rule.required) else "fail"


def summed_up(statuses: Sequence[str]) -> str:
    """Return what single checks come to."""
    if "fail" in statuses:
        return "failed"
    return "insufficient" if "insufficient" in statuses else "passed"


def _path(
    payload: Row, policy: Policy, after: pd.DataFrame, actions: Sequence[Action]
) -> pd.DataFrame:
    """Return the entry and every observation; k is the row's number."""
    path = after.reset_index(drop=True)
    entry = path.session[0]
    moves = [between(actions, entry, session) for session in path.session]
    path[["shares", "cash"]] = pd.DataFrame(moves, dtype=float)
    paid = path.cash if policy.total_return else 0.0
    for name in ("close", "high", "low"):
        path[f"{name}_ratio"] = (path[name] * path.shares + paid) / path.close[0]
    path["signed"] = [signed_return(payload["action"], each) for each in path.close_ratio]
    path["jump"] = [0.0, *(_jump(*pair, actions) for pair in pairwise(path.itertuples()))]
    return path


def _jump(before: Any, bar: Any, actions: Sequence[Action]) -> float:
    """Return the move between two closes that no action explains: not even its dividend."""
    shares, cash = between(actions, before.session, bar.session)
    worth = bar.close * shares
    return min(float(abs(each / before.close - 1)) for each in (worth, worth + cash))


def _entered(payload: Row, policy: Policy, path: pd.DataFrame, window: int) -> Row:
    horizon, seen = payload["horizon_sessions"], len(path) - 1
    sessions = sessions_of(payload["ticker"])
    row: Row = {
        "entry_session": path.session[0],
        "entry_index": bisect_left(sessions, path.session[0], key=lambda one: one.label),
        "entry_price": float(path.close[0]),
        "entry_close_ms": int(path.close_ms[0]),
        "observations": seen,
        "max_drawdown": max_drawdown(path.signed[1:].tolist()),
        "path": path,
    }
    if seen >= horizon:
        row |= _outcome(payload, policy, path[1 : horizon + 1])
    if seen == window:
        row["last_session"] = path.session[window]
        row["last_close_ms"] = int(path.close_ms[window])
        row["checks"] = _checks(payload, policy, row)
        statuses = [
            check(e, row["checks"][e.name]) for e in policy.checks if e.name in row["checks"]
        ]
        row["verdict"] = summed_up(statuses)
    return row


def _outcome(payload: Row, policy: Policy, path: pd.DataFrame) -> Row:
    raw = float(path.close_ratio.iloc[-1]) - 1
    net, hit = 0.0, abs(raw) <= policy.hold_band
    if payload["action"] != "HOLD":
        net = float(path.signed.iloc[-1]) - 2 * policy.cost_bps_per_side / 10_000
        hit = net > 0
    extremes = [
        signed_return(payload["action"], each) for each in [*path.high_ratio, *path.low_ratio]
    ]
    try:
        annual: float | None = annual_return(net, len(path), periods_per_year(payload["ticker"]))
    except OverflowError:
        annual = None
    return {
        "horizon_session": path.session.iloc[-1],
        "raw_return": no_negative_zero(raw),
        "net_return": no_negative_zero(net),
        "hit": "hit" if hit else "miss",
        "annual_return": 0.0 if payload["action"] == "HOLD" else annual,
        "mae": no_negative_zero(min(0.0, *extremes)),
        "mfe": no_negative_zero(max(0.0, *extremes)),
    }


def _checks(payload: Row, policy: Policy, row: Row) -> dict[str, float | None]:
    hold = payload["action"] == "HOLD"
    metrics = {
        "validation_period": float(row["observations"]),
        "max_drawdown": row["max_drawdown"],
        "stayed_flat" if hold else "annual_return": (
            abs(row["raw_return"]) if hold else row["annual_return"]
        ),
    }
    return {e.name: metrics[e.name] for e in policy.checks if e.name in metrics}


def _market_facts(payload: Row, row: Row) -> list[Row]:
    start = payload["generated_at_ms"]
    facts = [market_fact("register", start, None), market_fact("await-entry", start, None)]
    if row["entry_session"]:
        facts.append(market_fact("enter", row["entry_close_ms"], row["entry_session"]))
    if row["verdict"]:
        at = row["last_close_ms"], row["last_session"]
        facts += [market_fact("mature", *at), market_fact(row["verdict"], *at)]
    return facts


def _close_after(payload: Row, n: int) -> int:
    sessions = sessions_of(payload["ticker"])
    first = bisect_right(sessions, payload["generated_at_ms"], key=lambda one: one.close_ms)
    return sessions[min(first + n, len(sessions)) - 1].close_ms
