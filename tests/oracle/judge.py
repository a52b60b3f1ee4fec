"""What becomes of every signal, by the letter of the specification's section 3.

Policy `tracker`: 30 sessions, 5 bps a side, annual return of at least 10 %, a
HOLD stays within 2 %. Inputs are JSON fields of valid records.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.oracle.bars import LATENESS_MS, Bar, complete_bars, periods_per_year
from tests.oracle.identity import MIN_SESSIONS, holding_payloads, record_hash

COST_BPS_PER_SIDE = 5
HOLD_BAND = 0.02
MIN_ANNUAL_RETURN = 0.10

Record = Mapping[str, Any]
Row = dict[str, Any]


def judge(
    signals: Iterable[Record],
    ticks: Iterable[Record],
    actions: Iterable[Record] = (),
    decisions: Iterable[Record] = (),
    lateness_ms: int = LATENESS_MS,
) -> dict[str, Row]:
    """Return the row of every signal by its id."""
    ticks_by_ticker: dict[str, list[Record]] = {}
    for tick in ticks:
        ticks_by_ticker.setdefault(tick["ticker"], []).append(tick)
    bars_by_ticker = {
        ticker: complete_bars(ticker, own, lateness_ms) for ticker, own in ticks_by_ticker.items()
    }
    splits = holding_splits(actions)
    cancels = holding_cancels(decisions)
    rows = {}
    for signal_id, payload in sorted(holding_payloads(signals).items()):
        ticker = payload["ticker"]
        rows[signal_id] = judge_one(
            payload,
            bars_by_ticker.get(ticker, []),
            [split for split in splits if split["ticker"] == ticker],
            [
                cancel
                for cancel in cancels
                if (cancel["signal_id"], cancel["ticker"]) == (signal_id, ticker)
            ],
        )
    return rows


def judge_one(payload: Row, bars: list[Bar], splits: list[Record], cancels: list[Record]) -> Row:
    """Return the row of one signal, given its ticker's complete bars, splits and cancels."""
    row: Row = {
        "signal_id": payload["signal_id"],
        "ticker": payload["ticker"],
        "action": payload["action"],
        "horizon_sessions": payload["horizon_sessions"],
        "status": "awaiting_entry",
        "validation_status": "pending",
        "entry_session": None,
        "entry_price": None,
        "observations": 0,
        "net_return": None,
        "raw_return": None,
        "hit": None,
        "annual_return": None,
        "max_drawdown": None,
        "mae": None,
        "mfe": None,
    }
    after = [bar for bar in bars if bar.close_ms > payload["generated_at_ms"]]
    entry = after[0] if after else None
    if any(cancels_in_time(cancel, payload, entry) for cancel in cancels):
        row["status"] = "cancelled"
        row["validation_status"] = "archived"
        return row
    if entry is None:
        return row

    window = max(payload["horizon_sessions"], MIN_SESSIONS)
    ratios = [price_ratios(entry, bar, splits) for bar in after[1 : 1 + window]]
    signed = [signed_return(payload["action"], close) for close, _, _ in ratios]
    row["status"] = "tracking"
    row["entry_session"] = entry.session
    row["entry_price"] = entry.close
    row["observations"] = len(ratios)
    row["max_drawdown"] = max_drawdown(signed)
    if len(ratios) >= payload["horizon_sessions"]:
        row.update(outcome(payload, ratios[: payload["horizon_sessions"]]))
    if len(ratios) == window:
        passed = meets_policy(row)
        row["status"] = "passed" if passed else "failed"
        row["validation_status"] = "validated" if passed else "failed"
    return row


def cancels_in_time(cancel: Record, payload: Record, entry: Bar | None) -> bool:
    """Return whether a cancel falls between the signal and its entry's close."""
    if cancel["decided_at_ms"] < payload["generated_at_ms"]:
        return False
    return entry is None or cancel["decided_at_ms"] < entry.close_ms


def price_ratios(entry: Bar, bar: Bar, splits: list[Record]) -> tuple[float, float, float]:
    """Return close, high and low of a bar over the entry, on the basis of the entry's shares."""
    factor = split_factor(splits, entry.session, bar.session)
    return (
        bar.close * factor / entry.close,
        bar.high * factor / entry.close,
        bar.low * factor / entry.close,
    )


