"""The whole chain in one go: everything that was published in, every row out.

One batch computation over frames, written from the specification; nothing here
knows of an order in which things came. Rows are dictionaries by signal id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from schemas.policy import Policy
from tests.oracle.bars import calendar_name, periods_per_year
from tests.oracle.batch_bars import bar_frames, holding_actions
from tests.oracle.batch_screen import screen
from tests.oracle.batch_signals import check, judge_signal, summed_up
from tests.oracle.identity import complete_payload, record_hash

Record = Mapping[str, Any]
Row = dict[str, Any]

_NO_BARS = pd.DataFrame({"session": [], "close_ms": [], "close": []})


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one computation over all records says; `quarantined` are (signal id, hash) pairs."""

    rows: dict[str, Row]
    bars: dict[str, pd.DataFrame]
    quarantined: set[tuple[str, str]]
    policy: Policy
    as_of_ms: int


def compute(
    signals: Iterable[Record],
    ticks: Iterable[Record],
    actions: Iterable[Record],
    decisions: Iterable[Record],
    policies: Sequence[Policy],
) -> Batch:
    """Return the rows of these records; a signal's `kafka_ms` says when it was published."""
    held = holding_actions(actions)
    bars = bar_frames(ticks, held)
    taken = _holding_decisions(decisions)
    payloads, quarantined = _holding_payloads(signals, policies)
    rows = {}
    for signal_id, payload in sorted(payloads.items()):
        ticker, policy = payload["ticker"], policy_at(policies, payload["generated_at_ms"])
        own, own_actions = bars.get(ticker, _NO_BARS), held.get(ticker, [])
        its = [e for e in taken if (e["signal_id"], e["ticker"]) == (signal_id, ticker)]
        layers = screen(payload, policy, own, own_actions)
        rows[signal_id] = {
            **payload,
            "published_price": payload["entry_price"],
            **judge_signal(payload, policy, own, own_actions, its),
            "policy_hash": policy.hash,
            "layers": layers,
            "screen": {e.name: check(e, layers[e.name]) for e in policy.screen if e.name in layers},
            "calendar": calendar_name(ticker),
            "periods_per_year": periods_per_year(ticker),
        }
    policy = _current(policies, rows.values())
    for row in rows.values():
        row["data_class"] = _data_class(row)
    _add_portfolio(rows, bars, policy)
    last_closes = [int(each.close_ms.max()) for each in bars.values()]
    as_of_ms = max(last_closes or [each["generated_at_ms"] for each in rows.values()])
    for row in rows.values():
        row["stale"] = row["last_session"] is None and as_of_ms > row["stale_after_ms"]
    return Batch(rows=rows, bars=bars, quarantined=quarantined, policy=policy, as_of_ms=as_of_ms)


def policy_at(policies: Sequence[Policy], time_ms: int) -> Policy:
    """Return the last version effective at a time, or the first."""
    ordered = sorted(policies, key=lambda each: each.effective_from_ms)
    return [ordered[0], *(e for e in ordered if e.effective_from_ms <= time_ms)][-1]


def _holding_payloads(
    signals: Iterable[Record], policies: Sequence[Policy]
) -> tuple[dict[str, Row], set[tuple[str, str]]]:
    lines = []
    for signal in signals:
        payload = complete_payload({k: v for k, v in signal.items() if k != "kafka_ms"})
        if signal.get("horizon_sessions") is None:
            policy = policy_at(policies, payload["generated_at_ms"])
            payload["horizon_sessions"] = policy.min_sessions
        lines.append((payload["signal_id"], payload["generated_at_ms"], record_hash(payload),
                      signal.get("kafka_ms", 0), payload))  # fmt: skip
    columns = ["signal_id", "generated_at_ms", "payload_hash", "published_ms", "payload"]
    frame = pd.DataFrame(lines, columns=columns)
    frame = frame.sort_values(columns[:4]).drop_duplicates(columns[:3])
    lost = frame[frame.duplicated("signal_id")]
    payloads = {
        line["signal_id"]: {
            **line["payload"],
            "payload_hash": line["payload_hash"],
            "published_ms": line["published_ms"],
        }
        for line in frame.drop_duplicates("signal_id").to_dict("records")
    }
    return payloads, set(zip(lost.signal_id, lost.payload_hash, strict=True))


def _holding_decisions(decisions: Iterable[Record]) -> list[Row]:
    """Return of each decision id the least (decided_at_ms, hash)."""
    held: dict[str, tuple[int, str, Row]] = {}
    for each in decisions:
        full: Row = {"session": None, "by": "", "reason": "", **each, "kind": each["kind"].lower()}
        rival = full["decided_at_ms"], record_hash(full), full
        name = full["decision_id"]
        held[name] = min(held.get(name, rival), rival, key=lambda one: one[:2])
    return [full for _, _, full in held.values()]


def _current(policies: Sequence[Policy], rows: Iterable[Row]) -> Policy:
    """Return the newest version that judges a signal."""
    used = {row["policy_hash"] for row in rows}
    return max((e for e in policies if e.hash in used), key=lambda e: e.effective_from_ms)


def _data_class(row: Row) -> str:
    if row["data_kind"] == "synthetic":
        return "synthetic"
    if row["source_kind"] == "fallback":
        return "fallback"
    return "backdated" if row["backdated"] else str(row["data_kind"])


def _add_portfolio(rows: dict[str, Row], bars: Mapping[str, pd.DataFrame], policy: Policy) -> None:
    """Add the sinks' layer: the share of capital that a ticker would hold, and the whole screen."""
    rule = next((each for each in policy.screen if each.name == "ticker_exposure"), None)
    for row in rows.values():
        if rule is not None and row["action"] != "HOLD":
            share = float(
                sum((_weight(e, policy) for e in _open_beside(row, rows, bars)), Fraction())
            )
            row["layers"]["ticker_exposure"] = share
            row["screen"]["ticker_exposure"] = check(rule, share)
        row["screen_status"] = summed_up(list(row["screen"].values()))


def _open_beside(row: Row, rows: dict[str, Row], bars: Mapping[str, pd.DataFrame]) -> Iterable[Row]:
    """Yield the signal, and those of its model in its ticker that were open when it was made."""
    book = ("data_class", "source", "model", "model_version", "ticker")
    now = row["generated_at_ms"], row["signal_id"]
    for each in rows.values():
        same = all(each[name] == row[name] for name in book)
        earlier = (each["generated_at_ms"], each["signal_id"]) < now
        followed = each["action"] != "HOLD" and each["status"] != "cancelled"
        if each is row or (same and earlier and followed and not _over(each, bars, now[0])):
            yield each


def _over(row: Row, bars: Mapping[str, pd.DataFrame], time_ms: int) -> bool:
    if row["horizon_session"] is None:
        return False
    frame = bars[row["ticker"]]
    return int(frame.close_ms[frame.session == row["horizon_session"]].iloc[0]) <= time_ms


def _weight(row: Row, policy: Policy) -> Fraction:
    if row["position_size"] is not None:
        return abs(Fraction(row["position_size"]))
    rules = policy.paper
    short = row["action"] == "SELL"
    return Fraction(rules.max_short_position if short else rules.max_position)
