"""PURE: the report as one HTML file: no network, no dependency, readable without its script.

Each data class has a section of its own, live first; nothing of one is added to
another. The same input gives the same bytes.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from sinks.charts_text import UNKNOWN, escaped
from sinks.evidence.cohort import Cohort
from sinks.report import Report
from sinks.report_html_classes import by_class, class_section
from sinks.report_html_notes import definitions, undefined
from sinks.report_html_paper import PaperView, paper_section
from sinks.report_html_signals import signals_section
from sinks.report_html_style import SCRIPT, STYLE
from sinks.report_html_summary import (
    classes_table,
    coverage,
    funnel_table,
    ready_list,
    reasons_table,
    says,
    status_table,
)
from sinks.report_html_text import Reasons, section
from sinks.rows import DATA_CLASSES, SignalRow
from sinks.times import utc_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPage:
    """All that the page shows; `newest` are the signals that are listed.

    `paper` is None where nothing was ever staged.
    """

    report: Report
    newest: Sequence[SignalRow]
    cohorts: Sequence[Cohort]
    paper: PaperView | None
    policy_name: str
    policy_hash: str


def report_html(page: HtmlPage) -> str:
    """Return report.html."""
    why = Reasons()
    classes = by_class(page.cohorts)
    unfolded = next((name for name, cohorts in classes.items() if cohorts), "")
    sections = [
        section("status", "Where the signals are", _overview(page.report, why)),
        *(
            class_section(
                name,
                cohorts,
                why,
                unfolded=name == unfolded,
                counts=name == "replay" and page.report.replay_counts,
            )
            for name, cohorts in classes.items()
        ),
        section("paper", "Paper account", paper_section(page.paper, why)),
        section("signals", "Signals", signals_section(page.report, page.newest, why)),
        section("notes", "What the words mean", definitions()),
    ]
    sections.append(section("why", "Why some figures are undefined", undefined(why)))
    body = "\n".join([_header(page, list(classes)), "<main>", *sections, "</main>"])
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
    replayed = (
        "<p>A replay judged the past: whether signals were published in time is not looked at.</p>"
        if page.report.replay_counts
        else ""
    )
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
            replayed,
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
            reasons_table(report),
            "<h3>What the figures do not cover</h3>",
            coverage(report),
        ]
    )


def _as_of(report: Report) -> str:
    as_of_ms = report.as_of.as_of_ms
    return f"{UNKNOWN} (no signal yet)" if as_of_ms is None else f"{utc_seconds(as_of_ms)} UTC"


def _allowed(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
