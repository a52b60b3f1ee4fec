"""PURE: the end of report.html: what its words mean, and why some figures are undefined."""

from sinks.charts_text import escaped
from sinks.report_html_figures import FIGURES, UNDER_A_YEAR
from sinks.report_html_text import Reasons

_TERMS = (
    (
        "Cohort",
        "Signals of one source, model, version, action and horizon within one data class. "
        "A roll-up adds up cohorts of one class; nothing is decided on it, and where it holds BUY "
        "or SELL its figures leave HOLD out.",
    ),
    (
        "Ready",
        "The cohort passes every check of the policy. A signal is ready for trading when also "
        "its own screen and verdict are passed, its prices are not suspect, and it is live or "
        "of a class that the policy names.",
    ),
    (
        "n",
        "Beside each figure stands what it rests on: matured signals, or sessions of the daily "
        "series. Signals that overlap in time know less than their n says; the p-value and the "
        "bootstrap intervals take that into account, Wilson's interval does not.",
    ),
    (
        "Hit",
        "A BUY or SELL whose return over its horizon is above 0 after costs; a HOLD whose price "
        "stayed within the policy's band.",
    ),
    ("Hit rate", "Hits of matured signals, with Wilson's 95% interval."),
    (
        "Daily series",
        "The mean return of the signals open on a session; sessions with none are left out. "
        "The equity curve compounds it and stops at ruin.",
    ),
    (
        "Decayed",
        "The mean net return of the last 60 sessions lies below that of all before by more than "
        "1.645 Newey-West standard errors.",
    ),
    (
        "Whiskers of the IC chart",
        "Where 95% of the ICs of worthless signals would lie if signals did not overlap; with "
        "overlap they reach further.",
    ),
    (
        "MAE, MFE",
        "The worst and the best return from the entry price up to the horizon.",
    ),
)


def definitions() -> str:
    """Return what every word and figure of the page means."""
    figures = tuple((each.label, each.meaning) for each in FIGURES.values())
    rows = "\n".join(
        f"<div><dt>{escaped(name)}</dt><dd>{escaped(words, limit=1000)}</dd></div>"
        for name, words in (*_TERMS, *figures)
    )
    return (
        f'<p>"A year" marks what is annualised; {UNDER_A_YEAR} marks what was annualised from '
        "less than that, and says little.</p>\n"
        f'<dl class="terms">\n{rows}\n</dl>'
    )


def undefined(why: Reasons) -> str:
    """Return the reasons of all dashes of the page."""
    return f"<p>A dash is a figure that is undefined, never 0.</p>\n{why.listed()}"
