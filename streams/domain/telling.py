"""Transitions on their way out, but for the signal that they are of.

An event's id is a hash of canonical JSON and its record is Avro: in both stands much that
all signals with the same step share, and that is made once. What is made here is what
`projection.project` says as records.
"""

from collections.abc import Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from typing import NamedTuple

from schemas.codec import single_object_header, to_fields
from schemas.identity import canonical_json
from schemas.policy import Policy
from schemas.records import Check
from schemas.writing import array, double, number, some, some_text, some_word, text, word
from streams.domain.kept import Kept
from streams.domain.lifecycle import (
    AWAITING_ENTRY,
    NOT_YET_ENTERED,
    PUBLISHED,
    RANKS,
    REGISTERED,
    Fact,
    Step,
    revised_as,
)

ID_LENGTH = 32
_ID_HEAD = number(ID_LENGTH)


class Telling(NamedTuple):
    """A transition that holds: canonical JSON around the signal, and Avro after it.

    `content` is the event from `from_status` to `as_of_ms`: transitions of a signal with
    the same content are the same. `transition` is what its state says up to the event's id.
    """

    name: str
    json_head: bytes
    json_tail: bytes
    content: bytes
    transition: bytes


class Who(NamedTuple):
    """The signal in canonical JSON and in Avro."""

    json: bytes
    avro: bytes
    key: str


class _Birth(NamedTuple):
    """One of the two first transitions, which all signals of a policy share but for their time."""

    policy: Policy
    telling: Telling
    transition_at: int


def who_of(signal_id: str, ticker: str) -> Who:
    """Return a signal as its events name it."""
    said = f'{encode_basestring(signal_id)},"ticker":{encode_basestring(ticker)}'
    return Who(said.encode(), text(signal_id) + word(ticker), signal_id)


def event_id(telling: Telling, who: Who) -> bytes:
    """Return the id of the event of a transition, in hex."""
    said = sha256(telling.json_head + who.json + telling.json_tail)
    return said.hexdigest()[:ID_LENGTH].encode()


def event_value(telling: Telling, who: Who, its_id: bytes, revision: int, epoch: int) -> bytes:
    """Return the record of the event of a transition."""
    return b"".join(
        (
            single_object_header("ValidationEvent"),
            _ID_HEAD,
            its_id,
            who.avro,
            telling.content,
            number(revision),
            number(epoch),
        )
    )


def transitions_value(tellings: Sequence[Telling], ids: Sequence[bytes]) -> bytes:
    """Return the transitions of a state."""
    return array(
        [
            telling.transition + _ID_HEAD + its_id
            for telling, its_id in zip(tellings, ids, strict=True)
        ]
    )


def telling_of(policy: Policy, step: Step, checks: Sequence[Check]) -> Telling:
    """Return a transition; `checks` are of the verdict, should it be one."""
    fact = step.fact
    judged = checks if fact.rank == RANKS["passed"] else ()
    content = {
        "as_of_ms": fact.as_of_ms,
        "checks": [to_fields(each) for each in judged],
        "from_status": step.from_status,
        "policy": policy.name,
        "policy_hash": policy.hash,
        "reason": fact.reason,
        "session": fact.session,
    }
    steps = some_word(step.from_status) + word(step.to_status)
    as_of, session, reason = number(fact.as_of_ms), some_word(fact.session), text(fact.reason)
    of_policy = word(policy.name) + word(policy.hash)
    return Telling(
        name=revised_as(step.to_status),
        json_head=canonical_json(content)[:-1] + b',"signal_id":',
        json_tail=b',"to_status":' + canonical_json(step.to_status) + b"}",
        content=steps + reason + array([check_value(each) for each in judged])
        + of_policy + session + as_of,
        transition=steps + as_of + session + reason + some_text(fact.decision_id or None),
    )  # fmt: skip


def births(policy: Policy, generated_at_ms: int) -> tuple[Telling, Telling]:
    """Return the two transitions that every signal begins with."""
    kept = _BIRTHS.get(id(policy))
    if kept is None:
        kept = _BIRTHS[id(policy)] = (
            _birth(policy, None, REGISTERED, Fact(0, 0, "", "register", None, PUBLISHED)),
            _birth(policy, REGISTERED, AWAITING_ENTRY, Fact(0, 0, "", "", None, NOT_YET_ENTERED)),
        )
    digits, as_of = b'{"as_of_ms":%d' % generated_at_ms, number(generated_at_ms)
    return _born(kept[0], digits, as_of), _born(kept[1], digits, as_of)


def check_value(check: Check) -> bytes:
    """Return a check as Avro."""
    return b"".join(
        (
            word(check.name),
            word(check.op),
            double(check.required),
            some(check.actual),
            word(check.status),
            word(check.reason),
        )
    )


def _birth(policy: Policy, before: str | None, status: str, fact: Fact) -> _Birth:
    """Return a transition at the time 0, of which all but the time holds."""
    telling = telling_of(policy, Step(before, status, fact), ())
    return _Birth(
        policy,
        telling._replace(
            json_head=telling.json_head.removeprefix(b'{"as_of_ms":0'), content=telling.content[:-1]
        ),
        len(some_word(before) + word(status)),
    )


def _born(birth: _Birth, digits: bytes, as_of: bytes) -> Telling:
    _, (name, json_head, json_tail, content, transition), at = birth
    return Telling(
        name,
        digits + json_head,
        json_tail,
        content + as_of,
        transition[:at] + as_of + transition[at + 1 :],
    )


_BIRTHS: Kept[int, tuple[_Birth, _Birth]] = Kept(64)
