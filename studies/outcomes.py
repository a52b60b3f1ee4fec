"""What a panel of models came to: by a replay, or by the same tests without one."""

from dataclasses import dataclass

from studies.design import PLANTED, Model


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """One model as the base-rate test and the policy's cohort checks see it.

    p and q, those of the policy's strict test too, are 1 where a test is undefined.
    """

    model: Model
    p_value: float
    q_value: float
    p_strict: float
    q_strict: float
    ready: bool

    @property
    def null(self) -> bool:
        """Return whether the model knows nothing."""
        return self.model.design != PLANTED


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replayed(Judged):
    """One model as the product's own files tell of it after a replay.

    `validated` counts signals whose verdict is passed; `excess_low` and
    `excess_high` are the bootstrap interval of hit - base rate, None without one.
    """

    hit_rate: float
    hit_low: float
    hit_high: float
    excess_low: float | None
    excess_high: float | None
    psr: float
    validated: int
