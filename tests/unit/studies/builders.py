"""Models and outcomes of a study as a test needs them."""

from typing import Any

import numpy as np

from studies.design import APART, PLANTED, Model
from studies.outcomes import Judged, Replayed


def make_model(**fields: Any) -> Model:
    n = fields.pop("n", 4)
    defaults: dict[str, Any] = {
        "name": "null-0000",
        "design": APART,
        "action": "BUY",
        "horizon": 5,
        "edge": 0.0,
        "tickers": np.zeros(n, dtype=np.int64),
        "entries": np.arange(n, dtype=np.int64),
    }
    return Model(**defaults | fields)


def make_judged(*, null: bool = True, ready: bool = False, **fields: Any) -> Judged:
    defaults: dict[str, Any] = {
        "model": make_model(design=APART if null else PLANTED, edge=0.0 if null else 0.2),
        "p_value": 0.5,
        "q_value": 1.0,
        "p_strict": 0.5,
        "q_strict": 1.0,
        "ready": ready,
    }
    return Judged(**defaults | fields)


def make_replayed(**fields: Any) -> Replayed:
    defaults: dict[str, Any] = {
        "model": make_model(),
        "p_value": 0.5,
        "q_value": 1.0,
        "p_strict": 0.5,
        "q_strict": 1.0,
        "ready": False,
        "hit_rate": 0.5,
        "hit_low": 0.0,
        "hit_high": 1.0,
        "excess_low": -0.1,
        "excess_high": 0.1,
        "psr": 0.5,
        "validated": 1,
    }
    return Replayed(**defaults | fields)
