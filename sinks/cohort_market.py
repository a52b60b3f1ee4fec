"""PURE: what the bars say under one policy, each question answered once for all signals."""

from collections.abc import Mapping

from schemas.policy import Policy
from sinks.evidence.figures import Figure, undefined
from sinks.evidence.significance import window_hit_rate
from sinks.prices import Floats, Ints, PriceHistory, daily_returns, window_ratios

BPS = 10_000


class Market:
    """The price histories of all tickers under a policy; remembers what it was asked."""

    def __init__(self, prices: Mapping[str, PriceHistory], policy: Policy) -> None:
        self.policy = policy
        self.side_cost = policy.cost_bps_per_side / BPS
        self._prices = prices
        self._daily: dict[str, Floats] = {}
        self._ratios: dict[tuple[str, int], Floats] = {}
        self._base_rates: dict[tuple[str, str, int], Figure] = {}

    def history(self, ticker: str) -> PriceHistory | None:
        """Return a ticker's bars; None where there is none."""
        found = self._prices.get(ticker)
        return found if found is not None and len(found) else None

    def daily(self, ticker: str) -> Floats:
        """Return the daily returns of a ticker that has bars, of the second bar first."""
        if ticker not in self._daily:
            self._daily[ticker] = daily_returns(
                self._prices[ticker], total_return=self.policy.total_return
            )
        return self._daily[ticker]

    def raw_return(self, ticker: str, entry: int, horizon: int) -> float | None:
        """Return what the price had done a horizon after an entry; None while it is open."""
        ratios = self._window_ratios(ticker, horizon)
        return float(ratios[entry]) - 1 + 0.0 if entry < len(ratios) else None

    def base_rate(self, ticker: str, action: str, horizon: int) -> Figure:
        """Return the share of all the ticker's windows that an action would have hit."""
        if self.history(ticker) is None:
            return undefined(f"no bars of {ticker}")
        key = ticker, action, horizon
        if key not in self._base_rates:
            self._base_rates[key] = window_hit_rate(
                self._window_ratios(ticker, horizon),
                action,
                2 * self.side_cost,
                self.policy.hold_band,
            )
        return self._base_rates[key]

    def benchmark(self) -> tuple[Ints, Floats] | None:
        """Return the days on which the benchmark has a return, and the returns; None without."""
        history = self.history(self.policy.benchmark)
        if history is None:
            return None
        return history.days[1:], self.daily(self.policy.benchmark)

    def _window_ratios(self, ticker: str, horizon: int) -> Floats:
        key = ticker, horizon
        if key not in self._ratios:
            self._ratios[key] = window_ratios(
                self._prices[ticker], horizon, total_return=self.policy.total_return
            )
        return self._ratios[key]
