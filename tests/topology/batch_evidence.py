"""Cohorts, readiness and the paper account of one batch computation.

The oracles of the sinks' own tests, fed with nothing but what `tests.oracle.batch` made
of the records: no row, bar or figure of the product comes in here.
"""

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.stats.proportion import proportion_confint

from schemas.policy import Policy
from sinks.evidence.cohort import CohortKey
from sinks.paper.records import PaperBar, PaperOrder
from tests.oracle.batch import Batch
from tests.oracle.batch_signals import check
from tests.unit.sinks import cohort_oracle as oracle
from tests.unit.sinks.cohort_worlds import Bars, World, make_row
from tests.unit.sinks.paper.naive import Naive, Oracle
from tests.unit.sinks.paper.samples import Scenario

Row = dict[str, Any]

OF_ALL = ("hit_rate", "hit_low", "hit_high", "brier", "ece")
OF_TRADES = (
    "mean_net", "mean_gross", "sharpe", "sharpe_gross", "psr", "min_trl_more", "dsr",
    "max_drawdown", "profit_factor", "expectancy", "alpha", "alpha_t", "beta", "ic", "p_value",
    "q_value", "base_rate", "excess_hit",
)  # fmt: skip
_CACHES = ("members", "counted", "series", "base_rate", "sharpe_bar")
_LEAST_TESTED = 30


def world_of(batch: Batch) -> World:
    """The rows and bars of a batch as the oracle of cohorts takes them."""
    for name in _CACHES:
        getattr(oracle, name).cache_clear()
    rows = []
    for row in batch.rows.values():
        fields = {name: row[name] for name in _FIELDS}
        rows.append(make_row(**fields, model_name=row["model"], backdated=bool(row["backdated"])))
    bars = {
        ticker: Bars(
            ticker=ticker, closes=frame.close.tolist(), ratios=tuple(frame.ratio),
            dividends=tuple(frame.dividend), sessions=tuple(frame.session),
        )
        for ticker, frame in batch.bars.items()
    }  # fmt: skip
    return World(bars=bars, rows=rows, policy=batch.policy, as_of_ms=batch.as_of_ms)


_FIELDS = (
    "signal_id", "ticker", "action", "status", "horizon_sessions", "window_sessions", "confidence",
    "source", "model_version", "source_kind", "data_kind", "calendar", "periods_per_year",
    "entry_session", "entry_index", "last_session", "horizon_session", "net_return", "raw_return",
    "hit", "observations", "stale_after_ms",
)  # fmt: skip


def cohorts_of(world: World) -> dict[CohortKey, Row]:
    """The figures of every cohort and roll-up, and of cohorts whether they are ready."""
    found = {key: _figures(world, key) for key in sorted(oracle.keys_of(world))}
    families: dict[tuple[str, str], dict[CohortKey, float]] = defaultdict(dict)
    for key, row in found.items():
        if row["p_value"] is not None and len(oracle.counted(world, key)) >= _LEAST_TESTED:
            families[key.data_class, key.level][key] = row["p_value"]
    for each in families.values():
        for key, value in oracle.q_values(each).items():
            found[key]["q_value"] = value
    for key, row in found.items():
        row["ready"] = _ready(key, row, world.policy) if key.level == "cohort" else None
    return found


def ready_signals(batch: Batch, cohorts: dict[CohortKey, Row]) -> set[str]:
    """The signals that nothing keeps from being traded, and that are not staged already."""
    allowed = {"live", *batch.policy.also_ready}
    found = set()
    for signal_id, row in batch.rows.items():
        key = CohortKey(
            data_class=row["data_class"], source=row["source"], model=row["model"],
            model_version=row["model_version"], action=row["action"],
            horizon_sessions=str(row["horizon_sessions"]),
        )  # fmt: skip
        marks = {row["data_kind"], *(["fallback"] if row["source_kind"] == "fallback" else [])}
        marks |= {"backdated"} if row["backdated"] else set()
        sound = row["screen_status"] == row["verdict"] == row["status"] == "passed"
        if sound and not row["suspect_sessions"] and cohorts[key]["ready"] and marks <= allowed:
            found.add(signal_id)
    return found


def account_of(batch: Batch) -> Naive:
    """The paper account of the stages that were applied."""
    rows = [_order(row, batch) for row in batch.rows.values() if row["action"] != "HOLD"]
    orders = [each for each in rows if each is not None]
    names = ("session", "close_ms", "open", "high", "low", "close", "dividend")
    bars = {
        ticker: [
            PaperBar(split_ratio=line["ratio"], **{name: line[name] for name in names})
            for line in frame.to_dict("records")
        ]
        for ticker, frame in batch.bars.items()
    }
    return Oracle(Scenario(orders=orders, bars=bars, rules=batch.policy.paper)).run()


def _figures(world: World, key: CohortKey) -> Row:
    rows = oracle.counted(world, key)
    hits = [row.hit == "hit" for row in rows]
    row: Row = {**dict.fromkeys((*OF_ALL, *OF_TRADES)), **oracle.counts(world, key)}
    if rows:
        sure = np.array([row.confidence for row in rows])
        low, high = proportion_confint(sum(hits), len(hits), method="wilson")
        row["hit_rate"], row["hit_low"], row["hit_high"] = np.mean(hits), low, high
        row["brier"] = np.mean((sure - hits) ** 2)
        bins = np.minimum(np.floor(sure * 10), 9)
        apart = [abs((sure - hits)[bins == each].sum()) for each in set(bins)]
        row["ece"] = sum(apart) / len(rows)
    row["sessions"] = 0
    if not oracle.holds_only(world, key):
        row |= _traded(world, key)
    return row


