"""PURE: raw records of the outbound topics to one decoded batch.

A record that cannot be read becomes a dead letter with its reason; it never
stops the others. One of a lower epoch than was read before it in its partition is of
a worker that had lost the partition, and is left out.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from functools import partial
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import orjson

from schemas import topics
from schemas.codec import decode_fields
from schemas.errors import DecodeError
from schemas.policy import OPERATORS, Policy, policy_of
from sinks.observation_blocks import blocks_of, read_blocks
from sinks.observation_columns import ObservationBlock
from sinks.sink import Batch, Fields, TopicPartition
from sinks.state_reading import event_texts, read_event, read_state, state_texts

Read: TypeAlias = Callable[[bytes | None], Sequence[Any]]

_KEPT_BYTES = 256 * 1024
_bar_floats: Callable[[Fields], tuple[float, ...]] = itemgetter(
    "open", "high", "low", "close", "split_ratio", "dividend"
)
_state_floats: Callable[[Fields], tuple[float | None, ...]] = itemgetter(
    "entry_price", "net_return", "raw_return", "annual_return", "mae", "mfe"
)


class Content(Protocol):
    """A record as the reader of its partition hands it over."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class RawRecord(Content, Protocol):
    """A record that names its partition."""

    topic: str
    partition: int


def decode_batch(raw: Iterable[RawRecord], prefix: str = "") -> Batch:
    """Return the records by kind; those that cannot be read as dead letters."""
    parts: dict[TopicPartition, list[Content]] = {}
    for record in raw:
        parts.setdefault((record.topic, record.partition), []).append(record)
    return decode_parts(parts, prefix)


def decode_parts(
    parts: Mapping[TopicPartition, Sequence[Content]],
    prefix: str = "",
    epochs: Mapping[TopicPartition, int] = MappingProxyType({}),
) -> Batch:
    """Return the records of some partitions by kind, as `decode_batch` does.

    `epochs` are the greatest that were read of the partitions before.
    """
    batch = Batch()
    kinds: dict[str, tuple[list[Any], Read]] = {
        topics.prefixed(prefix, topic): found
        for topic, found in (
            (topics.OBSERVATIONS, (batch.observations, _blocks)),
            (topics.SIGNAL_STATES, (batch.states, _states)),
            (topics.BARS, (batch.bars, partial(_plain, "SessionBar"))),
            (topics.VALIDATION_EVENTS, (batch.events, _events)),
            (topics.POLICIES, (batch.policies, partial(_plain, "PolicyVersion"))),
            (topics.DEAD_LETTERS, (batch.dead_letters, partial(_plain, "DeadLetter"))),
        )
    }
    for (topic, partition), records in parts.items():
        rows, read = kinds[topic]
        epoch_of = _epoch_of_blocks if rows is batch.observations else _epoch_of_fields
        reached = epochs.get((topic, partition), 0)
        for record in records:
            try:
                found = read(record.value)
            except DecodeError as error:
                batch.dead_letters.append(_dead_letter(topic, partition, record, error))
                continue
            epoch = epoch_of(found, reached)
            if epoch < reached:
                batch.displaced.append(f"{topic}[{partition}]@{record.offset}")
                continue
            reached = epoch
            rows += found
        batch.epochs[topic, partition] = reached
    return batch


def _epoch_of_fields(found: Sequence[Fields], otherwise: int) -> int:
    # a dead letter has none
    epoch: int = found[0].get("epoch", otherwise)
    return epoch


def _epoch_of_blocks(found: Sequence[ObservationBlock], otherwise: int) -> int:
    return found[0].epoch if found else otherwise


def _blocks(value: bytes | None) -> list[ObservationBlock]:
    found = read_blocks(value) if value else None
    return blocks_of(_decoded(value, "Observations")) if found is None else found


def _states(value: bytes | None) -> Sequence[Fields]:
    found = read_state(value) if value else None
    if found is None:
        return (state_texts(_decoded(value, "SignalState")),)
    _check_numbers("SignalState", found)
    return (found,)


def _events(value: bytes | None) -> Sequence[Fields]:
    found = read_event(value) if value else None
    return (event_texts(_decoded(value, "ValidationEvent")) if found is None else found,)


def _plain(expected: str, value: bytes | None) -> Sequence[Fields]:
    return (_decoded(value, expected),)


def _decoded(value: bytes | None, expected: str) -> Fields:
    if not value:
        msg = "empty value"
        raise DecodeError(msg, error_class="EmptyValue")
    name, content = decode_fields(value)
    if name != expected:
        msg = f"expected {expected}, was {name}"
        raise DecodeError(msg, error_class="WrongRecord")
    _check_numbers(name, content)
    if name == "SessionBar" and content["split_ratio"] <= 0:
        msg = f"SessionBar: split_ratio: expected above 0, was {content['split_ratio']}"
        raise DecodeError(msg)
    if name == "PolicyVersion":
        _check_policy(content)
    return content


def _check_numbers(name: str, content: Fields) -> None:
    if not math.isfinite(_sum_of_floats(name, content)):
        msg = f"{name}: expected finite numbers"
        raise DecodeError(msg)


def _sum_of_floats(name: str, content: Fields) -> float:
    # SQLite stores NaN as NULL; one sum finds a NaN or an infinity in any of its terms.
    match name:
        case "SessionBar":
            return sum(_bar_floats(content))
        case "SignalState":
            return sum([each or 0.0 for each in _state_floats(content)])
    return 0.0


def _check_policy(content: Fields) -> None:
    # A cohort judged by it shows this hash: it has to be the hash of just these thresholds.
    try:
        policy = policy_of(orjson.loads(content["content"]))
        sound = math.isfinite(_sum_of_thresholds(policy)) and policy.paper.capital > 0
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        msg = f"PolicyVersion: expected the JSON of a policy, was {type(error).__name__}: {error}"
        raise DecodeError(msg[:500]) from None
    stated = content["policy_hash"], content["name"], content["effective_from_ms"]
    found = policy.hash, policy.name, policy.effective_from_ms
    if not sound or stated != found:
        msg = f"PolicyVersion: expected finite numbers, capital, content of {stated}, was {found}"
        raise DecodeError(msg)


def _sum_of_thresholds(policy: Policy) -> float:
    rules = (*policy.screen, *policy.checks, *policy.cohort)
    unknown = {each.op for each in rules} - OPERATORS.keys()
    if unknown:
        msg = f"expected {', '.join(OPERATORS)}, was {', '.join(map(str, unknown))}"
        raise ValueError(msg)
    return sum(
        (
            policy.min_sessions,
            policy.cost_bps_per_side,
            policy.hold_band,
            policy.jump_guard,
            policy.risk_free_rate,
            *astuple(policy.paper),
            *(each.required for each in rules),
        )
    )


def _dead_letter(topic: str, partition: int, record: Content, error: DecodeError) -> Fields:
    value = record.value or b""
    return {
        "topic": topic,
        "partition": partition,
        "offset": record.offset,
        "index": None,
        "error_class": error.error_class,
        "message": str(error),
        "timestamp_ms": record.timestamp,
        "key": record.key,
        "value": value[:_KEPT_BYTES],
        "original_size": len(value),
    }
