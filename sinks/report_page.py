"""PURE: Report -> report.html, the paper account put into words."""

from dataclasses import asdict

from sinks.evidence.figures import Figure
from sinks.paper.summary import PaperSummary
from sinks.report import Report
from sinks.report_html import HtmlPage, report_html
from sinks.report_html_paper import PaperView

_NO_POLICY = "none yet"


def report_page(report: Report) -> str:
    """Return report.html."""
    policy = report.policy
    return report_html(
        HtmlPage(
            report=report,
            cohorts=report.cohorts,
            paper=_paper(report),
            policy_name=_NO_POLICY if policy is None else policy.name,
            policy_hash="" if policy is None else policy.hash,
        )
    )


def _paper(report: Report) -> PaperView | None:
    found, account = report.paper_summary, report.paper
    if found is None or not account.positions:
        return None
    return PaperView(
        capital=found.capital,
        summary=_words(found),
        equity=[(each.session, each.equity, each.drawdown) for each in account.equity],
        trades=[asdict(each) for each in account.trades],
        positions=[asdict(each) for each in account.positions],
    )


def _words(found: PaperSummary) -> list[tuple[str, str]]:
    win = found.win_rate
    share = f"undefined (n {win.n})"
    if win.value is not None and win.low is not None and win.high is not None:
        share = f"{win.value:.1%}, 95% [{win.low:.1%}, {win.high:.1%}] (n {win.n})"
    left = ", ".join(f"{count} by {name}" for name, count in found.exit_reasons.items() if count)
    return [
        ("Equity", f"{found.equity:,.2f}"),
        ("Return, not annualised", _shown(found.total_return, "{:.2%}")),
        ("Max drawdown", _shown(found.max_drawdown, "{:.2%}")),
        ("Closed trades", f"{found.trades}" + (f": {left}" if left else "")),
        ("Win rate", share),
        ("Profit factor", f"{_shown(found.profit_factor, '{:.2f}')} (n {found.trades})"),
        ("A trade, after costs", f"{_shown(found.expectancy, '{:,.2f}')} (n {found.trades})"),
        ("Slippage and commission", f"{found.costs:,.2f}"),
    ]


def _shown(found: Figure, form: str) -> str:
    return f"undefined: {found.reason}" if found.value is None else form.format(found.value)
