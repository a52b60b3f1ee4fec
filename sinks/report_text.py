"""PURE: Report -> llm_performance.txt.

The original tracker's sections and columns come first, to the character; what
it lacked follows: the n and the interval of every rate, the data classes, and
what the figures do not cover.
"""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple

from sinks.evidence.rates import Rate
from sinks.report import Report
from sinks.report_cohorts import cohort_lines, paper_lines
from sinks.report_figures import Group
from sinks.report_kept import Kept
from sinks.times import utc_seconds

_DOUBLE = "=" * 80
_SINGLE = "-" * 80
_UNDEFINED = "n/a"

_READY_STEPS = (
    "NEXT STEPS:",
    "1. Initiate paper trading with validated signals",
    "2. Monitor for 30 additional days",
    "3. Verify $25K+ capital requirement",
    "4. Review risk management protocols",
)
_NOT_READY = (
    "❌ NO SIGNALS READY FOR TRADING",
    _SINGLE,
    "Signals must pass all validation criteria:",
    "- Annual return > 10%",
    "- Validation period >= 30 days",
    "- Sharpe ratio > 0",
    "- Beats buy-and-hold baseline",
)
_NOTES = (
    "Validated: the verdict at the end of the window is passed, whatever came after.",
    "Validation rate: validated of all tracked. Hit rate: hits of hits and misses.",
    "Hits, misses and returns are those of matured signals; the rest is open.",
    "Avg return: mean net return over each signal's own horizon, after costs,",
    "  not annualised.",
    "95% interval: Wilson. Signals that overlap in time know less than their n says.",
    "Only the class live is live evidence; synthetic and fallback never are.",
    "Backdated: published after its entry's close, by Kafka's time; a replay does",
    "  not judge it.",
    "Base rate: how often any such trade of these tickers came out right; p and q are",
    "  of the excess over it, q by Benjamini-Hochberg over a class's cohorts with 30",
    "  matured signals.",
    "A year: annualised, Sharpe by the root of the sessions a year, alpha by their",
    "  number; of less than a year of sessions a yardstick, marked UNDER A YEAR.",
    "PSR: probability that the Sharpe ratio is above 0; DSR: above the best of so",
    "  many worthless cohorts. IC: rank correlation of direction x confidence and",
    "  return.",
)


class TickerLines(NamedTuple):
    """What the text report says of a ticker in each of its three tables."""

    original: str
    validation: str
    outcome: str


def ticker_lines() -> Kept[Group, TickerLines]:
    """Return a keeper of what the text report says of each ticker."""
    return Kept(_ticker)


def report_text(report: Report, kept: Kept[Group, TickerLines] | None = None) -> str:
    """Return the text report; it has no final newline."""
    tickers = (kept or ticker_lines()).of(report.counted.by_ticker)
    text = "\n".join([*_original(report, tickers), *_added(report, tickers)])
    # tickers and ids may hold what moves a terminal's cursor or turns its writing round
    return "\n".join(map(_printable, text.split("\n")))


def _original(report: Report, tickers: Sequence[TickerLines]) -> Iterator[str]:
    yield from (_DOUBLE, "LLM SIGNAL TRACKING & VALIDATION REPORT", _DOUBLE)
    as_of_ms = report.as_of.as_of_ms
    yield f"Generated: {_UNDEFINED if as_of_ms is None else utc_seconds(as_of_ms)}"
    all_ = report.counted.everything
    yield from ("", "OVERALL SUMMARY", _SINGLE)
    yield f"Total Signals Tracked: {all_.total}"
    yield f"Validated Signals: {all_.validated}"
    yield f"Validation Rate: {_percent(all_.validation_rate.value)}"
    yield f"Ready for Trading: {len(report.counted.ready)}"
    yield from ("", "PERFORMANCE BY TICKER", _SINGLE)
    yield f"{'Ticker':<8} {'Total':>8} {'Validated':>12} {'Avg Return':>15}"
    yield _SINGLE
    yield from (each.original for each in tickers)
    yield from ("", "PERFORMANCE BY ACTION", _SINGLE)
    yield f"{'Action':<8} {'Total':>8} {'Validated':>12} {'Rate':>8}"
    yield _SINGLE
    for each in report.counted.by_action:
        yield (
            f"{each.name:<8} {each.total:>8} {each.validated:>12} "
            f"{_percent(each.validation_rate.value):>7}"
        )
    yield ""
    yield from _readiness(report)
    yield _DOUBLE


