"""States and events of signals that share everything but who they are: one template for all.

What is written are the bytes of `telling_state`, which the tests hold against these. A signal
adds its id, its payload and its times to the template, and the screen where no other of the
group has looked the same.
"""

from binascii import hexlify
from collections.abc import Iterable
from hashlib import sha256
from json.encoder import encode_basestring
from typing import NamedTuple

from schemas.codec import decode_body, header_of
from schemas.records import Signal
from schemas.signal_asked import read_asked
from schemas.signal_codec import NOT_SHORT
from schemas.writing import NULL, number, text, word, zigzag
from streams.domain.calendar import SessionCalendar
from streams.domain.projection import STALE_SESSIONS
from streams.domain.screen_value import screen_value
from streams.domain.signals import Entry, Member
from streams.domain.telling import ID_LENGTH
from streams.domain.telling_state import told_of

# Milliseconds whose Avro number has six bytes: from 1970 to 2039.
_SIX_FROM, _SIX_TO, _SIX = 2**34, 2**41, 6
_ID_BYTES = ID_LENGTH // 2
_ID_HEAD = number(ID_LENGTH)
_HASH_HEAD = number(64)
_DOUBLE = 8
_TIME = b'{"as_of_ms":'
_NO, _YES = b"\2\0", b"\2\1"
_SOME = b"\2"


class Said(NamedTuple):
    """What is said of signals: state by id, and new events behind the ids."""

    states: list[tuple[str, bytes]]
    events: list[tuple[str, bytes]]


class _Screens:
    """Screens of the group's signals, once for all that look the same."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._known: dict[tuple[bytes, bytes, bytes, int], tuple[bytes, bool]] = {}

    def of(self, member: Member, confidence: bytes, at: int, its_id: bytes) -> tuple[bytes, bool]:
        """Return a screen, and whether its signal is live; `at` is where the source stands."""
        body = member.body
        try:
            odd = size = body[at]
            at += 1 + (size >> 1)
            first = at
            odd |= (size := body[at])
            at += 1 + (size >> 1)
            kind = body[first:at]
            odd |= (size := body[at])  # model
            at += 1 + (size >> 1)
        except IndexError:  # a longer name than one byte says
            return self._look(member)
        end = at + len(its_id)
        if odd & NOT_SHORT or body[at:end] != its_id:
            return self._look(member)
        key = confidence, kind, body[end:], member.last_index
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._look(member)
        return found

    def _look(self, member: Member) -> tuple[bytes, bool]:
        entry, body = self._entry, member.body
        asked = read_asked(body, entry.action, entry.horizon) or decode_body(Signal, body)
        screen = screen_value(entry.policy, asked, entry.market, member.last_index)
        return screen, asked.data_kind == "live"


class Template:
    """What signals of one group say, who share policy, claim, facts and market.

    `entry` is one of them, without decisions, as it is now. Of what it does after its births the
    first `told` transitions have been told.
    """

    def __init__(
        self, entry: Entry, told: int, ticker: str, calendar: SessionCalendar, epoch: int
    ) -> None:
        script = told_of(entry, calendar)
        one, two = script.births
        named = b',"ticker":' + encode_basestring(ticker).encode()
        of_ticker = word(ticker)
        self._screens = _Screens(entry)
        self._entry_close_ms = entry.facts.entry_close_ms
        self._figures = script.figures
        self._hash_head = of_ticker + _HASH_HEAD
        self._time_at = len(of_ticker) + len(word(entry.action)) + _DOUBLE
        self._births = one.json_head, named + one.json_tail, two.json_head, named + two.json_tail
        self._born = of_ticker + one.content, of_ticker + two.content
        # Around the time of birth and the id of each birth.
        self._around = (
            script.judged + script.head + one.transition[0],
            one.transition[1],
            two.transition[0],
            two.transition[1],
        )
        self._told, self._steps = told, script.tellings
        self._tails = [named + each.json_tail for each in script.tellings]
        self._end = b"\0" + script.decisions + b"\0" + script.suspect
        self._closes, self._stale_after = calendar.closes, entry.window + STALE_SESSIONS
        self._tails_at: dict[int, bytes] = {}
        self._epoch = number(epoch)
        self._event_head = header_of("ValidationEvent") + _ID_HEAD
        self._event_tail = number(0) + self._epoch
        self._contents = [
            of_ticker + each.content + self._event_tail for each in script.tellings[told:]
        ]

    def say(self, members: Iterable[Member], *, new: bool = False) -> Said:
        """Return what is said of each signal; of a `new` one the births are told, too."""
        states: list[tuple[str, bytes]] = []
        events: list[tuple[str, bytes]] = []
        head, hash_head = header_of("SignalState"), self._hash_head
        one_head, one_tail, two_head, two_tail = self._births
        before, after, between, behind = self._around
        time_at, screens, tails, end = self._time_at, self._screens.of, self._tails_at, self._end
        for member in members:
            signal_id, payload_hash, body, generated_at_ms, _, index = member
            said_id = text(signal_id)
            quoted = encode_basestring(signal_id).encode()
            six = _SIX_FROM <= generated_at_ms < _SIX_TO
            stop = time_at + (_SIX if six else len(zigzag(generated_at_ms)))
            as_of = body[time_at:stop]
            screen, live = screens(member, body[time_at - _DOUBLE : time_at], stop, _SOME + said_id)
            digits = _TIME + b"%d" % generated_at_ms
            one = sha256(digits + one_head + quoted + one_tail).digest()[:_ID_BYTES]
            two = sha256(digits + two_head + quoted + two_tail).digest()[:_ID_BYTES]
            tail = tails.get(index) or self._tail(index)
            steps, ids = self._transitions(quoted) if self._steps else (b"", ())
            state = (
                head, said_id, hash_head, hexlify(payload_hash), body, self._figures, screen,
                before, as_of, after, hexlify(one), between, as_of, behind, hexlify(two), steps,
                end, self._backdated(member) if live else NULL, tail,
            )  # fmt: skip
            states.append((signal_id, b"".join(state)))
            if new:
                for its_id, content in zip((one, two), self._born, strict=True):
                    parts = self._event_head, hexlify(its_id), said_id, content, as_of
                    events.append((signal_id, b"".join((*parts, self._event_tail))))
            for its_id, content in zip(ids, self._contents, strict=True):
                value = self._event_head + its_id + said_id + content
                events.append((signal_id, value))
        return Said(states, events)

    def _transitions(self, quoted: bytes) -> tuple[bytes, list[bytes]]:
        """Return the transitions after the births, and the ids of those that are new."""
        parts: list[bytes] = []
        ids: list[bytes] = []
        for step, tail in zip(self._steps, self._tails, strict=True):
            said = step.said.copy()
            said.update(quoted + tail)
            its_id = hexlify(said.digest()[:_ID_BYTES])
            ids.append(its_id)
            parts += (step.transition, its_id)
        return b"".join(parts), ids[self._told :]

    def _tail(self, index: int) -> bytes:
        """Return the end of a state, of signals that share the session before them."""
        closes = self._closes
        stale = number(closes[min(index + self._stale_after, len(closes) - 1)])
        found = self._tails_at[index] = stale + self._epoch
        return found

    def _backdated(self, member: Member) -> bytes:
        close_ms = self._entry_close_ms
        if close_ms is None or member.published_ms < 0:
            return NULL
        return _YES if member.published_ms > close_ms else _NO
