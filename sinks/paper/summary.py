"""PURE: the paper account in a few figures; what cannot be computed says why."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.policy import PaperRules
from sinks.evidence.figures import Figure, known, undefined
from sinks.evidence.rates import Rate, rate
from sinks.evidence.returns import expectancy, profit_factor
from sinks.paper.records import EXIT_REASONS, PaperAccount

_NO_TRADES = "no closed trade"
_NO_SESSIONS = "no session since the first staged one"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSummary:
    """The account up to its last close, the trades those that are closed.

    A win has a net profit above 0. `expectancy` is the mean net profit of a trade
    and `costs` the slippage and commission of all trades, in money.
    """

    capital: float
    equity: float
    total_return: Figure
    trades: int
    wins: int
    win_rate: Rate
    profit_factor: Figure
    expectancy: Figure
    max_drawdown: Figure
    costs: float
    exit_reasons: Mapping[str, int]


def summarise(account: PaperAccount, rules: PaperRules) -> PaperSummary:
    """Return the figures of an account that these rules made."""
    trades, points = account.trades, account.equity
    nets = [each.net_pnl for each in trades]
    wins = sum(each > 0 for each in nets)
    reasons = Counter(each.exit_reason for each in trades)
    equity = points[-1].equity if points else rules.capital
    return PaperSummary(
        capital=rules.capital,
        equity=equity,
        total_return=known(equity / rules.capital - 1) if points else undefined(_NO_SESSIONS),
        trades=len(trades),
        wins=wins,
        win_rate=rate(wins, len(trades)),
        profit_factor=profit_factor(nets) if nets else undefined(_NO_TRADES),
        expectancy=expectancy(nets) if nets else undefined(_NO_TRADES),
        max_drawdown=(
            known(max(each.drawdown for each in points)) if points else undefined(_NO_SESSIONS)
        ),
        costs=math.fsum(each.costs for each in trades),
        exit_reasons={name: reasons[name] for name in EXIT_REASONS},
    )
