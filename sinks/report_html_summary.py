"""PURE: the top of report.html: what it says in plain words, the data classes, the funnel."""

from collections.abc import Callable, Sequence

from sinks.charts_text import count, escaped, percent
from sinks.evidence.cohort import Cohort
from sinks.report import Report
from sinks.report_book import MOST_READY
from sinks.report_figures import ClassCounts, Group
from sinks.report_html_cohorts import by_evidence, named
from sinks.report_html_text import Column, Reasons, badge, rate, table, value
from sinks.rows import DATA_CLASSES

LEAST_MATURED = 30
_MOST_NAMED = 5
_MOST_UNFOLDED = 12
_BAR_WIDTH = 100

_STAGES: tuple[tuple[str, Callable[[ClassCounts], int]], ...] = (
    ("Registered", lambda each: each.total),
    ("Entered", lambda each: each.entered),
    ("Matured", lambda each: each.matured),
    ("Passed its verdict", lambda each: each.validated),
    ("Staged", lambda each: each.of_status("staged", "paper", "promoted", "rejected")),
    ("Traded on paper", lambda each: each.of_status("paper", "promoted")),
    ("Promoted", lambda each: each.of_status("promoted")),
)
_NOTHING = ClassCounts(total=0, entered=0, matured=0, validated=0)
_CLASS_WORDS = {
    "live": "published before the outcome could be known",
    "replay": "run over past prices: whoever made them may have known what came",
    "backdated": "published after the close at which they enter",
    "fallback": "made by the fallback generator, not by the model they name",
    "synthetic": "made from invented data",
}


def class_words(name: str) -> str:
    """Return what sets a data class apart."""
    return _CLASS_WORDS.get(name, "of a class that this page does not know")


def says(report: Report, cohorts: Sequence[Cohort]) -> str:
    """Return in plain words what the whole page comes to."""
    held = {
        name: [
            each for each in cohorts if each.key.level == "cohort" and each.key.data_class == name
        ]
        for name in DATA_CLASSES
    }
    found = [*(_class_says(name, each) for name, each in held.items()), _ready_words(report)]
    return " ".join(each for each in found if each)


def classes_table(report: Report, why: Reasons) -> str:
    """Return the outcomes of each data class by itself."""
    columns = (
        Column(title="Data class", number=False),
        Column(title="Signals"),
        Column(title="Matured"),
        Column(title="Open"),
        Column(title="Hit rate", hint="of matured signals, with Wilson's interval"),
        Column(title="Net a signal", hint="mean over each signal's own horizon"),
        Column(title="Verdict passed", hint="of all signals"),
    )
    rows = (_class_row(each, why) for each in report.counted.by_data_class)
    return table("Outcomes by data class, never added up", columns, rows)


def funnel_table(report: Report) -> str:
    """Return how many signals of each class reached each stage of their life."""
    held = _by_class(report)
    columns = [Column(title="Stage", number=False), *(Column(title=name) for name in held)]
    rows = [
        [words, *(_bar(reached(each), max(each.total, 1)) for each in held.values())]
        for words, reached in _STAGES
    ]
    return table("How far signals have come", columns, rows, "funnel")


def status_table(report: Report) -> str:
    """Return how many signals of each class have each status now."""
    held = _by_class(report)
    columns = [Column(title="Status now", number=False), *(Column(title=name) for name in held)]
    rows = [
        [
            escaped(status.replace("_", " ")),
            *(f"{each.of_status(status):,}" for each in held.values()),
        ]
        for status, all_ in report.counted.by_status.items()
        if all_
    ]
    return table("Status now", columns, rows) if rows else ""


