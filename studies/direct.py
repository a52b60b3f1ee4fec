"""The product's tests on a panel's signals without broker, worker and database.

A replay takes minutes and this takes a second, so that what only many panels
can show is shown by it; where both are made, both must say the same.
"""

from collections.abc import Sequence

import numpy as np

from schemas.policy import Policy, status_of
from sinks.evidence.significance import (
    benjamini_hochberg,
    effective_n,
    overlap_test,
    window_hit_rate,
)
from studies.design import Model
from studies.outcomes import Judged
from studies.world import ROUND_TRIP, World


def judge(models: Sequence[Model], world: World, policy: Policy) -> list[Judged]:
    """Return what the policy's checks of a cohort say of each model."""
    p_values = [_p_value(each, world) for each in models]
    q_values = _q_values(p_values)
    return [
        Judged(
            model=model,
            p_value=1.0 if p_value is None else p_value,
            q_value=q_value,
            ready=all(
                status_of(rule.op, rule.required, _figure(rule.name, model, world, q_value))
                == "pass"
                for rule in policy.cohort
            ),
        )
        for model, p_value, q_value in zip(models, p_values, q_values, strict=True)
    ]


def base_rates(world: World, action: str, horizon: int) -> list[float]:
    """Return the product's base rate of each ticker, over all windows up to the last close."""
    found = []
    for closes in world.closes:
        rate = window_hit_rate(closes[horizon:] / closes[:-horizon], action, ROUND_TRIP, 0.0)
        if rate.value is None:
            msg = f"expected a base rate, was none: {rate.reason}"
            raise ValueError(msg)
        found.append(rate.value)
    return found


def _figure(name: str, model: Model, world: World, q_value: float) -> float | None:
    match name:
        case "trades":
            return float(model.n)
        case "effective_n":
            return effective_n(model.entries.tolist(), [model.horizon] * model.n).value
        case "mean_net":
            return float(np.mean(model.of(world.net(model.action, model.horizon))))
        case "q_value":
            return q_value
    msg = f"expected a policy of the checks that the study knows, was one with {name}"
    raise ValueError(msg)


def _q_values(p_values: Sequence[float | None]) -> list[float]:
    # what has no p-value is no member of the family, and is never called
    held = [at for at, each in enumerate(p_values) if each is not None]
    adjusted = benjamini_hochberg([each for each in p_values if each is not None])
    found = dict(zip(held, adjusted, strict=True))
    return [found.get(at, 1.0) for at in range(len(p_values))]


def _p_value(model: Model, world: World) -> float | None:
    base = np.array(base_rates(world, model.action, model.horizon))
    hits = world.hits(model.action, model.horizon).astype(np.float64)
    excess = model.of(hits) - base[model.tickers]
    test = overlap_test(excess.tolist(), model.entries.tolist(), [model.horizon] * model.n)
    return test.p_value.value
