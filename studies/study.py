"""A whole study: panels replayed, panels judged directly, series of a known Sharpe ratio."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from schemas.policy import Policy
from studies.design import Model, panel
from studies.direct import judge
from studies.outcomes import Judged, Replayed
from studies.sharpe import PsrCase, psr_cases
from studies.world import World

Panels: TypeAlias = Mapping[int, Sequence[Model]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large a study is: seeds 1, 2, ... are replayed, and more of them judged directly."""

    seeds: int
    panels: int
    nulls: int
    series: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What came of it; panels by seed."""

    plan: Plan
    world: World
    policy: Policy
    replayed: Mapping[int, Sequence[Replayed]]
    direct: Mapping[int, Sequence[Judged]]
    psr: Sequence[PsrCase]

    @property
    def fdr(self) -> float:
        """Return what the policy allows q to be."""
        return next(each.required for each in self.policy.cohort if each.name == "q_value")

    def replays(self) -> list[Replayed]:
        """Return every replayed model."""
        return [each for rows in self.replayed.values() for each in rows]

    def directs(self) -> list[Judged]:
        """Return every model that was judged directly."""
        return [each for rows in self.direct.values() for each in rows]


FULL = Plan(seeds=5, panels=100, nulls=1000, series=400)
QUICK = Plan(seeds=2, panels=20, nulls=100, series=50)


def conduct(
    plan: Plan,
    world: World,
    policy: Policy,
    *,
    replay: Callable[[Panels], Mapping[int, Sequence[Replayed]]],
    say: Callable[[str], None],
) -> Study:
    """Make the study; `replay` takes the models of seeds through the pipeline."""
    say(f"{plan.series * plan.seeds} series of each kind for the PSR")
    psr = psr_cases(world, range(1, plan.seeds + 1), plan.series)
    say(f"{plan.panels} panels of {plan.nulls} null and 20 planted models, judged directly")
    direct = dict(_panels(plan, world, policy))
    panels = {seed: [each.model for each in direct[seed]] for seed in range(1, plan.seeds + 1)}
    signals = sum(each.n for models in panels.values() for each in models)
    say(f"replays of {plan.seeds} seeds, {signals} signals in all")
    return Study(
        plan=plan, world=world, policy=policy, replayed=replay(panels), direct=direct, psr=psr
    )


def _panels(plan: Plan, world: World, policy: Policy) -> Iterable[tuple[int, list[Judged]]]:
    for seed in range(1, max(plan.panels, plan.seeds) + 1):
        yield seed, judge(panel(world, seed, plan.nulls), world, policy)
