"""What of a signal has a fixed width: its head, as a numpy record and as bytes of its row.

Sessions are days since 1970, not indexes: another version of a calendar may number them
otherwise. NO_DAY, a negative time and NaN stand for what is not there.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Any

import numpy as np

from streams.domain.calendar import SessionCalendar, label_days
from streams.domain.indicators import Market
from streams.domain.observations import NOT_ENTERED, Facts
from streams.domain.signals import Entry
from streams.domain.ticks import NO_DAY

HEAD = np.dtype(
    [
        ("generated_at_ms", "<i8"),
        ("published_ms", "<i8"),
        ("policy", "<u8"),
        ("action", "u1"),
        ("horizon", "<i2"),
        ("window", "<i4"),
        ("hash", "V32"),
        ("entry_day", "<i4"),
        ("entry_price", "<f8"),
        ("horizon_day", "<i4"),
        ("net_return", "<f8"),
        ("raw_return", "<f8"),
        ("hit", "u1"),
        ("annual_return", "<f8"),
        ("mae", "<f8"),
        ("mfe", "<f8"),
        ("last_day", "<i4"),
        ("max_drawdown", "<f8"),
        ("market", "<i4"),
        ("body_size", "<i4"),
    ]
)
# The same for one signal: a third of the time that numpy takes for a record.
HEAD_STRUCT = Struct("<qqQBhi32sididdBdddidii")
# Of it what changes after registration: the facts and the number of the market.
TOLD_STRUCT = Struct("<ididdBdddidi")

# Of a row, behind the head: signals share a market, so that in memory the head names it.
MARKET = np.dtype(
    [
        ("bars", "<i2"),
        ("day", "<i4"),
        ("last_close", "<f8"),
        ("sma20", "<f8"),
        ("sma50", "<f8"),
        ("volatility", "<f8"),
        ("volatility_percentile", "<f8"),
    ]
)
NO_MARKET = -1
_NAN = math.nan
_HITS = (None, "hit", "miss")
_FIRST, _END = 7, 18
FACTS = list(HEAD.names or ())[_FIRST:_END]
_NO_MARKET = (0, NO_DAY, _NAN, _NAN, _NAN, _NAN, _NAN)
_NOT_ENTERED = (NO_DAY, _NAN, NO_DAY, _NAN, _NAN, 0, _NAN, _NAN, _NAN, NO_DAY, _NAN)


class PackedError(Exception):
    """Say why rows of signals cannot be used."""


def head_of(entry: Entry, action: int, market: int) -> tuple[Any, ...]:
    """Return the values of an entry's head; action and market by their numbers."""
    return (
        entry.generated_at_ms,
        -1 if entry.published_ms is None else entry.published_ms,
        policy_key(entry.policy.hash),
        action,
        entry.horizon,
        entry.window,
        bytes.fromhex(entry.payload_hash),
        *packed_facts(entry.facts),
        market,
        len(entry.body),
    )


@lru_cache(maxsize=1024)
def policy_key(policy_hash: str) -> int:
    """Return what of a policy's hash a head holds: its first 64 bits."""
    return int(policy_hash[:16], 16)


def facts_of(
    head: Sequence[Any], calendar: SessionCalendar, suspect_sessions: Sequence[str]
) -> Facts:
    """Return the facts in a head."""
    (day, price, horizon_day, net, raw, hit, annual, mae, mfe, last_day, drawdown) = head[
        _FIRST:_END
    ]
    if day == NO_DAY:
        return NOT_ENTERED
    index = _index(calendar, day)
    last = None if last_day == NO_DAY else _index(calendar, last_day)
    return Facts(
        calendar.label(index),
        index,
        calendar.closes[index],
        price,
        None if horizon_day == NO_DAY else calendar.label(_index(calendar, horizon_day)),
        _value(net),
        _value(raw),
        _HITS[hit],
        _value(annual),
        _value(mae),
        _value(mfe),
        None if last is None else calendar.label(last),
        None if last is None else calendar.closes[last],
        _value(drawdown),
        tuple(suspect_sessions),
    )


def market_of(packed: Sequence[Any], calendar: SessionCalendar) -> Market | None:
    """Return a market of the values of MARKET."""
    bars, day, close, sma20, sma50, volatility, percentile = packed
    if not bars:
        return None
    return Market(
        _index(calendar, day),
        _value(close),
        _value(sma20),
        _value(sma50),
        _value(volatility),
        _value(percentile),
        bars,
    )


@lru_cache(maxsize=256)
def packed_facts(facts: Facts) -> tuple[Any, ...]:
    """Return facts as the values of FACTS; signals of one path share theirs."""
    if facts.entry_session is None:
        return _NOT_ENTERED
    return (
        label_days(facts.entry_session),
        facts.entry_price,
        _day(facts.horizon_session),
        _number(facts.net_return),
        _number(facts.raw_return),
        _HITS.index(facts.hit),
        _number(facts.annual_return),
        _number(facts.mae),
        _number(facts.mfe),
        _day(facts.last_session),
        _number(facts.max_drawdown),
    )


def packed_market(market: Market | None, calendar: SessionCalendar) -> tuple[Any, ...]:
    """Return a market as the values of MARKET."""
    if market is None:
        return _NO_MARKET
    return (
        market.bars,
        int(calendar.days[market.last_index]),
        _number(market.last_close),
        _number(market.sma20),
        _number(market.sma50),
        _number(market.volatility),
        _number(market.volatility_percentile),
    )


def _day(label: str | None) -> int:
    return NO_DAY if label is None else label_days(label)


def _number(value: float | None) -> float:
    return _NAN if value is None else value


def _value(packed: float) -> float | None:
    return None if packed != packed else packed  # noqa: PLR0124 - what NaN is not


def _index(calendar: SessionCalendar, day: int) -> int:
    index = calendar.index_of(day)
    if index is None:
        msg = f"{np.datetime64(day, 'D')} is no session of {calendar.name} any more"
        raise PackedError(msg)
    return index
