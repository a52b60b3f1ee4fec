"""PURE: what it costs to trade: slippage that grows with the order, and commission."""

from dataclasses import dataclass

from schemas.policy import PaperRules

BPS = 10_000.0
IMPACT_UNIT = 10_000.0
# No real amount comes near; absurd splits and prices shall not leave the floats.
_MOST_MONEY, _MOST_SHARES = 1e100, 1e150


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One side of a trade: `worth` at the market, `value` as it was paid or received."""

    price: float
    worth: float
    value: float
    slippage: float
    commission: float


def slippage_share(value: float, rules: PaperRules) -> float:
    """Return by what share of the price an order of this value trades worse.

    >>> rules = PaperRules(capital=1, max_position=1, max_short_position=1, max_ticker=1,
    ...     max_gross=1, slippage_bps=5, impact_bps_per_10k=1, cost_bps=1.5)
    >>> slippage_share(20_000, rules)
    0.0007
    """
    return (rules.slippage_bps + rules.impact_bps_per_10k * value / IMPACT_UNIT) / BPS


def execute(side: int, quantity: float, market: float, rules: PaperRules) -> Execution:
    """Return what buying (side 1) or selling (-1) so many shares at a market price brings."""
    worth = money(quantity, market)
    share = slippage_share(worth, rules)
    if side < 0:
        share = min(share, 1.0)  # who sells pays nothing on top
    value = worth * (1 + side * share)
    return Execution(
        price=market * (1 + side * share),
        worth=worth,
        value=value,
        slippage=worth * share,
        commission=value * rules.cost_bps / BPS,
    )


def money(quantity: float, price: float) -> float:
    """Return what a quantity is worth at a price."""
    return min(quantity * price, _MOST_MONEY)


def bounded(amount: float) -> float:
    """Return a quantity or a price level, above 0 and within the floats."""
    return min(max(amount, 1 / _MOST_SHARES), _MOST_SHARES)
