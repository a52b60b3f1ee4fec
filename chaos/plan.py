"""PURE: which faults a seed brings, how many of each, and how long it goes on."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is done to a process, a broker, a disk or a clock."""

    KILL_WORKER = "worker killed (kill -9)"
    KILL_SINK = "sink killed (kill -9)"
    KILL_BROKER = "broker killed, started again"
    PAUSE = "worker paused beyond its session"
    DISK = "disk of the sink full"
    CLOCK = "clock of one process moved"


class InputKind(StrEnum):
    """What is done to a batch of records on its way in."""

    DELAYED = "delayed"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How much happens: faults, seconds between them, batches, those disturbed, signals."""

    faults: Mapping[Kind, int]
    every_s: float
    batches: int
    disturbed: int
    poisoned: int
    signals: int
    sessions_to: str


FULL = Length(
    faults={
        Kind.KILL_WORKER: 10,
        Kind.KILL_SINK: 8,
        Kind.KILL_BROKER: 6,
        Kind.PAUSE: 7,
        Kind.DISK: 6,
        Kind.CLOCK: 7,
    },
    every_s=8.0,
    batches=216,
    disturbed=168,
    poisoned=40,
    signals=4_000,
    sessions_to="2018-12-31",
)
SHORT = Length(
    faults={
        Kind.KILL_WORKER: 3,
        Kind.KILL_SINK: 2,
        Kind.KILL_BROKER: 1,
        Kind.PAUSE: 1,
        Kind.DISK: 1,
        Kind.CLOCK: 1,
    },
    every_s=7.0,
    batches=60,
    disturbed=45,
    poisoned=12,
    signals=1_000,
    sessions_to="2017-12-29",
)


def faults_of(rng: random.Random, length: Length) -> list[Kind]:
    """Return the faults in the order in which they come."""
    found = [kind for kind, count in length.faults.items() for _ in range(count)]
    rng.shuffle(found)
    return found


def disturbances_of(rng: random.Random, length: Length) -> list[InputKind | None]:
    """Return what is done to each batch; each kind as often as the others."""
    kinds = list(InputKind)
    found: list[InputKind | None] = [kinds[n % len(kinds)] for n in range(length.disturbed)]
    found += [None] * (length.batches - length.disturbed)
    rng.shuffle(found)
    return found
