"""PURE: the calendar-time series of a cohort, and all that is measured on it.

A signal is in it from the first session after its entry to its horizon, also
while it is open; the value of a day is the mean over the signals in it then.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sinks.cohort_sums import GROSS, NET
from sinks.evidence.cohort import DailySeries, Trend
from sinks.evidence.exact import rounded
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.market_model import MarketModel, jensen
from sinks.evidence.returns import (
    annual_sharpe,
    expectancy,
    max_drawdown,
    profit_factor,
    shape,
    sharpe_ratio,
)
from sinks.evidence.sharpe_inference import min_track_record, probabilistic_sharpe
from sinks.evidence.trend import trend
from sinks.prices import Floats, Ints, PriceHistory, daily_returns

NO_SERIES = DailySeries(days=(), gross=(), net=(), open_signals=())

_NEVER = "never: the Sharpe ratio is not positive"


class Benchmark:
    """The days on which the benchmark has a return, and the returns."""

    def __init__(self, ticker: str, history: PriceHistory | None, *, total_return: bool) -> None:
        self.ticker = ticker
        self.history = history if history is not None and len(history) else None
        self.days: Ints = np.empty(0, dtype=np.int64)
        self.daily: Floats = np.empty(0)
        if self.history is not None:
            self.days = self.history.days[1:]
            self.daily = daily_returns(self.history, total_return=total_return)

    def on(self, days: Ints) -> tuple[Ints, Floats]:
        """Return which of these days are its own, too, and its returns on them."""
        at = np.searchsorted(self.days, days)
        there = at < len(self.days)
        there[there] = self.days[at[there]] == days[there]
        return np.flatnonzero(there), self.daily[at[there]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFigures:
    """The series and its figures; `session_sharpe` is the Sharpe ratio of a session, net.

    All figures but `sharpe_gross` are of net returns. Annualised: sharpe,
    sharpe_gross and alpha.
    """

    series: DailySeries
    periods_per_year: int
    session_sharpe: Figure
    skewness: Figure
    kurtosis: Figure
    sharpe: Figure
    sharpe_gross: Figure
    psr: Figure
    min_trl_more: Figure
    max_drawdown: Figure
    profit_factor: Figure
    expectancy: Figure
    alpha: Figure
    alpha_t: Figure
    beta: Figure
    benchmark_sessions: int
    trend: Trend

    @property
    def sessions(self) -> int:
        """Return the n of the series."""
        return len(self.series.days)


def series_figures(
    days: Ints, columns: Ints, periods: int, riskless_rate: float, benchmark: Benchmark
) -> SeriesFigures:
    """Return the series of some days, whose sums are `cohort_sums.Sums.days`, and its figures.

    `periods` is the sessions of a year.
    """
    series = _daily(days, columns)
    riskless = riskless_rate / periods
    excess = [each - riskless for each in series.net]
    sharpe = sharpe_ratio(excess)
    gross = sharpe_ratio([each - riskless for each in series.gross])
    skewness, kurtosis = shape(excess)
    model = _market_model(days, excess, benchmark, riskless)
    return SeriesFigures(
        series=series,
        periods_per_year=periods,
        session_sharpe=sharpe,
        skewness=skewness,
        kurtosis=kurtosis,
        sharpe=annual_sharpe(sharpe, periods),
        sharpe_gross=annual_sharpe(gross, periods),
        psr=probabilistic_sharpe(sharpe, len(excess), skewness, kurtosis, 0.0),
        min_trl_more=_sessions_needed(sharpe, skewness, kurtosis, len(excess)),
        max_drawdown=max_drawdown(series.net),
        profit_factor=profit_factor(series.net),
        expectancy=expectancy(series.net),
        alpha=_times(model.alpha, periods),
        alpha_t=model.alpha_t,
        beta=model.beta,
        benchmark_sessions=model.n,
        trend=trend(series.net),
    )


def untraded_figures(periods: int, reason: str) -> SeriesFigures:
    """Return the figures of signals none of which trades: each undefined for that reason."""
    missing = undefined(reason)
    return SeriesFigures(
        series=NO_SERIES,
        periods_per_year=periods,
        session_sharpe=missing,
        skewness=missing,
        kurtosis=missing,
        sharpe=missing,
        sharpe_gross=missing,
        psr=missing,
        min_trl_more=missing,
        max_drawdown=missing,
        profit_factor=missing,
        expectancy=missing,
        alpha=missing,
        alpha_t=missing,
        beta=missing,
        benchmark_sessions=0,
        trend=Trend(
            mean_30=missing,
            n_30=0,
            mean_60=missing,
            n_60=0,
            mean_before=missing,
            n_before=0,
            decayed=None,
            reason=reason,
        ),
    )


def _daily(days: Ints, columns: Ints) -> DailySeries:
    if not len(days):
        return NO_SERIES
    counts = columns[0]
    both = rounded(np.concatenate((columns[GROSS], columns[NET]), axis=1))
    gross, net = both[: len(days)] / counts, both[len(days) :] / counts
    return DailySeries(
        days=tuple(map(_label, days.tolist())),
        gross=tuple((gross + 0.0).tolist()),
        net=tuple((net + 0.0).tolist()),
        open_signals=tuple(counts.tolist()),
    )


@lru_cache(maxsize=1 << 16)
def _label(day: int) -> str:
    return str(np.datetime64(day, "D"))


def _market_model(
    days: Ints, excess: Sequence[float], benchmark: Benchmark, riskless: float
) -> MarketModel:
    if benchmark.history is None:
        missing = undefined(f"no bars of {benchmark.ticker}")
        return MarketModel(alpha=missing, alpha_t=missing, beta=missing, n=0, lag=0)
    ours, theirs = benchmark.on(days)
    return jensen(
        [excess[at] for at in ours.tolist()],
        [each - riskless for each in theirs.tolist()],
    )


def _sessions_needed(sharpe: Figure, skewness: Figure, kurtosis: Figure, n: int) -> Figure:
    """Return how many more sessions would make the Sharpe ratio sure."""
    if sharpe.value is not None and sharpe.value <= 0:
        return undefined(_NEVER)
    needed = min_track_record(sharpe, skewness, kurtosis)
    if needed.value is None:
        return needed
    return known(float(max(0, math.ceil(needed.value) - n)))


def _times(figure: Figure, factor: int) -> Figure:
    return figure if figure.value is None else known(figure.value * factor)
