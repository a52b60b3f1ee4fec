"""PURE: the bars of several tickers, one after the other, and what they say under a policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.policy import Policy
from sinks.prices import Floats, Ints, PriceHistory, bounded_ratios

BPS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """The bars of tickers as columns: those of ticker i are `sizes[i]` from `starts[i]` on.

    `daily` is what a bar brought since the one before; 0 at the first of each ticker.
    """

    starts: Ints
    sizes: Ints
    days: Ints
    growth: Floats
    cash: Floats
    daily: Floats

    def only(self, at: int) -> "Bars":
        """Return those of one ticker."""
        start = int(self.starts[at])
        some = slice(start, start + int(self.sizes[at]))
        return Bars(
            starts=np.zeros(1, dtype=np.int64),
            sizes=self.sizes[at : at + 1],
            days=self.days[some],
            growth=self.growth[some],
            cash=self.cash[some],
            daily=self.daily[some],
        )

    def ratios(self, at: Ints, horizon: int | Ints) -> Floats:
        """Return what the price of one share at these bars had become a horizon later."""
        later = at + horizon
        return bounded_ratios(
            self.growth[later] + (self.cash[later] - self.cash[at]), self.growth[at]
        )

    def returns(self, at: Ints, ends: Ints, horizon: int | Ints) -> Floats:
        """Return the return a horizon after these bars; NaN where that lies beyond the ends."""
        found = np.full(len(at), np.nan)
        there = np.flatnonzero((at >= 0) & (at + horizon < ends))
        some = horizon if isinstance(horizon, int) else horizon[there]
        found[there] = self.ratios(at[there], some) - 1 + 0.0
        return found

    def hit_shares(self, horizon: int, cost: float) -> tuple[Floats, Floats]:
        """Return, by ticker, the share of windows that a BUY and a SELL would have hit.

        The arithmetic is that of a signal's own hit, to the last bit; NaN without a window.
        """
        windows = np.maximum(self.sizes - horizon, 0)
        ticker = np.repeat(np.arange(len(windows)), windows)
        first = np.cumsum(windows) - windows
        at = np.arange(len(ticker)) - first[ticker] + self.starts[ticker]
        ratios = self.ratios(at, horizon)
        shares = []
        for signed in (ratios - 1, 1 - ratios):
            hits = np.bincount(ticker[signed - cost > 0], minlength=len(windows))
            shares.append(np.where(windows > 0, hits / np.maximum(windows, 1), np.nan))
        return shares[0], shares[1]


def bars_of(histories: Sequence[PriceHistory | None], policy: Policy) -> Bars:
    """Return the bars of some tickers, None of one that has none."""
    held = [each for each in histories if each is not None]
    sizes = np.array([0 if each is None else len(each) for each in histories], dtype=np.int64)
    days = _joined([each.days for each in held], np.int64)
    growth = _joined([each.growth for each in held], np.float64)
    cash = _joined([each.cash for each in held], np.float64)
    if not policy.total_return:
        cash = np.zeros(len(growth))
    daily = np.zeros(len(growth))
    if len(growth):
        paid = np.diff(cash)
        daily[1:] = bounded_ratios(growth[1:] + paid, growth[:-1]) - 1 + 0.0
    starts = np.cumsum(sizes) - sizes
    daily[starts[sizes > 0]] = 0.0
    return Bars(starts=starts, sizes=sizes, days=days, growth=growth, cash=cash, daily=daily)


def _joined(parts: Sequence[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)
