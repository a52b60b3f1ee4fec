"""The evidence of a world once more: loops and pandas, a row after the other, nothing shared."""

import math
from datetime import date
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from sinks.evidence.cohort import ALL, CohortKey
from sinks.rows import SignalRow
from tests.unit.sinks.cohort_worlds import World

SIGN = {"BUY": 1, "SELL": -1, "HOLD": 0}
NORMAL = NormalDist()


def keys_of(world: World) -> set[CohortKey]:
    found = set()
    for row in world.rows:
        model = {"source": row.source, "model": row.model_name, "model_version": row.model_version}
        own = {"action": row.action, "horizon_sessions": str(row.horizon_sessions)}
        for fields in ({**model, **own}, model, {"ticker": row.ticker}, {}):
            found.add(CohortKey(data_class=row.data_class, **fields))
    return found


@cache
def members(world: World, key: CohortKey) -> list[SignalRow]:
    return [
        row
        for row in world.rows
        if row.data_class == key.data_class
        and key.source in (ALL, row.source)
        and key.model in (ALL, row.model_name)
        and key.model_version in (ALL, row.model_version)
        and key.action in (ALL, row.action)
        and key.horizon_sessions in (ALL, str(row.horizon_sessions))
        and key.ticker in (ALL, row.ticker)
    ]


def counts(world: World, key: CohortKey) -> dict[str, int]:
    rows = members(world, key)
    cancelled = [row for row in rows if row.status == "cancelled"]
    rest = [row for row in rows if row.status != "cancelled"]
    return {
        "signals": len(rest),
        "matured": sum(row.last_session is not None for row in rest),
        "open": sum(row.last_session is None for row in rest),
        "cancelled": len(cancelled),
        "stale": sum(
            row.last_session is None and world.as_of_ms > row.stale_after_ms for row in rest
        ),
    }


def traded(world: World, key: CohortKey) -> list[SignalRow]:
    return [row for row in members(world, key) if row.action != "HOLD"]


def holds_only(world: World, key: CohortKey) -> bool:
    rows = members(world, key)
    rest = [row for row in rows if row.status != "cancelled"] or rows
    return all(row.action == "HOLD" for row in rest)


@cache
def counted(world: World, key: CohortKey) -> list[SignalRow]:
    """The matured signals whose hits count."""
    rows = members(world, key) if holds_only(world, key) else traded(world, key)
    return [row for row in rows if row.last_session is not None]


@cache
def series(world: World, key: CohortKey) -> pd.DataFrame:
    """A row a day: gross, net and open signals."""
    side, lines = world.policy.cost_bps_per_side / 10_000, []
    for row in traded(world, key):
        if row.entry_session is None:
            continue
        bars = world.bars[row.ticker]
        entry = bars.labels.index(row.entry_session)
        for k in range(1, min(row.horizon_sessions, row.observations) + 1):
            at = entry + k
            moved = bars.value(at - 1, at, total_return=world.policy.total_return) - 1
            gross = SIGN[row.action] * moved
            cost = side * ((k == 1) + (k == row.horizon_sessions))
            lines.append((bars.labels[at], gross, gross - cost, row.periods_per_year))
    frame = pd.DataFrame(lines, columns=["day", "gross", "net", "periods"])
    grouped = frame.groupby("day")
    out = grouped[["gross", "net"]].mean()
    out["n"] = grouped.size()
    out.attrs["periods"] = int(frame["periods"].max()) if len(frame) else None
    return out


def periods(world: World, key: CohortKey, frame: pd.DataFrame) -> int:
    return frame.attrs["periods"] or max(r.periods_per_year for r in members(world, key))


def sharpe(world: World, key: CohortKey, column: str = "net") -> tuple[float | None, int]:
    """The Sharpe ratio of a session and the sessions of a year."""
    frame = series(world, key)
    year = periods(world, key, frame)
    excess = frame[column] - world.policy.risk_free_rate / year
    if len(excess) < 2 or excess.std(ddof=1) < 1e-12:
        return None, year
    return float(excess.mean() / excess.std(ddof=1)), year


def psr(world: World, key: CohortKey, benchmark: float) -> float | None:
    frame = series(world, key)
    ratio, _ = sharpe(world, key)
    if ratio is None or len(frame) < 3:
        return None
    apart = frame["net"] - frame["net"].mean()
    second, third, fourth = ((apart**power).mean() for power in (2, 3, 4))
    skew, kurt = third / second**1.5, fourth / second**2
    variance = 1 - skew * ratio + (kurt - 1) / 4 * ratio**2
    if variance <= 0:
        return None
    return NORMAL.cdf((ratio - benchmark) * math.sqrt(len(frame) - 1) / math.sqrt(variance))


def max_drawdown(frame: pd.DataFrame) -> float | None:
    if frame.empty:
        return None
    value = peak = 1.0
    worst = 0.0
    for each in frame["net"]:
        value = max(0.0, value * (1 + each))
        peak = max(peak, value)
        worst = max(worst, 1 - value / peak)
    return worst


