"""PURE: the account while it runs: cash, open lots and what became of the others.

At one moment first shares are carried over their splits and dividends, then orders
fill, then stops and targets are met, then time runs out and the closes are marked.
So no fill rests on the cash of an exit at the same moment: bars do not say whether
it came before.
"""

import math
from collections.abc import Mapping, Sequence

from schemas.policy import PaperRules
from sinks.paper.costs import money
from sinks.paper.limits import Room, fill
from sinks.paper.lots import Lot, carry, dividend_of, leave, touched
from sinks.paper.records import RUIN, TIME, EquityPoint, PaperBar, PaperOrder, PaperTrade


class Book:
    """The state of the account; `session` moves it to the next moment."""

    def __init__(self, bars: Mapping[str, Sequence[PaperBar]], rules: PaperRules) -> None:
        self.lots: dict[str, list[Lot]] = {}
        self.at: dict[str, int] = {}
        self.trades: list[PaperTrade] = []
        self.left: dict[str, Lot] = {}
        self.refused: dict[str, tuple[str, str]] = {}
        self.equity: list[EquityPoint] = []
        self._bars = bars
        self._rules = rules
        self._cash = self._worth = self._peak = rules.capital
        self._exposure: dict[str, float] = {}
        self._marks: dict[str, float] = {}

    def session(self, close_ms: int, present: Mapping[str, int], due: Sequence[PaperOrder]) -> None:
        """Move to a moment: the index of each ticker's bar, sorted, and the orders in order."""
        self.at.update(present)
        label = self._bars[next(iter(present))][next(iter(present.values()))].session
        held = [ticker for ticker in present if ticker in self.lots]
        for ticker in held:
            self._carry(ticker)
        if due:
            self._fill(due)
        held = [ticker for ticker in present if ticker in self.lots]
        for ticker in held:
            self._meet_levels(ticker)
        for ticker in held:
            self._run_out(ticker)
            self._mark(ticker)
        self._close(close_ms, label)

    def bar(self, ticker: str) -> PaperBar:
        """Return the last bar of a ticker that the account has come to."""
        return self._bars[ticker][self.at[ticker]]

    def _carry(self, ticker: str) -> None:
        bar = self.bar(ticker)
        if bar.split_ratio == 1 and bar.dividend == 0:
            return
        lots = self.lots[ticker]
        self._cash += math.fsum(dividend_of(lot, bar) for lot in lots)
        self.lots[ticker] = [carry(lot, bar) for lot in lots]

    def _fill(self, due: Sequence[PaperOrder]) -> None:
        gross = math.fsum(self._exposure.values())
        by_ticker = dict(self._exposure)
        for order in due:
            ticker, bar = order.ticker, self.bar(order.ticker)
            room = Room(equity=self._worth, cash=self._cash, gross=gross, by_ticker=by_ticker)
            lot = fill(order, bar, self.at[ticker], room, self._rules)
            if isinstance(lot, str):
                self.refused[order.signal_id] = bar.session, lot
                continue
            self.lots.setdefault(ticker, []).append(lot)
            self._cash -= lot.side * lot.value + lot.commission
            gross += lot.value
            by_ticker[ticker] = by_ticker.get(ticker, 0.0) + lot.value

    def _meet_levels(self, ticker: str) -> None:
        bar, kept = self.bar(ticker), []
        for lot in self.lots[ticker]:
            met = touched(lot, bar)
            if met is None:
                kept.append(lot)
            else:
                self._leave(lot, *met, bar.session)
        self.lots[ticker] = kept

    def _run_out(self, ticker: str) -> None:
        bar, index, kept = self.bar(ticker), self.at[ticker], []
        for lot in self.lots[ticker]:
            if lot.sessions(index) < lot.order.horizon_sessions:
                kept.append(lot)
            else:
                self._leave(lot, TIME, bar.close, bar.session)
        self.lots[ticker] = kept

    def _mark(self, ticker: str) -> None:
        lots, close = self.lots[ticker], self.bar(ticker).close
        worths = [money(lot.quantity, close) for lot in lots]
        self._exposure[ticker] = math.fsum(worths)
        self._marks[ticker] = math.fsum(
            lot.side * worth for lot, worth in zip(lots, worths, strict=True)
        )
        if not lots:
            del self.lots[ticker], self._exposure[ticker], self._marks[ticker]

    def _leave(self, lot: Lot, reason: str, market: float, session: str) -> None:
        ticker = lot.order.ticker
        bars = self._bars[ticker][lot.entry_index : self.at[ticker] + 1]
        trade, cash = leave(lot, bars, self._rules, reason=reason, market=market, session=session)
        self.trades.append(trade)
        self.left[trade.signal_id] = lot
        self._cash += cash

    def _close(self, close_ms: int, label: str) -> None:
        self._worth = self._cash + math.fsum(self._marks.values())
        if self._worth <= 0 and self.lots:
            for ticker in sorted(self.lots):
                for lot in self.lots[ticker]:
                    self._leave(lot, RUIN, self.bar(ticker).close, label)
            self.lots, self._exposure, self._marks = {}, {}, {}
            self._worth = self._cash
        self._peak = max(self._peak, self._worth)
        self.equity.append(
            EquityPoint(
                close_ms=close_ms,
                session=label,
                cash=self._cash + 0.0,
                exposure=math.fsum(self._exposure.values()),
                equity=self._worth + 0.0,
                drawdown=1 - self._worth / self._peak,
            )
        )
