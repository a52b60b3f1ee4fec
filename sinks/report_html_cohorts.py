"""PURE: the tables of report.html that set the cohorts of one data class beside each other."""

from collections.abc import Mapping, Sequence

from sinks.charts_evidence import interval_strip
from sinks.charts_text import count, escaped, percent
from sinks.evidence.cohort import ALL, Cohort, CohortKey
from sinks.report_html_figures import hit_rate, resting_on, shown, whole_figure
from sinks.report_html_text import Column, Reasons, badge, table, value

MOST_ROWS = 200

COLUMNS = (
    Column(title="Cohort", number=False),
    Column(title="Ready", number=False, hint="every check of the policy is passed"),
    Column(title="Signals"),
    Column(title="Hit rate", hint="of matured signals, with Wilson's interval"),
    Column(title="Over base rate", hint="in points, with its bootstrap interval"),
    Column(title="p, q", hint="q is p after correction for all cohorts looked at"),
    Column(title="Net a signal", hint="mean over its own horizon, after costs"),
    Column(title="Sharpe a year", hint="of the daily series, net of costs"),
    Column(title="PSR, DSR", hint="how sure the Sharpe ratio is above 0, and above luck's best"),
    Column(title="Drawdown", hint="greatest, net of costs"),
    Column(title="Profit factor", hint="of the daily series, net of costs"),
    Column(title="Alpha a year", hint="Jensen's, with its t and beta"),
    Column(title="Brier, ECE", hint="calibration; lower is better"),
    Column(title="IC", hint="rank correlation at the own horizon"),
    Column(title="Trend", number=False, hint="the last 60 sessions beside what came before"),
)


def by_evidence(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """Return cohorts in the order of the page: ready first, then who has the most evidence."""
    return sorted(
        cohorts, key=lambda each: (not each.ready, -each.matured, -each.sessions, each.key)
    )


def cohort_table(
    caption: str, cohorts: Sequence[Cohort], links: Mapping[CohortKey, str], why: Reasons
) -> str:
    """Return one row a cohort, with a link to its details where the page has them."""
    if not cohorts:
        return ""
    reach = max((_reach(each) for each in cohorts), default=0.0) or 1.0
    rows = (_row(each, links.get(each.key), reach, why) for each in cohorts[:MOST_ROWS])
    made = table(caption, COLUMNS, rows, "sortable wide")
    left = len(cohorts) - MOST_ROWS
    return made if left <= 0 else f"{made}\n<p>{count(left, 'more row')}: cohorts.csv has all.</p>"


def named(key: CohortKey) -> str:
    """Return what a cohort or roll-up is called."""
    version = "" if key.model_version == ALL else key.model_version
    model = f"{key.model} {version}".strip()
    match key.level:
        case "cohort":
            horizon = count(int(key.horizon_sessions), "session")
            return f"{model} {key.action}, {horizon}"
        case "model":
            return f"Model {model}"
        case "ticker":
            return f"Ticker {key.ticker}"
    return "All signals"


def readiness(cohort: Cohort) -> str:
    """Return the badge of a cohort: ready, not ready, or judged by nothing."""
    if cohort.key.level != "cohort":
        return badge("not judged", "even")
    if cohort.ready is None:
        return badge("unknown", "even")
    return badge("ready", "gain") if cohort.ready else badge("not ready", "loss")


def counted(cohort: Cohort) -> str:
    """Return how many signals a cohort has, and how many of them say something."""
    parts = [f"{cohort.matured:,} matured", f"{cohort.open:,} open"]
    if cohort.cancelled:
        parts.append(f"{cohort.cancelled:,} cancelled")
    if cohort.stale:
        parts.append(f"{cohort.stale:,} stale")
    return value(f"{cohort.signals:,}", *parts)


def trend_words(cohort: Cohort, why: Reasons) -> str:
    """Return whether a cohort has decayed, or why that cannot be said."""
    found = cohort.trend
    n = f"n {found.n_60:,} and {found.n_before:,} sessions"
    if found.decayed is None:
        return value(why.mark(found.reason), n)
    return value(badge("decayed", "loss") if found.decayed else badge("holds", "even"), n)


def _row(cohort: Cohort, link: str | None, reach: float, why: Reasons) -> list[str]:
    below = {
        "base_rate": f"base {shown(cohort, 'base_rate', why)}",
        "mean_gross": f"gross {shown(cohort, 'mean_gross', why)}",
        "sharpe_gross": f"gross {shown(cohort, 'sharpe_gross', why)}",
        "alpha": f"t {shown(cohort, 'alpha_t', why)}, beta {shown(cohort, 'beta', why)}",
    }
    return [
        _name(cohort.key, link),
        readiness(cohort),
        counted(cohort),
        hit_rate(cohort, why),
        _strip(cohort, reach) + whole_figure(cohort, "excess_hit", why, below["base_rate"]),
        _pair(cohort, "p_value", "q", "q_value", why, _effective(cohort, why)),
        whole_figure(cohort, "mean_net", why, below["mean_gross"]),
        whole_figure(cohort, "sharpe", why, below["sharpe_gross"]),
        _pair(cohort, "psr", "DSR", "dsr", why),
        whole_figure(cohort, "max_drawdown", why),
        whole_figure(cohort, "profit_factor", why),
        whole_figure(cohort, "alpha", why, below["alpha"]),
        _pair(cohort, "brier", "ECE", "ece", why),
        whole_figure(cohort, "ic", why),
        trend_words(cohort, why),
    ]


def _name(key: CohortKey, link: str | None) -> str:
    words = escaped(named(key), limit=120)
    name = f'<a href="#{link}">{words}</a>' if link else words
    return name if key.source == ALL else f"{name}<small>{escaped(key.source, limit=120)}</small>"


def _pair(cohort: Cohort, name: str, word: str, other: str, why: Reasons, *also: str) -> str:
    return whole_figure(cohort, name, why, f"{word} {shown(cohort, other, why)}", *also)


def _effective(cohort: Cohort, why: Reasons) -> str:
    return f"effective n {shown(cohort, 'effective_n', why)}"


def _reach(cohort: Cohort) -> float:
    found = cohort.excess_hit_interval
    return max(abs(found.low or 0.0), abs(found.high or 0.0))


def _strip(cohort: Cohort, reach: float) -> str:
    found, middle = cohort.excess_hit_interval, cohort.excess_hit.value
    if found.low is None or found.high is None or middle is None:
        return ""
    return interval_strip(middle, found.low, found.high, max(reach, abs(middle)))


def sentence(cohort: Cohort, why: Reasons) -> str:
    """Return in words what the evidence of a cohort says."""
    if cohort.hit_rate.value is None or cohort.hit_rate.low is None or cohort.hit_rate.high is None:
        return f"{count(cohort.signals, 'signal')}, none matured yet: nothing can be said."
    hits = (
        f"{count(cohort.hit_rate.count, 'hit')} of {cohort.hit_rate.n:,} matured signals, "
        f"{percent(cohort.hit_rate.value)} "
        f"(95% [{percent(cohort.hit_rate.low)}, {percent(cohort.hit_rate.high)}])"
    )
    if cohort.base_rate.value is None:
        return f"{hits}."
    return (
        f"{hits}, where {percent(cohort.base_rate.value)} of all windows of the same tickers, "
        f"direction and horizon would have hit: p {shown(cohort, 'p_value', why)}, "
        f"q {shown(cohort, 'q_value', why)} ({', '.join(resting_on(cohort, 'q_value'))})."
    )