def market_line(world: World, key: CohortKey) -> tuple[float, float, int]:
    """Alpha a year, beta, and on how many days both are there."""
    frame = series(world, key)
    year = periods(world, key, frame)
    bars = world.bars[world.policy.benchmark]
    total = world.policy.total_return
    benchmark = pd.Series(
        {
            bars.labels[at]: bars.value(at - 1, at, total_return=total) - 1
            for at in range(1, len(bars.labels))
        }
    )
    both = pd.concat([frame["net"], benchmark.rename("b")], axis=1, join="inner")
    both -= world.policy.risk_free_rate / year
    if len(both) < 3:
        return math.nan, math.nan, len(both)
    beta, alpha = np.polyfit(both["b"], both["net"], 1)
    return float(alpha * year), float(beta), len(both)


@cache
def base_rate(world: World, ticker: str, action: str, horizon: int) -> float:
    bars, policy = world.bars[ticker], world.policy
    hits = []
    for at in range(len(bars.closes) - horizon):
        value = bars.value(at, at + horizon, total_return=policy.total_return)
        net = SIGN[action] * (value - 1) - 2 * policy.cost_bps_per_side / 10_000
        hits.append(net > 0)
    return sum(hits) / len(hits)


def excess_hits(world: World, key: CohortKey) -> list[float]:
    return [(row.hit == "hit") - base_rate_of(world, row) for row in counted(world, key)]


def base_rate_of(world: World, row: SignalRow) -> float:
    return base_rate(world, row.ticker, row.action, row.horizon_sessions)


def p_value(world: World, key: CohortKey) -> float | None:
    rows, excess = counted(world, key), excess_hits(world, key)
    mixed = len({row.calendar for row in rows}) > 1
    n, mean = len(rows), sum(excess) / max(len(excess), 1)
    total = 0.0
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            reach = max(_horizon(one, mixed=mixed), _horizon(other, mixed=mixed))
            apart = abs(_entry(one, mixed=mixed) - _entry(other, mixed=mixed))
            total += max(0.0, 1 - apart / reach) * (excess[i] - mean) * (excess[j] - mean)
    if n < 2 or total < 1e-9:
        return None
    return NORMAL.cdf(-mean / (math.sqrt(total) / n))


def p_strict(world: World, key: CohortKey) -> float | None:
    rows, excess = counted(world, key), excess_hits(world, key)
    mixed = len({row.calendar for row in rows}) > 1
    total = 0.0
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            reach = max(_horizon(one, mixed=mixed), _horizon(other, mixed=mixed))
            apart = abs(_entry(one, mixed=mixed) - _entry(other, mixed=mixed))
            total += max(0.0, 1 - apart / reach) * excess[i] * excess[j]
    if len(rows) < 2 or total < 1e-9:
        return None
    return NORMAL.cdf(-sum(excess) / math.sqrt(total))


def effective_n(world: World, key: CohortKey) -> float | None:
    rows = counted(world, key)
    mixed = len({row.calendar for row in rows}) > 1
    shared = 0.0
    for one in rows:
        for other in rows:
            reach = max(_horizon(one, mixed=mixed), _horizon(other, mixed=mixed))
            apart = abs(_entry(one, mixed=mixed) - _entry(other, mixed=mixed))
            shared += max(0.0, 1 - apart / reach)
    return len(rows) ** 2 / shared if rows else None


def q_values(p_values: dict[CohortKey, float]) -> dict[CohortKey, float]:
    order = sorted(p_values.values())
    n = len(order)
    return {
        key: min(1.0, *(order[at] * n / (at + 1) for at in range(n) if order[at] >= value))
        for key, value in p_values.items()
    }


@cache
def sharpe_bar(world: World, data_class: str) -> float | None:
    ratios = []
    for key in keys_of(world):
        if key.data_class == data_class and key.horizon_sessions != ALL:
            ratio, _ = sharpe(world, key)
            ratios += [] if ratio is None else [ratio]
    n = len(ratios)
    if n < 2:
        return None
    euler = 0.5772156649015329
    bracket = (1 - euler) * NORMAL.inv_cdf(1 - 1 / n) + euler * NORMAL.inv_cdf(1 - 1 / n / math.e)
    return float(np.std(ratios, ddof=1)) * bracket


def ic(world: World, key: CohortKey, horizon: int | None) -> tuple[float | None, int]:
    """The rank correlation at a horizon, or at each signal's own, and its n."""
    pairs = []
    for row in counted(world, key):
        bars = world.bars[row.ticker]
        entry = bars.labels.index(row.entry_session or "")
        at = entry + (horizon or row.horizon_sessions)
        if at < len(bars.closes):
            value = bars.value(entry, at, total_return=world.policy.total_return)
            pairs.append((SIGN[row.action] * row.confidence, round(value, 12)))
    frame: Any = pd.DataFrame(pairs, columns=["claim", "came"]).rank()
    if len(pairs) < 3 or frame["claim"].nunique() < 2 or frame["came"].nunique() < 2:
        return None, len(pairs)
    return float(frame["claim"].corr(frame["came"])), len(pairs)


def _entry(row: SignalRow, *, mixed: bool) -> int:
    if mixed:
        return date.fromisoformat(row.entry_session or "").toordinal()
    return row.entry_index or 0


def _horizon(row: SignalRow, *, mixed: bool) -> int:
    if not mixed:
        return row.horizon_sessions
    return math.ceil(row.horizon_sessions * 365 / row.periods_per_year)
