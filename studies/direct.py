"""The product's tests on a panel's signals without broker, worker and database.

A replay takes minutes and this takes a second, so that what only many panels
can show is shown by it; where both are made, both must say the same.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from schemas.policy import PASS, CheckRule, Policy, status_of
from sinks.evidence.significance import (
    OverlapTest,
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
    tests = [_test(each, world) for each in models]
    p_values = [each.p_value.value for each in tests]
    p_strict = [each.p_strict.value for each in tests]
    q_values, q_strict = _q_values(p_values), _q_values(p_strict)
    return [
        Judged(
            model=model,
            p_value=_or_one(p_values[at]),
            q_value=q_values[at],
            p_strict=_or_one(p_strict[at]),
            q_strict=q_strict[at],
            ready=all(
                _passes(rule, model, world, {"q_value": q_values[at], "q_strict": q_strict[at]})
                for rule in policy.cohort
            ),
        )
        for at, model in enumerate(models)
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


def _passes(rule: CheckRule, model: Model, world: World, q_values: Mapping[str, float]) -> bool:
    actual = q_values.get(rule.name)
    if actual is None:
        actual = _figure(rule.name, model, world)
    return status_of(rule.op, rule.required, actual) == PASS


def _figure(name: str, model: Model, world: World) -> float | None:
    match name:
        case "trades":
            return float(model.n)
        case "effective_n":
            return effective_n(model.entries.tolist(), [model.horizon] * model.n).value
        case "mean_net":
            return float(np.mean(model.of(world.net(model.action, model.horizon))))
    msg = f"expected a policy of the checks that the study knows, was one with {name}"
    raise ValueError(msg)


def _or_one(p_value: float | None) -> float:
    return 1.0 if p_value is None else p_value


def _q_values(p_values: Sequence[float | None]) -> list[float]:
    # what has no p-value is no member of the family, and is never called
    held = [at for at, each in enumerate(p_values) if each is not None]
    adjusted = benjamini_hochberg([each for each in p_values if each is not None])
    found = dict(zip(held, adjusted, strict=True))
    return [found.get(at, 1.0) for at in range(len(p_values))]


def _test(model: Model, world: World) -> OverlapTest:
    base = np.array(base_rates(world, model.action, model.horizon))
    hits = world.hits(model.action, model.horizon).astype(np.float64)
    excess = model.of(hits) - base[model.tickers]
    return overlap_test(excess.tolist(), model.entries.tolist(), [model.horizon] * model.n)
