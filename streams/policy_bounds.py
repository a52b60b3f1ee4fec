"""What a policy may ask of each metric: which way is better, and which numbers make sense."""

from typing import NamedTuple


class Bounds(NamedTuple):
    """The sensible numbers to ask of a metric; they also catch 20 where 0.2 is meant."""

    operators: tuple[str, str]
    low: float
    high: float

    def hopeless(self, op: str, required: float) -> bool:
        """Say whether no value of the metric can meet the check."""
        return (op == ">" and required >= self.high) or (op == "<" and required <= self.low)


def _at_least(low: float, high: float) -> Bounds:
    return Bounds((">=", ">"), low, high)


def _at_most(low: float, high: float) -> Bounds:
    return Bounds(("<=", "<"), low, high)


# Returns and drawdowns are fractions (0.1 is 10 %), sessions and trades are counted.
BOUNDS = {
    "against_trend": _at_most(0, 2),
    "alpha": _at_least(-1, 10),
    "alpha_t": _at_least(-100, 100),
    "annual_return": _at_least(-1, 10),
    "brier": _at_most(0, 1),
    "confidence": _at_least(0, 1),
    "data_age": _at_most(0, 400),
    "dsr": _at_least(0, 1),
    "ece": _at_most(0, 1),
    "edge_to_cost": _at_least(0, 1_000),
    "effective_n": _at_least(0, 1_000_000),
    "expectancy": _at_least(-1, 10),
    "hit_low": _at_least(0, 1),
    "hit_rate": _at_least(0, 1),
    "ic": _at_least(-1, 1),
    "max_drawdown": _at_most(0, 1),
    "mean_net": _at_least(-1, 10),
    "profit_factor": _at_least(0, 1_000),
    "psr": _at_least(0, 1),
    "q_strict": _at_most(0, 1),
    "q_value": _at_most(0, 1),
    "reasoning": _at_least(0, 20_000),
    "sessions": _at_least(0, 1_000_000),
    "sharpe": _at_least(-100, 100),
    "stayed_flat": _at_most(0, 1),
    "ticker_exposure": _at_most(0, 1),
    "trades": _at_least(0, 1_000_000),
    "validation_period": _at_least(0, 400),
    "volatility_percentile": _at_most(0, 1),
}
