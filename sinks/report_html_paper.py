"""PURE: the paper account in report.html: its figures, curves, positions and trades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sinks.charts_curves import Curve, curves_chart, dated, money, under
from sinks.charts_text import count, escaped, number, percent, price
from sinks.report_html_text import Column, Reasons, table

MOST_ROWS = 1000
_NO_VALUE = "no value: a waiting order has no entry, an open position no exit"
_RETURNS = ("net_return", "mae", "mfe")
_NO_POINTS = "no session since the first signal was staged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperView:
    """What the page shows of the paper account; text is as it is to be read.

    `summary` are (label, text), each rate with its n and interval; `equity` are
    (session, equity, drawdown) in order, the drawdown a fraction at least 0;
    `trades` and `positions` are rows with the same columns in the same order.
    """

    capital: float
    summary: Sequence[tuple[str, str]]
    equity: Sequence[tuple[str, float, float]]
    trades: Sequence[Mapping[str, Any]]
    positions: Sequence[Mapping[str, Any]]


def paper_section(paper: PaperView | None, why: Reasons) -> str:
    """Return the section of the paper account, or that there is none."""
    if paper is None:
        return "<p>No signal was staged for paper trading: there is no paper account.</p>"
    figures = "".join(
        f"<div><dt>{escaped(name)}</dt><dd>{escaped(words)}</dd></div>"
        for name, words in [("Capital at the start", number(paper.capital, 2)), *paper.summary]
    )
    return "\n".join(
        [
            "<p>Staged signals traded on paper, on session bars, after slippage and costs. "
            "No money was moved.</p>",
            f'<dl class="facts">{figures}</dl>',
            f'<div class="charts">{_charts(paper)}</div>',
            _rows("Positions", paper.positions, why),
            _rows("Trades", paper.trades, why),
        ]
    )


def _charts(paper: PaperView) -> str:
    days = [session for session, _, _ in paper.equity]
    held = Curve(
        name="equity", css="net", points=dated(days, [equity for _, equity, _ in paper.equity])
    )
    below = Curve(
        name="equity", css="net", points=dated(days, [-lost + 0.0 for _, _, lost in paper.equity])
    )
    equity = curves_chart(
        "paper-equity",
        "Equity of the paper account",
        "quote currency",
        [held],
        base=paper.capital,
        shown=money,
        reason=_NO_POINTS,
    )
    water = curves_chart(
        "paper-under",
        "The paper account under water",
        "loss from the peak",
        [below],
        base=0.0,
        shown=under,
        reason=_NO_POINTS,
    )
    return (
        f"<figure><figcaption>Equity of the paper account</figcaption>{equity}</figure>"
        f"<figure><figcaption>The paper account under water</figcaption>{water}</figure>"
    )


def _rows(title: str, rows: Sequence[Mapping[str, Any]], why: Reasons) -> str:
    if not rows:
        return f"<p>{title}: none.</p>"
    names = list(rows[0])
    columns = [
        Column(title=name.replace("_", " ").capitalize(), number=_numeric(rows, name))
        for name in names
    ]
    shown = ([_cell(name, each.get(name), why) for name in names] for each in rows[:MOST_ROWS])
    made = table(f"{title}: {len(rows):,}", columns, shown, "sortable")
    left = len(rows) - MOST_ROWS
    if left <= 0:
        return made
    return f"{made}\n<p>{count(left, 'more row')} of these stand in signals.db.</p>"


def _numeric(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    kinds = {type(each.get(name)) for each in rows} - {type(None)}
    return bool(kinds) and kinds <= {int, float}


def _cell(name: str, found: Any, why: Reasons) -> str:
    match found:
        case None:
            return why.mark(_NO_VALUE)
        case bool():
            return "yes" if found else "no"
        case int():
            return f"{found:,}"
        case float() if name in _RETURNS:
            return percent(found, 2, sign=True)
        case float():
            return price(found) if name.endswith("_price") else number(found, 4)
    return escaped(str(found))
