"""All targets by name, each with the form that its inputs have."""

import logging
from math import inf
from typing import Any

from tests.fuzz import files, inbound, kept, outbound, texts
from tests.fuzz.columns import mutate_parquet
from tests.fuzz.mutation import (
    Mutate,
    mutate_avro,
    mutate_bytes,
    mutate_either,
    mutate_json,
    mutate_json_lines,
    mutate_lines,
)
from tests.fuzz.running import Report, Target, run

_FORMS: dict[str, Mutate] = {
    "wire": mutate_avro,
    "inbound": mutate_either,
    "sink": mutate_avro,
    "dead": mutate_avro,
    "fetched": mutate_bytes,
    "policy": mutate_lines,
    "calendars": mutate_lines,
    "model": mutate_json,
    "csv": mutate_lines,
    "jsonl": mutate_json_lines,
    "parquet": mutate_parquet,
    "prices": mutate_lines,
    "journal": mutate_bytes,
    "state": mutate_bytes,
}

# Arrow allocates what the header of a page says, two gigabytes at most, before it looks further.
_BOUNDS: dict[str, dict[str, Any]] = {"parquet": {"max_cpu_s": 10.0, "max_growth_mb": 2_200}}

TARGETS = {
    name: Target(
        name=name,
        judge=judge,
        mutate=_FORMS[name.partition("-")[0]],
        **_BOUNDS.get(name.partition("-")[0], {}),
    )
    for part in (inbound, outbound, texts, files, kept)
    for name, judge in part.JUDGES.items()
}


def fuzz(
    name: str, inputs: int, seed: int, seconds: float = inf, *, bounded: bool = True
) -> Report:
    """Judge so many inputs of a target, without the words of what is refused."""
    logging.disable(logging.CRITICAL)
    try:
        return run(TARGETS[name], inputs, seed, bounded=bounded, seconds=seconds)
    finally:
        logging.disable(logging.NOTSET)
