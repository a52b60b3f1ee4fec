"""PURE: orders and bars -> the paper account. The same rows give the same account.

An order rests on nothing but the bars after its staged session, so that replaying,
restating a bar or adding one gives what would have been had it been so from the
beginning. The account rests on the bars of tickers with orders alone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from schemas.policy import PaperRules
from sinks.paper.book import Book
from sinks.paper.lots import SIDES, Lot
from sinks.paper.records import (
    CLOSED,
    OPEN,
    REJECTED,
    WAITING,
    PaperAccount,
    PaperBar,
    PaperOrder,
    PaperPosition,
    PaperTrade,
)


def run_account(
    orders: Iterable[PaperOrder], bars: Mapping[str, Sequence[PaperBar]], rules: PaperRules
) -> PaperAccount:
    """Return the account that these orders make on these bars, each ticker's in order."""
    queue = sorted(orders, key=lambda each: (each.decided_at_ms, each.signal_id))
    tickers = sorted({each.ticker for each in queue} & bars.keys())
    _check(queue, {ticker: bars[ticker] for ticker in tickers}, rules)
    book = Book(bars, rules)
    due = _due(queue, bars)
    for close_ms, present in sorted(_moments(queue, bars, tickers).items()):
        book.session(close_ms, present, due.get(close_ms, ()))
    trades = {each.signal_id: each for each in book.trades}
    return PaperAccount(
        trades=tuple(book.trades),
        positions=_positions(queue, book, trades),
        equity=tuple(book.equity),
    )


def _check(
    queue: Sequence[PaperOrder], bars: Mapping[str, Sequence[PaperBar]], rules: PaperRules
) -> None:
    if not rules.capital > 0:
        msg = f"capital: expected above 0, was {rules.capital}"
        raise ValueError(msg)
    seen: set[str] = set()
    for order in queue:
        if order.action not in SIDES:
            msg = f"{order.signal_id}: action: expected BUY or SELL, was {order.action}"
            raise ValueError(msg)
        if order.signal_id in seen:
            msg = f"{order.signal_id}: expected one order of a signal, was another"
            raise ValueError(msg)
        seen.add(order.signal_id)
    for ticker, held in bars.items():
        for before, after in pairwise(held):
            if before.close_ms >= after.close_ms:
                msg = f"{ticker}: expected a close after {before.close_ms}, was {after.close_ms}"
                raise ValueError(msg)


def _due(
    queue: Iterable[PaperOrder], bars: Mapping[str, Sequence[PaperBar]]
) -> dict[int, list[PaperOrder]]:
    """Return the orders that fill at each moment, in the order of the queue."""
    due: dict[int, list[PaperOrder]] = {}
    for order in queue:
        held = bars.get(order.ticker, ())
        first = bisect_right(held, order.staged_close_ms, key=_close_ms)
        if first < len(held):
            due.setdefault(held[first].close_ms, []).append(order)
    return due


def _moments(
    queue: Sequence[PaperOrder], bars: Mapping[str, Sequence[PaperBar]], tickers: Sequence[str]
) -> dict[int, dict[str, int]]:
    """Return the bars that close at each moment from the first staged session on."""
    moments: dict[int, dict[str, int]] = {}
    start = min((each.staged_close_ms for each in queue), default=0)
    for ticker in tickers:
        held = bars[ticker]
        for index in range(bisect_left(held, start, key=_close_ms), len(held)):
            moments.setdefault(held[index].close_ms, {})[ticker] = index
    return moments


def _close_ms(bar: PaperBar) -> int:
    return bar.close_ms


def _positions(
    queue: Sequence[PaperOrder], book: Book, trades: Mapping[str, PaperTrade]
) -> tuple[PaperPosition, ...]:
    held = {lot.order.signal_id: lot for lots in book.lots.values() for lot in lots}
    found = []
    for order in queue:
        name = order.signal_id
        if name in trades:
            found.append(_closed(book.left[name], trades[name]))
        elif name in held:
            found.append(_open(held[name], book))
        elif name in book.refused:
            session, reason = book.refused[name]
            found.append(_unfilled(order, REJECTED, reason, session))
        else:
            found.append(_unfilled(order, WAITING, f"no session after {order.staged_session} yet"))
    return tuple(found)


def _closed(lot: Lot, trade: PaperTrade) -> PaperPosition:
    return PaperPosition(
        signal_id=trade.signal_id,
        ticker=trade.ticker,
        action=trade.action,
        status=CLOSED,
        staged_session=lot.order.staged_session,
        entry_session=trade.entry_session,
        entry_price=trade.entry_price,
        quantity=trade.quantity,
        stop_price=lot.stop,
        target_price=lot.target,
        last_session=trade.exit_session,
        last_price=trade.exit_price,
        unrealised_pnl=0.0,
        sessions_held=trade.sessions_held,
        reason=trade.exit_reason,
    )


def _open(lot: Lot, book: Book) -> PaperPosition:
    order, bar = lot.order, book.bar(lot.order.ticker)
    sessions = lot.sessions(book.at[order.ticker])
    return PaperPosition(
        signal_id=order.signal_id,
        ticker=order.ticker,
        action=order.action,
        status=OPEN,
        staged_session=order.staged_session,
        entry_session=lot.entry_session,
        entry_price=lot.entry_price,
        quantity=lot.quantity,
        stop_price=lot.stop,
        target_price=lot.target,
        last_session=bar.session,
        last_price=bar.close,
        unrealised_pnl=lot.unrealised(bar.close),
        sessions_held=sessions,
        reason=f"session {sessions} of {order.horizon_sessions}",
    )


def _unfilled(
    order: PaperOrder, status: str, reason: str, session: str | None = None
) -> PaperPosition:
    return PaperPosition(
        signal_id=order.signal_id,
        ticker=order.ticker,
        action=order.action,
        status=status,
        staged_session=order.staged_session,
        last_session=session,
        reason=reason,
    )
