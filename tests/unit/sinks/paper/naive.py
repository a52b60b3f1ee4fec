"""The paper account once more, written apart: frames, flows and no running state.

Prices are put on the basis of the ticker's first bar, so that no position ever
changes its quantity. Every exit is looked up when the order fills, every amount of
cash is a dated flow, and equity is summed anew from all of them whenever it is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sinks.paper.records import PaperBar, PaperOrder
from tests.unit.sinks.paper.samples import Scenario

DIVIDEND, ENTRY, EXIT, RUIN = range(4)


@dataclass(kw_only=True)
class Naive:
    """What the oracle found: rows by signal id, and equity by moment."""

    trades: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    equity: dict[int, float] = field(default_factory=dict)


class _Market:
    def __init__(self, bars: Sequence[PaperBar]) -> None:
        columns = ("close_ms", "session", "open", "high", "low", "close", "split_ratio", "dividend")
        rows = [[getattr(bar, name) for name in columns] for bar in bars]
        frame = pd.DataFrame(rows, columns=list(columns))
        basis = frame.split_ratio.cumprod()
        self.paid = frame.dividend * basis.shift(fill_value=1.0)
        for name in ("open", "high", "low", "close"):
            frame[name] *= basis
        self.frame = frame

    def first_after(self, close_ms: int) -> int | None:
        after = self.frame.index[self.frame.close_ms > close_ms]
        return None if after.empty else int(after[0])

    def last_at(self, close_ms: int) -> pd.Series:
        return self.frame[self.frame.close_ms <= close_ms].iloc[-1]


class Oracle:
    def __init__(self, scenario: Scenario) -> None:
        self.rules = scenario.rules
        self.orders = sorted(scenario.orders, key=lambda o: (o.decided_at_ms, o.signal_id))
        ordered = {order.ticker for order in self.orders}
        self.markets = {t: _Market(b) for t, b in scenario.bars.items() if b and t in ordered}
        self.lots: list[dict[str, Any]] = []
        self.found = Naive()

    def run(self) -> Naive:
        start = min((order.staged_close_ms for order in self.orders), default=0)
        closes = {int(c) for m in self.markets.values() for c in m.frame.close_ms if c >= start}
        before = None
        for moment in sorted(closes):
            for order in self.orders:
                market = self.markets.get(order.ticker)
                first = market.first_after(order.staged_close_ms) if market else None
                if market and first is not None and market.frame.close_ms[first] == moment:
                    self._fill(order, market, first, moment, before)
            worth = self._equity(moment)
            if worth <= 0 and self._held(moment):
                for lot in self._held(moment):
                    self._exit_at(lot, moment, RUIN, "ruin", self._mark(lot, moment))
                worth = self._equity(moment)
            self.found.equity[moment] = worth
            before = moment
        for lot in self.lots:
            if lot["left_ms"] is None or lot["left_ms"] > (before or 0):
                self.found.open[lot["order"].signal_id] = lot
            else:
                self.found.trades[lot["order"].signal_id] = lot
        return self.found

    def _slip(self, value: float) -> float:
        bps = self.rules.slippage_bps + self.rules.impact_bps_per_10k * (value / 10_000)
        return bps / 10_000

    def _fill(
        self, order: PaperOrder, market: _Market, first: int, moment: int, before: int | None
    ) -> None:
        rules = self.rules
        equity = rules.capital if before is None else self.found.equity[before]
        long = order.action == "BUY"
        cap = rules.max_position if long else rules.max_short_position
        size = cap if order.position_size is None else min(cap, order.position_size)
        value = size * max(0.5, order.confidence) * equity
        fee = value * rules.cost_bps / 10_000
        cash = rules.capital + sum(
            a for when, phase, a in self._flows() if (when, phase) < (moment, EXIT)
        )
        exposure = pd.Series(
            [abs(self._mark(lot, before) * lot["quantity"]) for lot in self._held(before)]
            + [lot["value"] for lot in self.lots if lot["entry_ms"] == moment],
            index=[lot["order"].ticker for lot in self._held(before)]
            + [lot["order"].ticker for lot in self.lots if lot["entry_ms"] == moment],
            dtype=float,
        )
        same = exposure[exposure.index == order.ticker].sum()
        refusals = {
            "equity": equity <= 0,
            "order value": value < 0.01,
            "max_ticker": (same + value) > rules.max_ticker * equity * (1 + 1e-9),
            "max_gross": (exposure.sum() + value) > rules.max_gross * equity * (1 + 1e-9),
            "cash": long and value + fee > cash * (1 + 1e-9),
        }
        for name, refused in refusals.items():
            if refused:
                self.found.rejected[order.signal_id] = name
                return
        self._enter(order, market, first, value, fee)

    def _enter(
        self, order: PaperOrder, market: _Market, first: int, value: float, fee: float
    ) -> None:
        sign = 1 if order.action == "BUY" else -1
        opened = float(market.frame.open[first])
        price = opened * (1 + sign * self._slip(value))
        quantity = value / price
        entry_ms = int(market.frame.close_ms[first])
        lot = {
            "order": order, "sign": sign, "market": market, "first": first, "price": price,
            "opened": opened, "quantity": quantity, "value": value, "fee": fee,
            "entry_ms": entry_ms, "left_ms": None,
            "flows": [(entry_ms, ENTRY, -sign * value - fee)],
        }  # fmt: skip
        path = market.frame.iloc[first : first + order.horizon_sessions]
        path = path.assign(sell=[self._level_exit(lot, bar) for _, bar in path.iterrows()])
        touched = path[path.sell.notna()]
        if len(touched):
            reason, raw = touched.sell.iloc[0]
            self._exit_at(lot, int(touched.close_ms.iloc[0]), EXIT, reason, raw)
        elif len(path) == order.horizon_sessions:
            self._exit_at(lot, int(path.close_ms.iloc[-1]), EXIT, "time", path.close.iloc[-1])
        self.lots.append(lot)

    def _level_exit(self, lot: dict[str, Any], bar: pd.Series) -> tuple[str, float] | None:
        order, long = lot["order"], lot["sign"] > 0
        levels = {}
        for name, relative in (("stop", order.stop_return), ("target", order.target_return)):
            if relative is not None:
                levels[name] = lot["opened"] * (1 + relative)
        for name, price in levels.items():  # at the open
            down = (name == "stop") == long
            if (bar.open <= price) if down else (bar.open >= price):
                return name, bar.open
        for name, price in levels.items():  # later, the stop first
            down = (name == "stop") == long
            if (bar.low <= price) if down else (bar.high >= price):
                return name, price
        return None

    def _exit_at(
        self, lot: dict[str, Any], moment: int, phase: int, reason: str, raw: float
    ) -> None:
        sign, market, quantity = lot["sign"], lot["market"], lot["quantity"]
        worth = quantity * raw
        slip = self._slip(worth) if sign < 0 else min(1.0, self._slip(worth))
        got = worth * (1 - sign * slip)
        fee = got * self.rules.cost_bps / 10_000
        path = market.frame[
            (market.frame.index >= lot["first"]) & (market.frame.close_ms <= moment)
        ]
        lot["flows"] = [lot["flows"][0], (moment, phase, sign * got - fee)]
        lot["left_ms"], lot["reason"], lot["held"] = moment, reason, len(path)
        dividends = sum(amount for _, _, amount in self._dividends(lot))
        lot["gross"] = sign * quantity * (raw - lot["opened"]) + dividends
        lot["net"] = sum(amount for _, _, amount in lot["flows"]) + dividends
        lows, highs = path.low.to_numpy(copy=True), path.high.to_numpy(copy=True)
        if reason in ("stop", "target"):
            lows[-1], highs[-1] = sorted((path.open.iloc[-1], raw))
        moves = sign * (pd.concat([pd.Series(lows), pd.Series(highs)]) / lot["price"] - 1)
        lot["mae"], lot["mfe"] = min(0.0, moves.min()), max(0.0, moves.max())

    def _dividends(self, lot: dict[str, Any]) -> list[tuple[int, int, float]]:
        market = lot["market"]
        after = market.frame[market.frame.index > lot["first"]]
        if lot["left_ms"] is not None:
            after = after[after.close_ms <= lot["left_ms"]]
        return [
            (int(when), DIVIDEND, lot["sign"] * lot["quantity"] * market.paid[index])
            for index, when in after.close_ms.items()
        ]

    def _flows(self) -> list[tuple[int, int, float]]:
        return [flow for lot in self.lots for flow in lot["flows"] + self._dividends(lot)]

    def _held(self, moment: int | None) -> list[dict[str, Any]]:
        return [
            lot
            for lot in self.lots
            if moment is not None
            and lot["entry_ms"] <= moment
            and (lot["left_ms"] is None or lot["left_ms"] > moment)
        ]

    def _mark(self, lot: dict[str, Any], moment: int | None) -> float:
        return float(lot["market"].last_at(moment).close)

    def _equity(self, moment: int) -> float:
        cash = sum(amount for when, _, amount in self._flows() if when <= moment)
        marks = sum(
            lot["sign"] * lot["quantity"] * self._mark(lot, moment) for lot in self._held(moment)
        )
        return self.rules.capital + cash + marks