def _readiness(report: Report) -> Iterator[str]:
    if not report.counted.ready:
        yield from _NOT_READY
        return
    yield from ("✅ SIGNALS READY FOR PAPER TRADING", _SINGLE)
    yield from (f"  - {signal_id}" for signal_id in report.counted.ready)
    yield ""
    yield from _READY_STEPS


def _added(report: Report, tickers: Sequence[TickerLines]) -> Iterator[str]:
    counted = report.counted
    others = [("action ", counted.by_action), ("model ", counted.by_model)]
    named = [(f"{title}{each.name}", each) for title, found in others for each in found]
    yield from ("", "VALIDATION RATE, WITH n AND 95% INTERVAL", _SINGLE)
    yield f"{'Group':<26} {'n':>8} {'Validated':>12} {'Rate':>8} {'95% interval':>18}"
    yield _SINGLE
    yield _validation("all", counted.everything)
    yield from (each.validation for each in tickers)
    yield from (_validation(*each) for each in named)
    yield from ("", "OUTCOMES OF MATURED SIGNALS, WITH n AND 95% INTERVAL", _SINGLE)
    yield from _outcome_head()
    yield _outcome("all", counted.everything)
    yield from (each.outcome for each in tickers)
    yield from (_outcome(*each) for each in named)
    yield from ("", "EVIDENCE BY DATA CLASS", _SINGLE)
    yield from _outcome_head()
    yield from (_outcome(each.name, each) for each in counted.by_data_class)
    yield from cohort_lines(report)
    yield from paper_lines(report)
    yield from ("", "WHY SIGNALS ARE NOT READY", _SINGLE)
    yield from (f"{name:<40} {count:>8}" for name, count in counted.not_ready_reasons().items())
    yield from ("", "STATUS", _SINGLE)
    yield from (f"{name:<26} {count:>8}" for name, count in counted.by_status.items() if count)
    yield from ("", "COVERAGE", _SINGLE)
    yield f"{'Stale signals':<26} {len(report.counted.stale):>8}"
    yield f"{'Suspect prices':<26} {len(report.counted.suspect):>8}"
    yield f"{'Conflicting closes':<26} {report.counted.conflicting_closes:>8}"
    yield f"{'Tickers without a price':<26} {len(report.counted.unpriced_tickers):>8}"
    yield from wrap(
        ", ".join(report.counted.unpriced_tickers), 80, initial_indent="  ", subsequent_indent="  "
    )
    yield from ("", "NOTES", _SINGLE)
    yield from _NOTES
    yield _DOUBLE


def _ticker(group: Group) -> TickerLines:
    avg = _UNDEFINED if group.avg_return is None else f"{group.avg_return + 0.0:.2%}"
    return TickerLines(
        original=f"{group.name:<8} {group.total:>8} {group.validated:>12} {avg:>14}",
        validation=_validation(f"ticker {group.name}", group),
        outcome=_outcome(f"ticker {group.name}", group),
    )


def _validation(label: str, group: Group) -> str:
    return _row(
        label,
        26,
        f"{group.total:>8} {group.validated:>12} "
        f"{_percent(group.validation_rate.value):>8} {_interval(group.validation_rate):>18}",
    )


def _outcome_head() -> tuple[str, str]:
    return (
        f"{'Group':<20} {'Matured':>7} {'Hit':>5} {'Miss':>5} {'Open':>5} "
        f"{'Hit rate':>8} {'95% interval':>16} {'Avg ret':>7}",
        _SINGLE,
    )


def _outcome(label: str, group: Group) -> str:
    avg = _UNDEFINED if group.avg_return is None else f"{group.avg_return + 0.0:.2%}"
    return _row(
        label,
        20,
        f"{group.matured:>7} {group.hits:>5} {group.misses:>5} {group.open:>5} "
        f"{_percent(group.hit_rate.value):>8} {_interval(group.hit_rate):>16} {avg:>7}",
    )


def _row(label: str, width: int, figures: str) -> str:
    # a model's version may hold anything, a line break too
    label = _printable(label)
    # a long name has a line to itself, so that the figures stay in their columns
    if len(label) > width:
        return f"{label}\n{'':<{width}} {figures}"
    return f"{label:<{width}} {figures}"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "?" for each in text)


def _percent(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.1%}"


def _interval(found: Rate) -> str:
    if found.low is None or found.high is None:
        return _UNDEFINED
    return f"[{found.low:.1%}, {found.high:.1%}]"
