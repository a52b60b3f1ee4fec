"""PURE: every figure of a cohort as report.html shows it: words, unit, n, and what it means.

One place says what a figure rests on, so that none is shown without its n and
nothing annualised without its mark.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sinks.charts_text import count, number, percent, probability
from sinks.evidence.cohort import Cohort
from sinks.evidence.figures import Figure, Interval
from sinks.report_html_text import Reasons, figure, interval, rate, value

MATURED, SESSIONS, BENCHMARK, OWN_HORIZON = "matured", "sessions", "benchmark", "own horizon"
A_YEAR = "a year"
UNDER_A_YEAR = '<em class="mark">under a year of sessions</em>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a figure is shown; `interval` names the field of its interval."""

    label: str
    words: Callable[[float], str]
    basis: str
    meaning: str
    annual: bool = False
    interval: str = ""
    unit: str = ""


_SIGNED = partial(percent, sign=True)
_RETURN = partial(percent, digits=2, sign=True)
_DAILY = partial(percent, digits=3, sign=True)
_TWO = partial(number, digits=2)
_THREE = partial(number, digits=3)


def _points(fraction: float) -> str:
    return number(fraction * 100, 1, sign=True)


GROUPS: dict[str, tuple[str, ...]] = {
    "Against luck": (
        "base_rate", "excess_hit", "effective_n", "p_value", "q_value", "p_strict", "q_strict",
    ),
    "A signal's return": ("mean_net", "mean_gross"),
    "The daily series": (
        "sharpe", "sharpe_gross", "psr", "min_trl_more", "dsr", "max_drawdown",
        "profit_factor", "expectancy",
    ),
    "Against the benchmark": ("alpha", "alpha_t", "beta"),
    "Confidence": ("brier", "ece", "ic"),
}  # fmt: skip

FIGURES: dict[str, Shown] = {
    "base_rate": Shown(
        label="Base rate",
        words=percent,
        basis=MATURED,
        meaning="Share of all windows of the same tickers, direction and horizon, up to the "
        "as-of time, that would have hit: what no skill at all would have reached. It is taken "
        "as known, so that its interval is that of the excess.",
    ),
    "excess_hit": Shown(
        label="Hit rate over base rate",
        words=_points,
        unit=" points",
        basis=MATURED,
        interval="excess_hit_interval",
        meaning="Mean of hit less base rate, in percentage points; the interval is a stationary "
        "bootstrap with blocks of about the horizon, because signals that overlap know less than "
        "their n.",
    ),
    "effective_n": Shown(
        label="Effective n",
        words=partial(number, digits=1),
        basis=MATURED,
        meaning="How many signals that do not overlap would know as much as these do.",
    ),
    "p_value": Shown(
        label="p-value",
        words=probability,
        basis=MATURED,
        meaning="Chance of so great an excess over the base rate without skill; one-sided, "
        "overlap counted.",
    ),
    "q_value": Shown(
        label="q-value",
        words=probability,
        basis=MATURED,
        meaning="p-value after Benjamini-Hochberg over all cohorts of the class, of 30 or more "
        "matured signals, that were looked at: among cohorts with q up to 0.10, about a tenth "
        "are luck.",
    ),
    "p_strict": Shown(
        label="p-value, strict",
        words=probability,
        basis=MATURED,
        meaning="p-value with the variance around no skill instead of around what was found; "
        "it keeps its promise also far out, where it counts among many cohorts.",
    ),
    "q_strict": Shown(
        label="q-value, strict",
        words=probability,
        basis=MATURED,
        meaning="q-value of the strict p-values. The presets ask for both.",
    ),
    "mean_net": Shown(
        label="Net return a signal",
        words=_RETURN,
        basis=MATURED,
        interval="mean_net_interval",
        meaning="Mean return over the signal's own horizon after costs; not annualised.",
    ),
    "mean_gross": Shown(
        label="Gross return a signal",
        words=_RETURN,
        basis=MATURED,
        meaning="The same before costs.",
    ),
    "sharpe": Shown(
        label="Sharpe ratio, net",
        words=_TWO,
        basis=SESSIONS,
        annual=True,
        meaning="Mean over standard deviation of the series' daily excess returns, times the "
        "root of the sessions of a year.",
    ),
    "sharpe_gross": Shown(
        label="Sharpe ratio, gross",
        words=_TWO,
        basis=SESSIONS,
        annual=True,
        meaning="The same before costs.",
    ),
    "psr": Shown(
        label="PSR",
        words=percent,
        basis=SESSIONS,
        meaning="Probabilistic Sharpe ratio: how sure it is that the true Sharpe ratio is above "
        "0, with the series' length, skewness and kurtosis.",
    ),
    "min_trl_more": Shown(
        label="Sessions still needed",
        words=lambda sessions: count(round(sessions), "more session"),
        basis=SESSIONS,
        meaning="How many more sessions a series like this needs until PSR reaches 95%.",
    ),
    "dsr": Shown(
        label="DSR",
        words=percent,
        basis=SESSIONS,
        meaning="Deflated Sharpe ratio: PSR against the best Sharpe ratio that as many cohorts "
        "without skill would have shown.",
    ),
    "max_drawdown": Shown(
        label="Greatest drawdown, net",
        words=percent,
        basis=SESSIONS,
        meaning="Greatest loss from a peak of the net equity curve, its start of 1 included.",
    ),
    "profit_factor": Shown(
        label="Profit factor",
        words=_TWO,
        basis=SESSIONS,
        meaning="Sum of the gains over sum of the losses of the net daily series.",
    ),
    "expectancy": Shown(
        label="Expectancy a session",
        words=_DAILY,
        basis=SESSIONS,
        meaning="Mean net return of a session on which a signal is open.",
    ),
    "alpha": Shown(
        label="Alpha",
        words=_SIGNED,
        basis=BENCHMARK,
        annual=True,
        meaning="Jensen's alpha: what the daily net excess return has beyond its beta to the "
        "benchmark, times the sessions of a year.",
    ),
    "alpha_t": Shown(
        label="t of alpha",
        words=_TWO,
        basis=BENCHMARK,
        meaning="Alpha over its Newey-West standard error.",
    ),
    "beta": Shown(
        label="Beta",
        words=_TWO,
        basis=BENCHMARK,
        meaning="Slope of the daily net excess return on the benchmark's.",
    ),
    "brier": Shown(
        label="Brier score",
        words=_THREE,
        basis=MATURED,
        meaning="Mean square of confidence less outcome; always saying 50% scores 0.25, lower "
        "is better.",
    ),
    "ece": Shown(
        label="Calibration error",
        words=percent,
        basis=MATURED,
        meaning="ECE: mean distance of hit rate from confidence over ten bins, by their n.",
    ),
    "ic": Shown(
        label="IC",
        words=_THREE,
        basis=OWN_HORIZON,
        meaning="Information coefficient: Spearman's rank correlation of direction times "
        "confidence with the raw return, at the signal's own horizon.",
    ),
}