def coverage(report: Report) -> str:
    """Return what the figures do not cover, in counts and names."""
    unpriced = ", ".join(escaped(each) for each in report.counted.unpriced_tickers) or "none"
    facts = (
        ("Stale signals", f"{len(report.counted.stale):,}"),
        ("Signals with a suspect price", f"{len(report.counted.suspect):,}"),
        ("Sessions with conflicting closes", f"{report.counted.conflicting_closes:,}"),
        ("Tickers without any price", unpriced),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{words}</dd></div>" for name, words in facts)
    return f'<dl class="facts">{rows}</dl>'


def ready_list(report: Report) -> str:
    """Return the signals that are ready for trading, each with its data class."""
    if not report.counted.ready:
        return "<p>No signal is ready for trading. The signals table has each signal's state.</p>"
    total = len(report.counted.ready)
    items = "".join(
        f"<li>{escaped(each.signal_id, limit=120)}: {escaped(each.action)} "
        f"{escaped(each.ticker)} {_class_badge(each.data_class)}</li>"
        for each in report.counted.ready_first
    )
    left = total - MOST_READY
    more = f"<p>{count(left, 'more signal')}: signals.csv has all.</p>" if left > 0 else ""
    listed = f'<ul class="ready">{items}</ul>{more}'
    if total <= _MOST_UNFOLDED:
        return listed
    return f"<details><summary>{count(total, 'signal')}</summary>{listed}</details>"


def reasons_table(report: Report) -> str:
    """Return how many signals of each class each kind of reason keeps from being ready."""
    held = _by_class(report)
    kinds = sorted({kind for each in held.values() for kind in each.reasons})
    columns = [Column(title="Reason", number=False), *(Column(title=name) for name in held)]
    rows = [
        [escaped(kind), *(f"{each.reasons.get(kind, 0):,}" for each in held.values())]
        for kind in kinds
    ]
    return table("What keeps signals from being ready", columns, rows) if rows else ""


def _class_says(name: str, cohorts: Sequence[Cohort]) -> str:
    if not cohorts:
        return "There is no live evidence yet." if name == "live" else ""
    ready = [each for each in by_evidence(cohorts) if each.ready]
    young = sum(each.matured < LEAST_MATURED for each in cohorts)
    words = [
        f"{len(ready):,}" if ready else "None",
        f"of {count(len(cohorts), f'{name} cohort')}",
        "passes" if len(ready) <= 1 else "pass",
        f"every check{_names(ready)}",
    ]
    if young:
        has = "has" if young == 1 else "have"
        words.append(f"({young:,} {has} fewer than {LEAST_MATURED} matured signals)")
    return " ".join(words) + ("." if name == "live" else "; that is no live evidence.")


def _names(ready: Sequence[Cohort]) -> str:
    if not ready:
        return ""
    names = "; ".join(escaped(named(each.key), limit=120) for each in ready[:_MOST_NAMED])
    more = f"; and {len(ready) - _MOST_NAMED:,} more" if len(ready) > _MOST_NAMED else ""
    return f": {names}{more}"


def _ready_words(report: Report) -> str:
    ready, live = len(report.counted.ready), report.counted.ready_live
    has = "is" if ready == 1 else "are"
    words = f"{ready:,} of {count(report.counted.everything.total, 'signal')} {has} ready"
    words += " for trading"
    return f"{words}, {live:,} of them live." if ready > live else f"{words}."


def _by_class(report: Report) -> dict[str, ClassCounts]:
    held = report.counted.by_class
    known = {name: held[name] for name in DATA_CLASSES if name in held}
    return {"live": held.get("live", _NOTHING), **known, **held}


def _class_row(group: Group, why: Reasons) -> list[str]:
    mean = group.avg_return
    shown = why.mark("no matured signal") if mean is None else percent(mean, 2, sign=True)
    return [
        f"{escaped(group.name)}<small>{class_words(group.name)}</small>",
        f"{group.total:,}",
        f"{group.matured:,}",
        f"{group.open:,}",
        rate(group.hit_rate, why),
        value(shown, f"n {group.matured:,}"),
        rate(group.validation_rate, why, "no signal"),
    ]


def _class_badge(name: str) -> str:
    return badge("live", "gain") if name == "live" else badge(f"{name}: not live", "even")


def _bar(reached: int, most: int) -> str:
    width = _BAR_WIDTH * reached / most
    return (
        f'{reached:,}<svg class="bar" viewBox="0 0 {_BAR_WIDTH} 8" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect class="track" width="{_BAR_WIDTH}" height="8"/>'
        f'<rect class="fill" width="{width:.1f}" height="8"/></svg>'
    )
