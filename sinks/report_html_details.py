"""PURE: the block of report.html that holds all the evidence of one cohort."""

from sinks.charts_evidence import (
    EQUITY_TITLE,
    IC_TITLE,
    OPEN_TITLE,
    TREND_TITLE,
    UNDER_TITLE,
    equity_chart,
    ic_chart,
    open_chart,
    trend_chart,
    underwater_chart,
)
from sinks.charts_reliability import TITLE, reliability_chart
from sinks.charts_text import count, escaped, number, percent
from sinks.evidence.cohort import ALL, Cohort, Trend
from sinks.evidence.figures import Figure
from sinks.report_html_checks import checks_table
from sinks.report_html_cohorts import named, readiness, sentence
from sinks.report_html_figures import FIGURES, GROUPS, hit_rate, whole_figure
from sinks.report_html_months import months_table
from sinks.report_html_text import Column, Reasons, badge, figure, rate, table


def details(ident: str, cohort: Cohort, why: Reasons, *, unfolded: bool) -> str:
    """Return the evidence of a cohort, folded; `ident` is one that nothing else here has."""
    parts = [
        f"<p>{sentence(cohort, why)}</p>",
        _against(cohort),
        _charts(ident, cohort),
        checks_table(cohort, why),
        _figures(cohort, why),
        _trend_table(cohort, why),
        _numbers(cohort, why),
        months_table(cohort.series),
        _footer(cohort),
    ]
    held = "\n".join(each for each in parts if each)
    opened = " open" if unfolded else ""
    return f'<details id="{ident}"{opened}>\n{_summary(cohort)}\n{held}\n</details>'


def _summary(cohort: Cohort) -> str:
    source = "" if cohort.key.source == ALL else f"{escaped(cohort.key.source, limit=120)}, "
    return (
        f"<summary><strong>{escaped(named(cohort.key), limit=200)}</strong> "
        f"{readiness(cohort)} <small>{source}{count(cohort.matured, 'matured signal')}, "
        f"{count(cohort.sessions, 'session')}</small></summary>"
    )


def _against(cohort: Cohort) -> str:
    if not cohort.reasons:
        return ""
    rows = "".join(f"<li>{escaped(each)}</li>" for each in cohort.reasons)
    return f'<div class="against"><strong>Against it</strong><ul>{rows}</ul></div>'


def _charts(ident: str, cohort: Cohort) -> str:
    charts = (
        (EQUITY_TITLE, equity_chart(f"{ident}-equity", cohort)),
        (UNDER_TITLE, underwater_chart(f"{ident}-under", cohort)),
        (TREND_TITLE, trend_chart(f"{ident}-trend", cohort)),
        (TITLE, _reliability(ident, cohort)),
        (IC_TITLE, ic_chart(f"{ident}-ic", cohort.ic_by_horizon)),
        (OPEN_TITLE, open_chart(f"{ident}-open", cohort)),
    )
    return f'<div class="charts">{"".join(_framed(*each) for each in charts)}</div>'


def _framed(title: str, chart: str) -> str:
    return f"<figure><figcaption>{escaped(title)}</figcaption>{chart}</figure>"


def _reliability(ident: str, cohort: Cohort) -> str:
    return reliability_chart(f"{ident}-bins", cohort.reliability, cohort.base_rate.value)


def _figures(cohort: Cohort, why: Reasons) -> str:
    groups = []
    for title, names in GROUPS.items():
        rows = [_term(FIGURES[each].label, whole_figure(cohort, each, why)) for each in names]
        if "base_rate" in names:
            rows.insert(0, _term("Hit rate", hit_rate(cohort, why)))
        words = f"{title} {cohort.benchmark}" if "beta" in names else title
        groups.append(f"<div><h4>{escaped(words)}</h4><dl>{''.join(rows)}</dl></div>")
    return f'<div class="figures">{"".join(groups)}</div>'


def _term(name: str, words: str) -> str:
    return f"<div><dt>{escaped(name)}</dt><dd>{words}</dd></div>"


def _trend_table(cohort: Cohort, why: Reasons) -> str:
    found = cohort.trend
    rows = [
        [words, _daily(mean, why), f"{n:,}"]
        for words, mean, n in (
            ("Last 30 sessions", found.mean_30, found.n_30),
            ("Last 60 sessions", found.mean_60, found.n_60),
            ("All before those 60", found.mean_before, found.n_before),
        )
    ]
    columns = (
        Column(title="Trend", number=False),
        Column(title="Net return a session"),
        Column(title="n"),
    )
    made = table("Trend of the daily series", columns, rows)
    return f"{made}\n<p>{_decay(found, why)}</p>"


def _decay(found: Trend, why: Reasons) -> str:
    n = f"n {found.n_60:,} and {found.n_before:,} sessions"
    if found.decayed is None:
        return f"Decay: {why.mark(found.reason)}, {n}."
    words = badge("decayed", "loss") if found.decayed else badge("holds", "even")
    reason = f": {escaped(found.reason)}" if found.reason else ""
    return f"{words} {n}{reason}."


def _daily(found: Figure, why: Reasons) -> str:
    return figure(found, percent(found.value or 0.0, 3, sign=True), why)


def _numbers(cohort: Cohort, why: Reasons) -> str:
    made = [_bins_table(cohort, why), _ic_table(cohort, why), _brier_parts(cohort)]
    held = "\n".join(each for each in made if each)
    if not held:
        return ""
    return f"<details><summary>The numbers of the charts</summary>\n{held}\n</details>"


def _bins_table(cohort: Cohort, why: Reasons) -> str:
    rows = [
        [
            f"{percent(each.low, 0)} to {percent(each.high, 0)}",
            number(each.mean_confidence, 3) if each.mean_confidence is not None else "",
            rate(each.hit_rate, why),
        ]
        for each in cohort.reliability
        if each.hit_rate.n
    ]
    columns = (
        Column(title="Confidence", number=False),
        Column(title="Mean confidence"),
        Column(title="Hit rate"),
    )
    return table("Hit rate by stated confidence", columns, rows) if rows else ""


def _ic_table(cohort: Cohort, why: Reasons) -> str:
    rows = [
        [f"{each.horizon:,}", figure(each.ic, number(each.ic.value or 0.0, 3), why), f"{each.n:,}"]
        for each in cohort.ic_by_horizon
    ]
    columns = (
        Column(title="Horizon in sessions", number=False),
        Column(title="IC"),
        Column(title="n"),
    )
    return table(IC_TITLE, columns, rows) if rows else ""


def _brier_parts(cohort: Cohort) -> str:
    parts = cohort.brier_parts
    if parts is None:
        return ""
    return (
        f"<p>Brier score of n {cohort.hit_rate.n:,} = reliability {number(parts.reliability, 4)} "
        f"− resolution {number(parts.resolution, 4)} + uncertainty "  # noqa: RUF001 a minus sign
        f"{number(parts.uncertainty, 4)} + within bins {number(parts.rest, 4)}.</p>"
    )


def _footer(cohort: Cohort) -> str:
    days = f"{cohort.first_day} to {cohort.last_day}, " if cohort.first_day else ""
    return (
        f'<p class="note">{escaped(days)}{count(cohort.sessions, "session")} with an open signal; '
        f"a year has {cohort.periods_per_year}. Policy {escaped(cohort.policy)} "
        f"<code>{escaped(cohort.policy_hash)}</code>.</p>"
    )