def signed_return(action: str, ratio: float) -> float:
    """Return what following the action gains when the price becomes ratio times the entry."""
    if action == "BUY":
        return ratio - 1
    if action == "SELL":
        return 1 - ratio
    return 0.0


def outcome(payload: Record, ratios: list[tuple[float, float, float]]) -> Row:
    """Return the values fixed at the horizon, given the ratios of k = 1 to horizon."""
    action = payload["action"]
    raw = ratios[-1][0] - 1
    net = signed_return(action, ratios[-1][0])
    hit = abs(raw) <= HOLD_BAND
    if action != "HOLD":
        net = net - 2 * COST_BPS_PER_SIDE / 10_000
        hit = net > 0
    extremes = [signed_return(action, ratio) for _, high, low in ratios for ratio in (high, low)]
    return {
        "net_return": no_negative_zero(net),
        "raw_return": no_negative_zero(raw),
        "hit": "hit" if hit else "miss",
        "annual_return": annual_return(
            net, payload["horizon_sessions"], periods_per_year(payload["ticker"])
        ),
        "mae": no_negative_zero(min(0.0, *extremes)),
        "mfe": no_negative_zero(max(0.0, *extremes)),
    }


def meets_policy(row: Record) -> bool:
    """Return whether a matured signal passes: enough a year, or for a HOLD its hit."""
    if row["action"] == "HOLD":
        return bool(row["hit"] == "hit")
    return bool(row["annual_return"] >= MIN_ANNUAL_RETURN)


def annual_return(net_return: float, horizon_sessions: int, periods: int) -> float:
    """Return the period's return compounded to a year; -1 is ruin.

    >>> round(annual_return(0.02, 30, 252), 3), round(annual_return(0.02, 30, 365), 3)
    (0.181, 0.272)
    >>> annual_return(-1.5, 30, 252)
    -1.0
    """
    if net_return <= -1:
        return -1.0
    return no_negative_zero((1 + net_return) ** (periods / horizon_sessions) - 1)


def max_drawdown(signed_returns: list[float]) -> float:
    """Return the deepest fall of 1 + signed return from its peak, the start included.

    >>> round(max_drawdown([0.10, -0.01, 0.05]), 12)
    0.1
    """
    peak = 1.0
    deepest = 0.0
    for signed in signed_returns:
        value = 1 + signed
        peak = max(peak, value)
        deepest = max(deepest, 1 - value / peak)
    return no_negative_zero(deepest)


def no_negative_zero(value: float) -> float:
    """Return the value, with 0.0 for -0.0."""
    return 0.0 if value == 0 else value


def holding_splits(actions: Iterable[Record]) -> list[Record]:
    """Return the splits that hold, one a ticker and date, in (ex_date, kind) order."""
    held: dict[tuple[str, str], Record] = {}
    for action in actions:
        if action["kind"].lower() != "split":
            continue
        key = (action["ex_date"], action["ticker"])
        if key not in held or _strength(action) > _strength(held[key]):
            held[key] = action
    return [held[key] for key in sorted(held)]


def split_factor(splits: list[Record], entry_session: str, session: str) -> float:
    """Return how many shares one share of the entry session has become."""
    factor = 1.0
    for split in splits:
        if entry_session < split["ex_date"] <= session:
            factor *= split["ratio"]
    return factor


def holding_cancels(decisions: Iterable[Record]) -> list[Record]:
    """Return the cancels that hold: of several with one decision id the least."""
    held: dict[str, Row] = {}
    for decision in decisions:
        full: Row = {"session": None, "by": "", "reason": "", **decision}
        full["kind"] = full["kind"].lower()
        rival = held.get(full["decision_id"])
        if rival is None or _age(full) < _age(rival):
            held[full["decision_id"]] = full
    return [decision for decision in held.values() if decision["kind"] == "cancel"]


def _strength(action: Record) -> tuple[int, float]:
    return (action.get("revision") or 0, action["ratio"])


def _age(decision: Record) -> tuple[int, str]:
    return (decision["decided_at_ms"], record_hash(decision))
