"""PURE: what the evidence of a cohort, or of a roll-up of cohorts, consists of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sinks.evidence.figures import Figure, Interval
from sinks.evidence.rates import Rate

ALL = "*"


class CohortKey(NamedTuple):
    """Which signals belong together; `*` in what a roll-up rolls over.

    A cohort is not told apart by ticker, so that `ticker` is `*` but for the
    roll-up of a ticker.
    """

    data_class: str
    source: str = ALL
    model: str = ALL
    model_version: str = ALL
    action: str = ALL
    horizon_sessions: str = ALL
    ticker: str = ALL

    @property
    def level(self) -> str:
        """Return cohort, model, ticker or all."""
        if self.horizon_sessions != ALL:
            return "cohort"
        if self.model != ALL:
            return "model"
        return "ticker" if self.ticker != ALL else "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check of a policy at a cohort: status is pass, fail or insufficient."""

    name: str
    op: str
    required: float
    actual: float | None
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySeries:
    """The calendar-time series of a cohort: one value a day on which a signal is open.

    `gross` and `net` are means over the signals open that day, as fractions a
    day; `open_signals` counts them; `days` are session labels in order.
    """

    days: tuple[str, ...]
    gross: tuple[float, ...]
    net: tuple[float, ...]
    open_signals: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Matured signals whose confidence lies in [low, high), the last bin closed."""

    low: float
    high: float
    mean_confidence: float | None
    hit_rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class BrierParts:
    """Murphy's decomposition over the bins: brier = reliability - resolution + uncertainty + rest.

    `rest` is the variance within bins less twice its covariance with the outcome
    (Stephenson et al. 2008); 0 where each bin holds one confidence.
    """

    reliability: float
    resolution: float
    uncertainty: float
    rest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonIC:
    """The information coefficient at one horizon, and the signals it rests on."""

    horizon: int
    n: int
    ic: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The last 30 and 60 days of the series beside what came before.

    `decayed` is None where the series is too short to say, with the reason.
    """

    mean_30: Figure
    n_30: int
    mean_60: Figure
    n_60: int
    mean_before: Figure
    n_before: int
    decayed: bool | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """The evidence of one cohort or roll-up; every figure is null with a reason, or a number.

    Annualised: sharpe, sharpe_gross, alpha (a year). `sessions` is the n of the
    series, `matured` of rates and calibration; `under_a_year` marks what is
    annualised from less than a year of sessions.
    """

    key: CohortKey
    signals: int
    matured: int
    open: int
    cancelled: int
    stale: int
    sessions: int
    periods_per_year: int
    under_a_year: bool
    first_day: str | None
    last_day: str | None
    hit_rate: Rate
    base_rate: Figure
    excess_hit: Figure
    excess_hit_interval: Interval
    mean_net: Figure
    mean_gross: Figure
    mean_net_interval: Interval
    sharpe: Figure
    sharpe_gross: Figure
    psr: Figure
    min_trl_more: Figure
    dsr: Figure
    max_drawdown: Figure
    profit_factor: Figure
    expectancy: Figure
    alpha: Figure
    alpha_t: Figure
    beta: Figure
    benchmark: str
    benchmark_sessions: int
    brier: Figure
    brier_parts: BrierParts | None
    ece: Figure
    reliability: tuple[ReliabilityBin, ...]
    ic: Figure
    ic_by_horizon: tuple[HorizonIC, ...]
    effective_n: Figure
    p_value: Figure
    q_value: Figure
    p_strict: Figure
    q_strict: Figure
    trend: Trend
    series: DailySeries
    checks: tuple[CheckResult, ...]
    ready: bool | None
    reasons: tuple[str, ...]
    policy: str
    policy_hash: str


Cohorts = Mapping[CohortKey, Cohort]