def shown(cohort: Cohort, name: str, why: Reasons) -> str:
    """Return a figure alone, with its unit; it never stands without `resting_on`."""
    found, how = _found(cohort, name), FIGURES[name]
    words = "" if found.value is None else how.words(found.value) + how.unit
    return figure(found, f"{words} {A_YEAR}" if how.annual else words, why)


def resting_on(cohort: Cohort, name: str) -> tuple[str, ...]:
    """Return the n of a figure, and the mark of what is annualised from less than a year."""
    how = FIGURES[name]
    n, unit = _n(cohort, how.basis)
    words = f"n {count(n, unit)}" if unit else f"n {n:,}"
    return (words, UNDER_A_YEAR) if how.annual and n and cohort.under_a_year else (words,)


def whole_figure(cohort: Cohort, name: str, why: Reasons, *also: str) -> str:
    """Return a figure with its interval, n and marks, and what else belongs below it."""
    bounds: Interval | None = None
    if FIGURES[name].interval:
        bounds = getattr(cohort, FIGURES[name].interval)
    below = "" if bounds is None else interval(bounds, FIGURES[name].words, why)
    return value(shown(cohort, name, why), below, *also, *resting_on(cohort, name))


def hit_rate(cohort: Cohort, why: Reasons) -> str:
    """Return the hit rate with its Wilson interval and n."""
    return rate(cohort.hit_rate, why)


def _found(cohort: Cohort, name: str) -> Figure:
    found: Figure = getattr(cohort, name)
    return found


def _n(cohort: Cohort, basis: str) -> tuple[int, str]:
    if basis == SESSIONS:
        return cohort.sessions, "session"
    if basis == BENCHMARK:
        return cohort.benchmark_sessions, "session"
    if basis == OWN_HORIZON:
        horizon = cohort.key.horizon_sessions
        own = [each.n for each in cohort.ic_by_horizon if str(each.horizon) == horizon]
        return (own or [cohort.hit_rate.n])[0], ""
    return cohort.hit_rate.n, ""
