"""PURE: the section of report.html that holds the evidence of one data class."""

from collections.abc import Mapping, Sequence

from sinks.charts_text import count
from sinks.evidence.cohort import Cohort, CohortKey
from sinks.report_html_cohorts import by_evidence, cohort_table
from sinks.report_html_details import details
from sinks.report_html_summary import class_words
from sinks.report_html_text import Reasons, badge, section
from sinks.rows import DATA_CLASSES

# Charts of more cohorts than anybody reads would only make the file slow to open.
MOST_COHORTS = 40
MOST_APART = 12
MOST_ROLL_UPS = 12
_LEVELS = ("all", "model", "ticker")


def by_class(cohorts: Sequence[Cohort]) -> dict[str, list[Cohort]]:
    """Return the cohorts of each class that has some, and of live always."""
    found: dict[str, list[Cohort]] = {"live": []}
    for name in DATA_CLASSES:
        held = [each for each in cohorts if each.key.data_class == name]
        if held:
            found[name] = by_evidence(held)
    return found


def class_section(
    name: str, cohorts: Sequence[Cohort], why: Reasons, *, unfolded: bool, counts: bool
) -> str:
    """Return the section of a class, its first cohort `unfolded` or not.

    `counts` says that this class, though not live, counts towards readiness here.
    """
    live = name == "live"
    title = "Live evidence" if live else f"{name.capitalize()}: not live evidence"
    intro = _intro(name, counts=counts)
    if not cohorts:
        return section(name, title, f"{intro}<p>No cohort of this class yet.</p>")
    finest = [each for each in cohorts if each.key.level == "cohort"]
    rolled = [each for level in _LEVELS for each in cohorts if each.key.level == level]
    charted, rolled_charted = (
        finest[: MOST_COHORTS if live or counts else MOST_APART],
        rolled[:MOST_ROLL_UPS],
    )
    links = {
        each.key: f"{name}-{at}" for at, each in enumerate([*charted, *rolled_charted], start=1)
    }
    first = finest[0].key if unfolded and finest else None
    parts = [
        intro,
        cohort_table(f"Cohorts, {name}", finest, links, why),
        cohort_table(f"Roll-ups, {name}: nothing is decided on them", rolled, links, why),
        _blocks("The evidence, cohort by cohort", charted, links, first, why),
        _left_out(len(finest) - len(charted), "cohort"),
        _blocks("The evidence of roll-ups", rolled_charted, links, first, why),
        _left_out(len(rolled) - len(rolled_charted), "roll-up"),
    ]
    return section(name, title, "\n".join(each for each in parts if each), apart=not live)


def _intro(name: str, *, counts: bool) -> str:
    words = f"Signals {class_words(name)}."
    if name == "live":
        return f"<p>{words}</p>"
    if counts:
        words += " Inside this replay they count towards readiness, as live ones do elsewhere."
    return f'<p class="warn">{badge("not live evidence", "loss")} {words}</p>'


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
