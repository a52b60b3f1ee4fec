"""Raw records to batches; what cannot be read becomes a dead letter with its reason."""

import math
from dataclasses import asdict
from typing import Any

import pytest

from schemas.codec import encode
from schemas.identity import canonical_json, digest
from schemas.policy import CheckRule, Policy, content_of
from schemas.records import PolicyVersion
from sinks.decoding import decode_batch, decode_parts
from tests.unit.sinks.policy_samples import make_paper_rules, make_policy, make_policy_version
from tests.unit.sinks.samples import (
    make_bar,
    make_dead_letter,
    make_event,
    make_observation,
    make_observations,
    make_state,
    raw,
)


def test_each_topic_lands_in_its_kind_under_the_prefix() -> None:
    batch = decode_batch(
        [
            raw(encode(make_bar()), topic="p.bars"),
            raw(
                encode(make_observations(make_observation("2025-11-04", 1))), topic="p.observations"
            ),
            raw(encode(make_state()), topic="p.signal-states"),
            raw(encode(make_event()), topic="p.validation-events"),
            raw(encode(make_policy_version()), topic="p.policies"),
        ],
        "p.",
    )

    kinds = (batch.bars, batch.observations, batch.states, batch.events, batch.policies)
    assert [len(each) for each in kinds] == [1] * 5
    assert not batch.dead_letters


@pytest.mark.parametrize(
    ("value", "error_class"),
    [
        (None, "EmptyValue"),
        (b"", "EmptyValue"),
        (b"{}", "BadAvro"),
        (b"\xc3\x01" + b"\x00" * 8, "UnknownSchema"),
        (encode(make_bar())[:-3], "BadAvro"),
        (encode(make_bar()) + b"x", "BadAvro"),
        (encode(make_event()), "WrongRecord"),
        (encode(make_bar(high=math.nan)), "InvalidRecord"),
        (encode(make_bar(close=math.inf)), "InvalidRecord"),
        (encode(make_bar(dividend=math.nan)), "InvalidRecord"),
        (encode(make_bar(split_ratio=0.0)), "InvalidRecord"),
    ],
)
def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(
    value: bytes | None, error_class: str
) -> None:
    batch = decode_batch([raw(value, offset=4), raw(encode(make_bar()), offset=5)])

    (letter,) = batch.dead_letters
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("bars", 0, 4)
    assert letter["error_class"] == error_class
    assert letter["message"]
    assert len(batch.bars) == 1


def test_a_not_finite_observation_or_state_is_a_dead_letter() -> None:
    bad = make_observations(make_observation("2025-11-04", 1, mfe=math.inf))
    batch = decode_batch(
        [
            raw(encode(bad), topic="observations"),
            raw(encode(make_state(net_return=math.nan)), topic="signal-states"),
        ]
    )

    assert [each["topic"] for each in batch.dead_letters] == ["observations", "signal-states"]


def test_a_record_of_a_worker_that_had_lost_its_partition_is_left_out() -> None:
    closes = ((100.0, 1), (101.0, 3), (99.0, 2), (102.0, 3), (103.0, 4))
    bars = [raw(encode(make_bar(close=close, epoch=epoch)), offset=n)
            for n, (close, epoch) in enumerate(closes)]  # fmt: skip
    elsewhere = raw(encode(make_bar(epoch=1)), partition=1)

    batch = decode_batch([*bars, elsewhere])

    assert [bar["close"] for bar in batch.bars[:-1]] == [100.0, 101.0, 102.0, 103.0]
    assert batch.displaced == ["bars[0]@2"]
    assert batch.epochs == {("bars", 0): 4, ("bars", 1): 1}


@pytest.mark.parametrize(
    ("record", "topic"),
    [
        (make_observations(make_observation("2025-11-04", 1), epoch=2), "observations"),
        (make_state(epoch=2), "signal-states"),
        (make_event(epoch=2), "validation-events"),
        (make_policy_version(epoch=2), "policies"),
    ],
)
def test_the_epochs_of_the_batches_before_count(record: Any, topic: str) -> None:
    for reached, left_out in ((2, 0), (3, 1)):
        value = raw(encode(record), topic=topic)
        batch = decode_parts({(topic, 0): [value]}, "", {(topic, 0): reached})
        assert len(batch.displaced) == left_out
        assert batch.epochs == {(topic, 0): reached}


def test_a_dead_letter_says_nothing_of_epochs() -> None:
    letter = raw(encode(make_dead_letter()), topic="dead-letters")
    batch = decode_parts({("dead-letters", 0): [letter]}, "", {("dead-letters", 0): 7})

    assert len(batch.dead_letters) == 1
    assert not batch.displaced


def test_a_long_undecodable_value_is_cut_and_its_size_kept() -> None:
    batch = decode_batch([raw(b"x" * 1_000_000)])

    (letter,) = batch.dead_letters
    assert len(letter["value"]) == 256 * 1024
    assert letter["original_size"] == 1_000_000


def stating(content: bytes, **changes: Any) -> PolicyVersion:
    """A version whose hash is that of its content, whatever that is."""
    return make_policy_version(content=content.decode(), **changes)


def with_rule(**changes: Any) -> Policy:
    rule = {"name": "trades", "op": ">=", "required": 30.0, **changes}
    return make_policy(cohort=(CheckRule(**rule),))


def content_without(name: str) -> bytes:
    content = {key: each for key, each in content_of(make_policy()).items() if key != name}
    return canonical_json(content)


@pytest.mark.parametrize(
    "version",
    [
        make_policy_version(policy_hash="0" * 64),
        make_policy_version(name="mvs"),
        make_policy_version(effective_from_ms=1),
        stating(canonical_json(content_of(make_policy(min_sessions=60)))),
        stating(b"{"),
        stating(b"[]"),
        stating(b"3"),
        stating(b"[" * 5000),
        stating(content_without("paper")),
        stating(canonical_json({**content_of(make_policy()), "mood": 1}), policy_hash=digest(1)),
        stating(canonical_json(content_of(make_policy())).replace(b"10000.0", b"1e999")),
        make_policy_version(with_rule(op="=")),
        make_policy_version(with_rule(op=["="])),
        make_policy_version(with_rule(required="30")),
        make_policy_version(with_rule(required=None)),
        make_policy_version(make_policy(hold_band="wide")),
        make_policy_version(make_policy(paper=make_paper_rules(capital=0.0))),
    ],
)
def test_a_policy_that_is_not_what_its_hash_says_is_a_dead_letter(version: PolicyVersion) -> None:
    batch = decode_batch([raw(encode(version), topic="policies")])

    (letter,) = batch.dead_letters
    assert letter["error_class"] == "InvalidRecord"
    assert letter["message"].startswith("PolicyVersion: expected")
    assert not batch.policies


def test_a_policy_is_kept_as_it_was_published() -> None:
    version = make_policy_version(with_rule(), epoch=3)
    batch = decode_batch([raw(encode(version), topic="policies")])

    assert batch.policies == [asdict(version)]
