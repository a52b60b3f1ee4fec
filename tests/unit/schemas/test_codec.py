"""Records to bytes and back, with avro-python3 as the oracle of the bytes."""

import io
import json
from dataclasses import MISSING, fields, replace
from functools import cache
from typing import Any

import avro.io
import avro.schema
import pytest
from avro import schemanormalization
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import (
    MARKER,
    decode,
    decode_fields,
    encode,
    encode_fields,
    schema_names,
    schema_text,
    to_fields,
)
from schemas.errors import DecodeError
from schemas.topics import CATALOGUE
from tests.unit.schemas.samples import SAMPLES, as_json, stored_samples
from tests.unit.schemas.strategies import BY_NAME

EXAMPLES = settings(max_examples=15, deadline=None)


@cache
def avro_schema(name: str) -> Any:
    return avro.schema.parse(schema_text(name))


def avro_bytes(name: str, content: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    avro.io.DatumWriter(avro_schema(name)).write(content, avro.io.BinaryEncoder(out))
    return out.getvalue()


def avro_fields(name: str, body: bytes) -> Any:
    schema = avro_schema(name)
    return avro.io.DatumReader(schema, schema).read(avro.io.BinaryDecoder(io.BytesIO(body)))


def test_every_record_of_the_catalogue_has_a_schema_and_a_sample() -> None:
    on_topics = {record.__name__ for topic in CATALOGUE for record in topic.records}

    assert {avro_schema(name).name for name in schema_names()} == on_topics
    assert set(BY_NAME) == set(SAMPLES) == set(schema_names())


@pytest.mark.parametrize("name", schema_names())
@EXAMPLES
@given(data=st.data())
def test_a_record_comes_back_as_it_went(name: str, data: st.DataObject) -> None:
    record = data.draw(BY_NAME[name])

    assert decode(encode(record)) == record


@pytest.mark.parametrize("name", schema_names())
@EXAMPLES
@given(data=st.data())
def test_the_bytes_are_those_of_avro_in_both_directions(name: str, data: st.DataObject) -> None:
    record = data.draw(BY_NAME[name])
    content = to_fields(record)
    value = encode_fields(avro_schema(name).name, content)

    assert encode(record) == value
    assert value[10:] == avro_bytes(name, content)
    assert avro_fields(name, value[10:]) == content
    assert decode_fields(value[:10] + avro_bytes(name, content))[1] == content


def test_a_number_beyond_64_bits_is_not_written() -> None:
    with pytest.raises(OverflowError, match="64 bits"):
        encode(replace(SAMPLES["decision"], decided_at_ms=2**63))


def test_negative_zero_and_nan_keep_their_bits() -> None:
    fields_of_tick = to_fields(SAMPLES["tick"])

    for price in (-0.0, float("nan"), float("inf"), 5e-324):
        content = {**fields_of_tick, "price": price}
        _, decoded = decode_fields(encode_fields("Tick", content))
        assert repr(decoded["price"]) == repr(price)


@pytest.mark.parametrize("name", schema_names())
def test_the_fingerprint_is_the_one_of_avro(name: str) -> None:
    canonical = schemanormalization.ToParsingCanonicalForm(avro_schema(name))

    header = encode(SAMPLES[name])[:10]

    assert header == MARKER + schemanormalization.Fingerprint(canonical, "CRC-64-AVRO")


def test_the_oracle_of_fingerprints_writes_little_endian() -> None:
    """Avro's specification gives 0x7275d51a3f395c8f for "int"."""
    fingerprint = schemanormalization.Fingerprint('"int"', "CRC-64-AVRO")

    assert int.from_bytes(fingerprint, "little") == 0x7275D51A3F395C8F


@pytest.mark.parametrize("name", schema_names())
def test_record_and_schema_have_the_same_fields_and_defaults(name: str) -> None:
    schema = {each["name"]: each for each in json.loads(schema_text(name))["fields"]}
    record = {each.name: each for each in fields(type(SAMPLES[name]))}

    assert schema.keys() == record.keys()
    for each in record.values():
        if each.default is not MISSING:
            assert schema[each.name]["default"] == each.default


@pytest.mark.parametrize("name", schema_names())
def test_the_newest_wire_sample_is_of_the_schema_as_it_is(name: str) -> None:
    """A schema changes together with a sample: run `python -m tests.unit.schemas.samples`."""
    newest = stored_samples(name)[-1]

    assert newest.read_bytes()[:10] == encode(SAMPLES[name])[:10]


@pytest.mark.parametrize("name", schema_names())
def test_wire_samples_of_every_version_are_still_read(name: str) -> None:
    for path in stored_samples(name):
        stored = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))

        content = as_json(to_fields(decode(path.read_bytes())))

        assert {key: content[key] for key in stored} == stored


@pytest.mark.parametrize("name", schema_names())
def test_avro_reads_the_wire_samples_alike(name: str) -> None:
    newest = stored_samples(name)[-1]

    content = avro_fields(name, newest.read_bytes()[10:])

    assert as_json(content) == json.loads(newest.with_suffix(".json").read_text(encoding="utf-8"))


def test_what_was_decoded_is_let_go() -> None:
    """A worker decodes records for weeks: none of them may stay in memory."""
    value = encode(SAMPLES["tick_batch"])
    first = decode(value)

    assert decode(value) == first
    assert decode(value) is not first


def test_a_refusal_names_no_address() -> None:
    value = encode(SAMPLES["signal"])
    reasons = set()
    for end in range(10, len(value)):
        with pytest.raises(DecodeError) as refused:
            decode_fields(value[:end])
        reasons.add(str(refused.value))

    assert not [each for each in reasons if "0x" in each]
