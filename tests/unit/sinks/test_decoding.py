"""Raw records to batches; what cannot be read becomes a dead letter with its reason."""

import math

import pytest

from schemas.codec import encode
from sinks.decoding import decode_batch
from tests.unit.sinks.samples import (
    make_bar,
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
        ],
        "p.",
    )

    assert [len(each) for each in (batch.bars, batch.observations, batch.states, batch.events)] == [
        1, 1, 1, 1
    ]  # fmt: skip
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


def test_a_long_undecodable_value_is_cut_and_its_size_kept() -> None:
    batch = decode_batch([raw(b"x" * 1_000_000)])

    (letter,) = batch.dead_letters
    assert len(letter["value"]) == 256 * 1024
    assert letter["original_size"] == 1_000_000
