"""PURE: Report -> what report.html shows of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sinks.charts_text import UNKNOWN, number, percent
from sinks.evidence.figures import Figure
from sinks.evidence.rates import Rate
from sinks.paper.records import PaperAccount
from sinks.paper.summary import PaperSummary
from sinks.report import Report
from sinks.report_html import HtmlPage
from sinks.report_html_paper import PaperView
from sinks.rows import SignalRow

_NO_POLICY = "not known yet"
# Newest first, as people look for what came last.
_TRADE_COLUMNS = (
    "signal_id", "ticker", "action", "entry_session", "entry_price", "exit_session",
    "exit_price", "exit_reason", "quantity", "costs", "net_pnl", "net_return",
    "sessions_held", "mae", "mfe",
)  # fmt: skip
_POSITION_COLUMNS = (
    "signal_id", "ticker", "action", "status", "staged_session", "entry_session",
    "entry_price", "quantity", "stop_price", "target_price", "last_session", "last_price",
    "unrealised_pnl", "sessions_held", "reason",
)  # fmt: skip


def html_page(report: Report, newest: Sequence[SignalRow]) -> HtmlPage:
    """Return the page of a report, its paper account, newest policy and newest signals."""
    policy = report.policy
    return HtmlPage(
        report=report,
        newest=newest,
        cohorts=report.cohorts,
        paper=paper_view(report.paper, report.paper_summary),
        policy_name=_NO_POLICY if policy is None else policy.name,
        policy_hash="" if policy is None else policy.hash,
    )


def paper_view(account: PaperAccount, found: PaperSummary | None) -> PaperView | None:
    """Return the account as the page shows it; None where nothing was ever staged."""
    if found is None or not account.positions:
        return None
    exits = ", ".join(f"{count:,} by {name}" for name, count in found.exit_reasons.items() if count)
    return PaperView(
        capital=found.capital,
        summary=(
            ("Equity", number(found.equity, 2)),
            ("Return, not annualised", _shown(found.total_return, percent)),
            ("Greatest drawdown", _shown(found.max_drawdown, percent)),
            ("Sessions", f"{len(account.equity):,}"),
            ("Closed trades", f"{found.trades:,}" + (f": {exits}" if exits else "")),
            ("Trades with a profit", _rate(found.win_rate)),
            ("Profit factor", f"{_shown(found.profit_factor, number)}, n {found.trades:,}"),
            ("Mean profit of a trade", f"{_shown(found.expectancy, number)}, n {found.trades:,}"),
            ("Slippage and costs", number(found.costs, 2)),
        ),
        equity=tuple((each.session, each.equity, each.drawdown) for each in account.equity),
        trades=[_picked(asdict(each), _TRADE_COLUMNS) for each in reversed(account.trades)],
        positions=[_picked(asdict(each), _POSITION_COLUMNS) for each in account.positions],
    )


def _picked(row: Mapping[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in columns}


def _shown(found: Figure, words: Callable[[float], str]) -> str:
    if found.value is None:
        return f"{UNKNOWN} ({found.reason})"
    return words(found.value)


def _rate(found: Rate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return f"{UNKNOWN} (no closed trade), n 0"
    ends = f"[{percent(found.low)}, {percent(found.high)}]"
    return f"{percent(found.value)}, 95% {ends}, n {found.n:,}"