def _traded(world: World, key: CohortKey) -> Row:
    rows, frame = oracle.counted(world, key), oracle.series(world, key)
    ratio, year = oracle.sharpe(world, key)
    gross, _ = oracle.sharpe(world, key, "gross")
    bar = oracle.sharpe_bar(world, key.data_class)
    losses = -frame.net[frame.net < 0].sum()
    row: Row = {
        "sessions": len(frame),
        "sharpe": None if ratio is None else ratio * math.sqrt(year),
        "sharpe_gross": None if gross is None else gross * math.sqrt(year),
        "psr": oracle.psr(world, key, 0.0),
        "min_trl_more": _sessions_needed(world, key),
        "dsr": None if bar is None else oracle.psr(world, key, bar),
        "max_drawdown": oracle.max_drawdown(frame),
        "profit_factor": frame.net[frame.net > 0].sum() / losses if losses else None,
        "expectancy": None if frame.empty else frame.net.mean(),
        "ic": oracle.ic(world, key, None)[0],
        **_market_line(world, key),
    }
    if rows:
        row["mean_net"] = np.mean([each.net_return for each in rows])
        row["mean_gross"] = np.mean([oracle.SIGN[e.action] * (e.raw_return or 0.0) for e in rows])
        row["base_rate"] = np.mean([oracle.base_rate_of(world, each) for each in rows])
        row["excess_hit"] = np.mean(oracle.excess_hits(world, key))
        row["p_value"] = oracle.p_value(world, key)
    return row


def _sessions_needed(world: World, key: CohortKey) -> float | None:
    frame = oracle.series(world, key)
    ratio, _ = oracle.sharpe(world, key)
    if ratio is None or ratio <= 0 or len(frame) < 3:
        return None
    apart = frame.net - frame.net.mean()
    second, third, fourth = ((apart**power).mean() for power in (2, 3, 4))
    variance = 1 - third / second**1.5 * ratio + (fourth / second**2 - 1) / 4 * ratio**2
    if variance <= 0:
        return None
    needed = 1 + variance * (oracle.NORMAL.inv_cdf(0.95) / ratio) ** 2
    return float(max(0, math.ceil(needed) - len(frame)))


def _market_line(world: World, key: CohortKey) -> Row:
    """Alpha a year and beta by ordinary least squares, alpha's t by Newey and West."""
    if world.policy.benchmark not in world.bars:
        return {}
    frame = oracle.series(world, key)
    year = oracle.periods(world, key, frame)
    held, total = world.bars[world.policy.benchmark], world.policy.total_return
    market = {
        held.labels[at]: held.value(at - 1, at, total_return=total) - 1
        for at in range(1, len(held.labels))
    }
    both = pd.concat([frame["net"], pd.Series(market, name="b", dtype=float)], axis=1, join="inner")
    both -= world.policy.risk_free_rate / year
    if len(both) < 3 or both["b"].max() - both["b"].min() < 1e-12:
        return {}
    lags = min(math.floor(4 * (len(both) / 100) ** (2 / 9)), len(both) - 1)
    robust = {"maxlags": lags, "use_correction": False}
    fit = sm.OLS(both["net"], sm.add_constant(both["b"])).fit(cov_type="HAC", cov_kwds=robust)
    noise = fit.resid.abs().max() < 1e-12 or not fit.bse["const"] > 0
    return {
        "alpha": fit.params["const"] * year,
        "beta": fit.params["b"],
        "alpha_t": None if noise else fit.tvalues["const"],
    }


def _ready(key: CohortKey, row: Row, policy: Policy) -> bool:
    if key.action == "HOLD" or key.data_class not in {"live", *policy.also_ready}:
        return False
    actual = {**row, "trades": float(row["matured"]), "sessions": float(row["sessions"])}
    return all(check(rule, actual[rule.name]) == "pass" for rule in policy.cohort)


def _order(row: Row, batch: Batch) -> PaperOrder | None:
    stages = [e for e in row["transitions"] if e["kind"] == "stage"]
    if not stages:
        return None
    session, close_ms = _staged(stages[0], row["ticker"], batch)
    price = row["published_price"] or row["entry_price"]
    levels: Row = {
        name: None if row[level] is None else row[level] / price - 1
        for name, level in (("target_return", "target_price"), ("stop_return", "stop_loss"))
    }
    names = ("signal_id", "ticker", "action", "horizon_sessions", "confidence", "position_size")
    return PaperOrder(
        **{name: row[name] for name in names},
        staged_session=session,
        staged_close_ms=close_ms,
        decided_at_ms=stages[0]["as_of_ms"],
        **levels,
    )


def _staged(stage: Row, ticker: str, batch: Batch) -> tuple[str, int]:
    """The session after which a stage is tried, and the close of the last bar up to it.

    It is its own, else the first that was not over when it was decided, and never one
    that was; while there is none the moment of the decision stands in.
    """
    frame, decided_ms = batch.bars[ticker], stage["as_of_ms"]
    known = frame[frame.close_ms <= decided_ms].session
    due = frame[frame.close_ms >= decided_ms].session
    own = stage["session"] or (due.iloc[0] if len(due) else None)
    if own is None:
        return "", decided_ms
    session = max(own, known.iloc[-1] if len(known) else "")
    upto = frame[frame.session <= session].close_ms
    return session, int(upto.iloc[-1]) if len(upto) else decided_ms
