"""PURE: the calendar-time series of a cohort, and all that is measured on it.

A signal is in it from the first session after its entry to its horizon, also
while it is open; the value of a day is the mean over the signals in it then.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sinks.cohort_market import Market
from sinks.cohort_members import Member
from sinks.evidence.cohort import DailySeries, Trend
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
from sinks.prices import Ints

NO_SERIES = DailySeries(days=(), gross=(), net=(), open_signals=())

_NEVER = "never: the Sharpe ratio is not positive"


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


def series_figures(members: Sequence[Member], market: Market) -> SeriesFigures:
    """Return the series of members that trade, and its figures."""
    held = [each for each in members if len(each.days)]
    # Sessions of a year are those of the busiest calendar that the series has days of.
    periods = max(each.row.periods_per_year for each in held or members)
    days, series = _daily(held)
    riskless = market.policy.risk_free_rate / periods
    excess = [each - riskless for each in series.net]
    sharpe = sharpe_ratio(excess)
    gross = sharpe_ratio([each - riskless for each in series.gross])
    skewness, kurtosis = shape(excess)
    model = _market_model(days, excess, market, riskless)
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


def untraded_figures(members: Sequence[Member], reason: str) -> SeriesFigures:
    """Return the figures of signals none of which trades: each undefined for that reason."""
    missing = undefined(reason)
    return SeriesFigures(
        series=NO_SERIES,
        periods_per_year=max(each.row.periods_per_year for each in members),
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


def _daily(held: Sequence[Member]) -> tuple[Ints, DailySeries]:
    if not held:
        return np.empty(0, dtype=np.int64), NO_SERIES
    every = np.concatenate([each.days for each in held])
    first = int(every.min())
    offsets = every - first
    counts = np.bincount(offsets)
    at = np.flatnonzero(counts)
    # bincount adds in the order of the members, which is that of their ids.
    gross = np.bincount(offsets, weights=np.concatenate([each.gross for each in held]))
    net = np.bincount(offsets, weights=np.concatenate([each.net for each in held]))
    days: Ints = at + first
    labels = np.datetime_as_string(days.astype("datetime64[D]"))
    return days, DailySeries(
        days=tuple(labels.tolist()),
        gross=tuple((gross[at] / counts[at] + 0.0).tolist()),
        net=tuple((net[at] / counts[at] + 0.0).tolist()),
        open_signals=tuple(counts[at].tolist()),
    )


def _market_model(
    days: Ints, excess: Sequence[float], market: Market, riskless: float
) -> MarketModel:
    benchmark = market.benchmark()
    if benchmark is None:
        missing = undefined(f"no bars of {market.policy.benchmark}")
        return MarketModel(alpha=missing, alpha_t=missing, beta=missing, n=0, lag=0)
    benchmark_days, returns = benchmark
    _, ours, theirs = np.intersect1d(days, benchmark_days, assume_unique=True, return_indices=True)
    return jensen(
        [excess[at] for at in ours.tolist()],
        [each - riskless for each in returns[theirs].tolist()],
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
