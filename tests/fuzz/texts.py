"""Judges of what users write and models answer: policy files, calendars, answers.

Declared: PolicyError; UsageError and CalendarError; ModelError.
"""

from collections.abc import Callable

import click

from producers.chat_model import Answer, claim_of, said
from producers.errors import ModelError
from producers.generate import GenerateOptions, _llm_signal
from schemas.codec import decode_inbound, encode
from schemas.identity import canonical_json
from schemas.policy import content_of
from schemas.records import PolicyVersion, Signal
from signal_tracker.checks import _pair
from sinks.decoding import decode_parts
from sinks.fetching import Record
from streams.policy_files import PolicyError, parse_policy
from streams.sessions import DEFAULT_SUFFIXES, CalendarBook, CalendarError
from tests.fuzz.outcomes import refused, taken

_OPTIONS = GenerateOptions(generated_at_ms=1_704_207_600_000, data_kind="live", model="m")


def policies(value: bytes) -> str:
    """Judge a policy file: what the worker publishes of it, a sink takes."""
    try:
        versions = parse_policy(value.decode("utf-8-sig"), "policy.toml")
    except (UnicodeDecodeError, PolicyError) as error:
        return refused(error)
    for policy in versions.versions:
        record = PolicyVersion(
            policy_hash=policy.hash,
            name=policy.name,
            effective_from_ms=policy.effective_from_ms,
            content=canonical_json(content_of(policy)).decode(),
        )
        batch = decode_parts({("policies", 0): [Record(0, 0, None, encode(record))]})
        assert len(batch.policies) == 1, f"a sink refuses it: {batch.dead_letters}"
    return taken(len(versions.versions))


def calendars(value: bytes) -> str:
    """Judge values of --calendars, one a line."""
    try:
        pairs = dict(_pair(each) for each in value.decode(errors="surrogateescape").split("\n"))
        book = CalendarBook({**DEFAULT_SUFFIXES, **pairs})
        book.check()
        name = book("AAPL.L").name
    except (click.UsageError, CalendarError) as error:
        return refused(error)
    return taken(name)


def answers(value: bytes) -> str:
    """Judge an answer of a model's endpoint: the worker takes the signal that it comes to."""
    try:
        content, version = said(value)
        claim = claim_of(content, {"sma_20": 1.5})
    except ModelError as error:
        return refused(error)
    answer = Answer(claim=claim, latency_seconds=0.5, model_version=version)
    found = _llm_signal("AAPL", (1.5,), _OPTIONS, answer)
    assert list(decode_inbound(encode(found), (Signal,))) == [(None, found)]
    return taken(found.action)


JUDGES: dict[str, Callable[[bytes], str]] = {
    "policy-files": policies,
    "calendars": calendars,
    "model-answers": answers,
}
