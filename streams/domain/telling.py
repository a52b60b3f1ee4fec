"""Transitions on their way out, but for the signal that they are of.

An event's id is a hash of canonical JSON and its record is Avro: in both stands much that
all signals with the same step share, and that is made once. What is made here is what
`projection.project` says as records.
"""

from collections.abc import Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from schemas.codec import header_of, to_fields
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
    """A transition that holds: around who it is of, in canonical JSON and in Avro.

    `said` is the hash of the JSON before that. `content` is the event from `from_status` to
    `as_of_ms`: transitions of a signal with the same content are the same. `transition` is what
    its state says, up to the event's id.
    """

    name: str
    said: Any
    json_tail: bytes
    content: bytes
    transition: bytes


class Birth(NamedTuple):
    """A first transition, which all signals of a policy share but for its time.

    The time begins the JSON, ends the content, and stands between the halves of the transition.
    """

    policy: Policy
    name: str
    json_head: bytes
    json_tail: bytes
    content: bytes
    transition: tuple[bytes, bytes]


class Who(NamedTuple):
    """A signal as its events name it: its id and ticker in canonical JSON and in Avro."""

    json: bytes
    avro: bytes


def who_of(signal_id: str, ticker: str) -> Who:
    """Return a signal as its events name it."""
    named = _NAMED.get(ticker)
    if named is None:
        said = f',"ticker":{encode_basestring(ticker)}'
        named = _NAMED[ticker] = said.encode(), word(ticker)
    return Who(encode_basestring(signal_id).encode() + named[0], text(signal_id) + named[1])


def event_id(telling: Telling, who: Who) -> bytes:
    """Return the id of the event of a transition, in hex."""
    said = telling.said.copy()
    said.update(who.json + telling.json_tail)
    found: str = said.hexdigest()
    return found[:ID_LENGTH].encode()


def birth_id(birth: Birth, who: Who, digits: bytes) -> bytes:
    """Return the id of the event of a first transition, in hex; `digits` are of its time."""
    said = sha256(b"".join((_TIME, digits, birth.json_head, who.json, birth.json_tail)))
    return said.hexdigest()[:ID_LENGTH].encode()


def event_value(who: Who, content: bytes, its_id: bytes, revision: int, epoch: int) -> bytes:
    """Return the record of the event of a transition."""
    return b"".join(
        (
            _HEADER,
            _ID_HEAD,
            its_id,
            who.avro,
            content,
            number(revision),
            number(epoch),
        )
    )


def telling_of(policy: Policy, step: Step, checks: Sequence[Check]) -> Telling:
    """Return a transition; `checks` are of the verdict, should it be one."""
    judged = checks if step.fact.rank == RANKS["passed"] else ()
    of_policy = word(policy.name) + word(policy.hash)
    steps, as_of, session, reason = _coded(step)
    return Telling(
        name=revised_as(step.to_status),
        said=sha256(_json_head(policy, step.fact, step.from_status, judged)),
        json_tail=_json_tail(step),
        content=b"".join(
            (steps, reason, array([check_value(each) for each in judged]), of_policy, session,
             as_of)
        ),
        transition=b"".join(
            (steps, as_of, session, reason, some_text(step.fact.decision_id or None), _ID_HEAD)
        ),
    )  # fmt: skip


def market_telling(policy: Policy, step: Step) -> Telling:
    """Return a transition without checks, which many signals of a ticker share."""
    key = policy.name, policy.hash, step
    found = _SHARED.get(key)
    if found is None:
        found = _SHARED[key] = telling_of(policy, step, ())
    return found


def births(policy: Policy) -> tuple[Birth, Birth]:
    """Return the two transitions that every signal begins with."""
    kept = _BIRTHS.get(id(policy))
    if kept is None:
        registered = Fact(0, RANKS["register"], "", "register", None, PUBLISHED)
        awaiting = Fact(0, RANKS["await-entry"], "", "await-entry", None, NOT_YET_ENTERED)
        kept = _BIRTHS[id(policy)] = (
            _birth(policy, Step(None, REGISTERED, registered)),
            _birth(policy, Step(REGISTERED, AWAITING_ENTRY, awaiting)),
        )
    return kept


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


def _birth(policy: Policy, step: Step) -> Birth:
    telling = telling_of(policy, step, ())
    steps, as_of, *_ = _coded(step)
    return Birth(
        policy,
        telling.name,
        _json_head(policy, step.fact, step.from_status, ()).removeprefix(_TIME + b"0"),
        telling.json_tail,
        telling.content[: -len(as_of)],
        (steps, telling.transition[len(steps) + len(as_of) :]),
    )


def _coded(step: Step) -> tuple[bytes, bytes, bytes, bytes]:
    fact = step.fact
    steps = some_word(step.from_status) + word(step.to_status)
    return steps, number(fact.as_of_ms), some_word(fact.session), text(fact.reason)


def _json_head(policy: Policy, fact: Fact, before: str | None, judged: Sequence[Check]) -> bytes:
    """Return the canonical JSON of an event up to the id of its signal."""
    content = {
        "as_of_ms": fact.as_of_ms,
        "checks": [to_fields(each) for each in judged],
        "from_status": before,
        "policy": policy.name,
        "policy_hash": policy.hash,
        "reason": fact.reason,
        "session": fact.session,
    }
    return canonical_json(content)[:-1] + b',"signal_id":'


def _json_tail(step: Step) -> bytes:
    return b',"to_status":' + canonical_json(step.to_status) + b"}"


_HEADER = header_of("ValidationEvent")
_TIME = b'{"as_of_ms":'
_NAMED: Kept[str, tuple[bytes, bytes]] = Kept(1024)
_SHARED: Kept[tuple[str, str, Step], Telling] = Kept(1024)
_BIRTHS: Kept[int, tuple[Birth, Birth]] = Kept(64)
