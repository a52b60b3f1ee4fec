"""PURE: the report as one HTML file: no network, no dependency, readable without its script.

Each data class has a section of its own, live first; nothing of one is added to
another. The same input gives the same bytes.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sinks.charts_text import UNKNOWN, count, escaped
from sinks.evidence.cohort import Cohort, CohortKey
from sinks.report import Report
from sinks.report_html_cohorts import by_evidence, cohort_table
from sinks.report_html_details import details
from sinks.report_html_notes import definitions, undefined
from sinks.report_html_paper import PaperView, paper_section
from sinks.report_html_signals import signals_section
from sinks.report_html_style import SCRIPT, STYLE
from sinks.report_html_summary import (
    class_words,
    classes_table,
    coverage,
    funnel_table,
    ready_list,
    says,
    status_table,
)
from sinks.report_html_text import Reasons, badge
from sinks.rows import DATA_CLASSES
from sinks.times import utc_seconds

# Charts of more cohorts than anybody reads would only make the file slow to open.
MOST_COHORTS = 40
MOST_ROLL_UPS = 12
_LEVELS = ("all", "model", "ticker")


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPage:
    """All that the page shows; `paper` is None where nothing was ever staged."""

    report: Report
    cohorts: Sequence[Cohort]
    paper: PaperView | None
    policy_name: str
    policy_hash: str


def report_html(page: HtmlPage) -> str:
    """Return report.html."""
    why = Reasons()
    by_class = _by_class(page.cohorts)
    unfolded = next((name for name, cohorts in by_class.items() if cohorts), "")
    sections = [
        _section("status", "Where the signals are", _overview(page.report, why)),
        *(
            _class_section(name, cohorts, why, first=name == unfolded)
            for name, cohorts in by_class.items()
        ),
        _section("paper", "Paper account", paper_section(page.paper, why)),
        _section("signals", "Signals", signals_section(page.report, why)),
        _section("notes", "What the words mean", definitions()),
    ]
    sections.append(_section("why", "Why some figures are undefined", undefined(why)))
    body = "\n".join([_header(page, list(by_class)), "<main>", *sections, "</main>"])
    return f"{_head(page)}\n<body>\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"


def _head(page: HtmlPage) -> str:
    # Even a name that slipped through as markup could run nothing and load nothing.
    policy = f"default-src 'none'; style-src {_allowed(STYLE)}; script-src {_allowed(SCRIPT)}"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>Signal report, {escaped(_as_of(page.report))}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
        ]
    )


def _header(page: HtmlPage, classes: Sequence[str]) -> str:
    links = [("status", "Status"), *((name, name.capitalize()) for name in classes)]
    links += [("paper", "Paper"), ("signals", "Signals"), ("notes", "Words"), ("why", "Undefined")]
    nav = "".join(f'<a href="#{ident}">{words}</a>' for ident, words in links)
    others = ", ".join(DATA_CLASSES[1:-1])
    return "\n".join(
        [
            "<header>",
            "<h1>Signal report</h1>",
            f"<p>As of <strong>{escaped(_as_of(page.report))}</strong>. Policy "
            f"<strong>{escaped(page.policy_name)}</strong> "
            f"<code>{escaped(page.policy_hash)}</code>.</p>",
            "<p>Data classes stand apart: only <strong>live</strong> is live evidence; "
            f"{others} and {DATA_CLASSES[-1]} signals have sections of their own and are added "
            "to nothing.</p>",
            f'<p class="says">{says(page.report, page.cohorts)}</p>',
            f'<nav aria-label="Sections">{nav}</nav>',
            "</header>",
        ]
    )


def _overview(report: Report, why: Reasons) -> str:
    return "\n".join(
        [
            classes_table(report, why),
            f'<div class="two">{funnel_table(report)}{status_table(report)}</div>',
            "<h3>Ready for trading</h3>",
            ready_list(report),
            "<h3>What the figures do not cover</h3>",
            coverage(report),
        ]
    )


def _class_section(name: str, cohorts: Sequence[Cohort], why: Reasons, *, first: bool) -> str:
    live = name == "live"
    title = "Live evidence" if live else f"{name.capitalize()}: not live evidence"
    intro = f"<p>Signals {class_words(name)}.</p>"
    if not live:
        intro = (
            f'<p class="warn">{badge("not live evidence", "loss")} Signals {class_words(name)}.</p>'
        )
    if not cohorts:
        return _section(name, title, f"{intro}<p>No cohort of this class yet.</p>")
    finest = [each for each in cohorts if each.key.level == "cohort"]
    rolled = [each for level in _LEVELS for each in cohorts if each.key.level == level]
    blocks = [*finest[:MOST_COHORTS], *rolled[:MOST_ROLL_UPS]]
    links = {each.key: f"{name}-{at}" for at, each in enumerate(blocks, start=1)}
    unfolded = finest[0].key if first and finest else None
    parts = [
        intro,
        cohort_table(f"Cohorts, {name}", finest, links, why),
        cohort_table(f"Roll-ups, {name}: nothing is decided on them", rolled, links, why),
        _blocks("The evidence, cohort by cohort", finest[:MOST_COHORTS], links, unfolded, why),
        _left_out(len(finest) - MOST_COHORTS, "cohort"),
        _blocks("The evidence of roll-ups", rolled[:MOST_ROLL_UPS], links, unfolded, why),
        _left_out(len(rolled) - MOST_ROLL_UPS, "roll-up"),
    ]
    return _section(name, title, "\n".join(each for each in parts if each), apart=not live)


def _blocks(
    title: str,
    cohorts: Sequence[Cohort],
    links: Mapping[CohortKey, str],
    unfolded: CohortKey | None,
    why: Reasons,
) -> str:
    if not cohorts:
        return ""
    held = (details(links[each.key], each, why, unfolded=each.key == unfolded) for each in cohorts)
    return "\n".join([f"<h3>{title}</h3>", *held])


def _left_out(left: int, noun: str) -> str:
    if left <= 0:
        return ""
    has = "has" if left == 1 else "have"
    return (
        f'<p class="note">{count(left, f"more {noun}")} with less evidence {has} no block here: '
        "cohorts.csv has all figures.</p>"
    )


def _section(ident: str, title: str, content: str, *, apart: bool = False) -> str:
    css = ' class="apart"' if apart else ""
    return f'<section id="{ident}"{css}>\n<h2>{escaped(title)}</h2>\n{content}\n</section>'


def _by_class(cohorts: Sequence[Cohort]) -> dict[str, list[Cohort]]:
    found: dict[str, list[Cohort]] = {"live": []}
    for name in DATA_CLASSES:
        held = [each for each in cohorts if each.key.data_class == name]
        if held:
            found[name] = by_evidence(held)
    return found


def _as_of(report: Report) -> str:
    as_of_ms = report.as_of.as_of_ms
    return f"{UNKNOWN} (no signal yet)" if as_of_ms is None else f"{utc_seconds(as_of_ms)} UTC"


def _allowed(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
