"""PURE: how large an order is, and which limit refuses it."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.policy import PaperRules
from sinks.paper.costs import BPS, bounded, slippage_share
from sinks.paper.lots import SIDES, Lot, level
from sinks.paper.records import PaperBar, PaperOrder

LEAST_CONFIDENCE = 0.5
LEAST_VALUE = 0.01  # of the quote currency; below it the returns are those of roundings
# What fills a limit exactly shall not pass it by the rounding of a sum.
_SLACK = 1 + 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What an order is measured against: equity and exposure are of the closes before.

    `gross` and `by_ticker` also hold what filled at the same moment.
    """

    equity: float
    cash: float
    gross: float
    by_ticker: Mapping[str, float]


def order_value(order: PaperOrder, equity: float, rules: PaperRules) -> float:
    """Return the value of an order: the lesser of its size and the most, by its confidence."""
    most = rules.max_position if order.action == "BUY" else rules.max_short_position
    share = most if order.position_size is None else min(order.position_size, most)
    return share * max(order.confidence, LEAST_CONFIDENCE) * equity


def fill(order: PaperOrder, bar: PaperBar, index: int, room: Room, rules: PaperRules) -> Lot | str:
    """Return the lot that an order becomes at the open of a bar, or why it is rejected."""
    if room.equity <= 0:
        return f"equity: expected above 0, was {room.equity:.10g}"
    side, value = SIDES[order.action], order_value(order, room.equity, rules)
    if value < LEAST_VALUE:
        return f"order value: expected at least {LEAST_VALUE}, was {value:.10g}"
    share = slippage_share(value, rules)
    price = bar.open * (1 + side * share)
    commission = value * rules.cost_bps / BPS
    if price <= 0:
        return f"price after slippage: expected above 0, was {price:.10g}"
    refused = _refused(order, value, commission, room, rules)
    if refused:
        return refused
    slippage = value * share / (1 + side * share)
    return Lot(
        order=order,
        side=side,
        entry_index=index,
        entry_session=bar.session,
        quantity=bounded(value / price),
        entry_price=price,
        first_price=price,
        stop=level(bar.open, order.stop_return),
        target=level(bar.open, order.target_return),
        worth=value - side * slippage,
        value=value,
        slippage=slippage,
        commission=commission,
    )


def _refused(
    order: PaperOrder, value: float, commission: float, room: Room, rules: PaperRules
) -> str | None:
    ticker = room.by_ticker.get(order.ticker, 0.0) + value
    for name, limit, exposure in (
        ("max_ticker", rules.max_ticker, ticker),
        ("max_gross", rules.max_gross, room.gross + value),
    ):
        if exposure > limit * room.equity * _SLACK:
            was = exposure / room.equity
            return f"{name}: expected at most {limit:.10g} of equity, was {was:.10g}"
    needed = value + commission
    if order.action == "BUY" and needed > room.cash * _SLACK:
        return f"cash: expected at least {needed:.10g}, was {room.cash:.10g}"
    return None
