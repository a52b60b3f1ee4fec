"""PURE: what speaks for and against a cohort in report.html, check by check."""

from sinks.charts_text import count, escaped, number, percent
from sinks.evidence.cohort import CheckResult, Cohort
from sinks.report_html_figures import A_YEAR, FIGURES, hit_rate, resting_on
from sinks.report_html_text import Column, Reasons, badge, table, value

_COLUMNS = (
    Column(title="Check", number=False),
    Column(title="Required"),
    Column(title="Found"),
    Column(title="Speaks", number=False),
    Column(title="Reason", number=False),
)
_BADGES = {"pass": ("for", "gain"), "fail": ("against", "loss")}
_COUNTS = {"trades": "Matured signals", "sessions": "Sessions of the series"}
_RATES = {"hit_rate": "Hit rate", "hit_low": "Hit rate, lower end of 95%"}


def checks_table(cohort: Cohort, why: Reasons) -> str:
    """Return the policy's checks of a cohort; where there are none, that and why."""
    policy = f"policy {escaped(cohort.policy)}"
    if not cohort.checks:
        roll_up = cohort.key.level != "cohort"
        reason = "a roll-up is judged by none" if roll_up else f"the {policy} asks none here"
        return f'<p class="note">No checks: {reason}.</p>'
    rows = (_row(each, cohort, why) for each in cohort.checks)
    return table(f"Checks of {cohort.policy}, for and against", _COLUMNS, rows)


def check_label(name: str) -> str:
    """Return what a check looks at."""
    if name in FIGURES:
        return FIGURES[name].label
    return _COUNTS.get(name) or _RATES.get(name) or name.replace("_", " ")


def _row(check: CheckResult, cohort: Cohort, why: Reasons) -> list[str]:
    words, css = _BADGES.get(check.status, ("cannot say", "even"))
    required = _shown(check.name, check.required)
    if check.actual is None:
        found = value(why.mark(check.reason), *_rests(check.name, cohort))
    else:
        actual = _shown(check.name, check.actual)
        if actual == required and check.actual != check.required:
            actual = repr(check.actual)
        found = _found(check.name, actual, cohort, why)
    return [
        escaped(check_label(check.name)),
        f"{escaped(check.op)} {required}",
        found,
        badge(words, css),
        escaped(check.reason),
    ]


def _found(name: str, actual: str, cohort: Cohort, why: Reasons) -> str:
    if name == "hit_rate":
        return hit_rate(cohort, why)
    return value(actual, *_rests(name, cohort))


def _rests(name: str, cohort: Cohort) -> tuple[str, ...]:
    if name in FIGURES:
        return resting_on(cohort, name)
    return (f"n {cohort.hit_rate.n:,}",) if name in _RATES else ()


def _shown(name: str, found: float) -> str:
    if name in FIGURES:
        how = FIGURES[name]
        return f"{how.words(found)} {A_YEAR}" if how.annual else how.words(found)
    if name in _RATES:
        return percent(found)
    if name in _COUNTS:
        return count(round(found), "signal" if name == "trades" else "session")
    return number(found, 4)
