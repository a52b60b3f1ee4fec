"""PURE: one filled order from its entry to its exit.

Levels hang on the market price of the entry, not on the price paid, so that our own
costs never move a stop. Where an open is beyond a level, the exit is at that open.
Where one bar touches stop and target, the stop counts: bars do not say which came
first, and an account that is too good is the worse error.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.policy import PaperRules
from sinks.paper.costs import bounded, execute, money
from sinks.paper.records import RUIN, STOP, TARGET, TIME, PaperBar, PaperOrder, PaperTrade

SIDES = {"BUY": 1, "SELL": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """An open position; prices and quantity are in the shares of its ticker's last bar.

    `first_price` is the entry price in the shares of the entry, `dividends` what the
    position was paid (a short pays), `value` what was paid or received for it.
    """

    order: PaperOrder
    side: int
    entry_index: int
    entry_session: str
    quantity: float
    entry_price: float
    first_price: float
    stop: float | None
    target: float | None
    worth: float
    value: float
    slippage: float
    commission: float
    dividends: float = 0.0

    def sessions(self, index: int) -> int:
        """Return the sessions held at a bar; the entry's own is the first."""
        return index - self.entry_index + 1

    def unrealised(self, price: float) -> float:
        """Return the profit at a market price, after the costs of the entry."""
        move = self.side * (money(self.quantity, price) - self.value)
        return move + self.dividends - self.commission + 0.0


def level(market: float, relative: float | None) -> float | None:
    """Return the price that is a return away from the market price of the entry."""
    return None if relative is None else bounded(market * (1 + relative))


def dividend_of(lot: Lot, bar: PaperBar) -> float:
    """Return what the position is paid at a bar; a short pays, so that it is below 0."""
    return lot.side * money(lot.quantity, bar.dividend)


def carry(lot: Lot, bar: PaperBar) -> Lot:
    """Return the lot in the shares of the next bar, its dividend paid."""
    ratio = bar.split_ratio
    return replace(
        lot,
        quantity=bounded(lot.quantity * ratio),
        entry_price=bounded(lot.entry_price / ratio),
        stop=None if lot.stop is None else bounded(lot.stop / ratio),
        target=None if lot.target is None else bounded(lot.target / ratio),
        dividends=lot.dividends + dividend_of(lot, bar),
    )


def touched(lot: Lot, bar: PaperBar) -> tuple[str, float] | None:
    """Return which level a bar takes the lot out at, and the market price there.

    An open beyond the target is certain to come before the rest of its bar.
    """
    side = lot.side
    worst, best = (bar.low, bar.high) if side > 0 else (-bar.high, -bar.low)
    stop = -math.inf if lot.stop is None else side * lot.stop
    target = math.inf if lot.target is None else side * lot.target
    if side * bar.open <= stop:
        return STOP, bar.open
    if side * bar.open >= target:
        return TARGET, bar.open
    if worst <= stop:
        return STOP, side * stop
    return (TARGET, side * target) if best >= target else None


def leave(
    lot: Lot,
    bars: Sequence[PaperBar],
    rules: PaperRules,
    *,
    reason: str,
    market: float,
    session: str,
) -> tuple[PaperTrade, float]:
    """Return the trade of leaving at the last of the lot's bars, and what cash it brings."""
    done = execute(-lot.side, lot.quantity, market, rules)
    gross = lot.side * (done.worth - lot.worth) + lot.dividends + 0.0
    costs = math.fsum((lot.slippage, lot.commission, done.slippage, done.commission))
    mae, mfe = _excursions(lot, bars, None if reason in (TIME, RUIN) else market)
    trade = PaperTrade(
        signal_id=lot.order.signal_id,
        ticker=lot.order.ticker,
        action=lot.order.action,
        entry_session=lot.entry_session,
        entry_price=lot.entry_price,
        exit_session=session,
        exit_price=done.price,
        quantity=lot.quantity,
        exit_reason=reason,
        gross_pnl=gross,
        costs=costs,
        net_pnl=gross - costs,
        net_return=(gross - costs) / lot.value,
        sessions_held=len(bars),
        mae=mae,
        mfe=mfe,
    )
    return trade, lot.side * done.value - done.commission


def _excursions(lot: Lot, bars: Sequence[PaperBar], left_at: float | None) -> tuple[float, float]:
    """Return the worst and the best return while held.

    Of a bar that was left at a level only the open and the exit are known to have
    come before it was left.
    """
    price, lowest, highest = lot.first_price, 0.0, 0.0
    last = len(bars) - 1
    for position, bar in enumerate(bars):
        if position:
            price = bounded(price / bar.split_ratio)
        low, high = bar.low, bar.high
        if position == last and left_at is not None:
            low, high = min(bar.open, left_at), max(bar.open, left_at)
        lowest = min(lowest, low / price - 1)
        highest = max(highest, high / price - 1)
    return (lowest, highest) if lot.side > 0 else (0.0 - highest, 0.0 - lowest)
