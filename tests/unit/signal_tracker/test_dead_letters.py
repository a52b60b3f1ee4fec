"""Dead letters: their places, each told once, counted in bounded memory, replayed as they came."""

from collections.abc import Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.memory import MemoryPublisher
from schemas.codec import encode
from schemas.errors import DecodeError
from schemas.records import DeadLetter, RecordHeader
from signal_tracker import dead_letters, replaying
from signal_tracker.dead_letter_lines import letter_json, letter_lines, tally_json, tally_lines
from signal_tracker.dead_letters import (
    REPLAY_HEADER,
    Letter,
    Letters,
    Place,
    Tally,
    Wanted,
    letter_of,
)
from signal_tracker.printing import plain
from streams.inbound import Source, dead_letter
from tests.builders import make_tick

BAD = b'{"ticker": \xff\x1b[31m'


def dead(offset: int = 7, **changes: Any) -> DeadLetter:
    fields: dict[str, Any] = {
        "topic": "signals",
        "partition": 3,
        "offset": offset,
        "error_class": "BadJson",
        "message": "bad JSON",
        "timestamp_ms": 1_700_000_000_000 + offset,
        "value": BAD,
        "original_size": len(BAD),
        "key": b"AAPL",
    }
    return DeadLetter(**{**fields, **changes})


def letter(offset: int = 7, **changes: Any) -> Letter:
    return letter_of(encode(dead(offset, **changes)))


def replayed(offset: int, origin: str) -> DeadLetter:
    return dead(offset, headers=[RecordHeader(name=REPLAY_HEADER, value=origin.encode())])


def records(*letters: DeadLetter) -> Iterator[Any]:
    return (SimpleNamespace(value=encode(each)) for each in letters)


def run(
    wanted: Wanted, *letters: DeadLetter, dry: bool = False
) -> tuple[Any, MemoryPublisher, Any]:
    publisher = MemoryPublisher(partition_count=4)
    refused: list[tuple[str, str]] = []
    replay = replaying.Replay(
        prefix="",
        wanted=wanted,
        publisher=None if dry else publisher,
        on_sent=lambda _: None,
        on_refused=lambda each, why: refused.append((str(each.place), why)),
    )
    replay.take(Letters(records=records(*letters)))
    return replay, publisher, refused


topics = st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True)
numbers = st.integers(0, 10**9 - 1)


@given(st.builds(Place, topics, numbers, st.integers(0, 10**18 - 1), st.none() | numbers))
def test_a_place_is_read_as_it_is_written(place: Place) -> None:
    assert Place.parse(str(place)) == place


@given(st.text())
def test_any_other_text_is_no_place_and_no_error(text: str) -> None:
    found = Place.parse(text)

    assert found is None or found.offset >= 0


@pytest.mark.parametrize(
    "text", ["", "signals", "signals/1", "a/1/2/3/4", "a/-1/2", "a/1/٢", "a b/1/2"]
)
def test_half_a_place_is_none(text: str) -> None:
    assert Place.parse(text) is None


def test_a_letter_told_twice_is_counted_once() -> None:
    twice = [dead(1), dead(2), dead(3), dead(2), dead(3), dead(4)]

    assert [each.place.offset for each in Letters(records=records(*twice))] == [1, 2, 3, 4]


def test_what_is_no_dead_letter_is_counted_and_left_out() -> None:
    mixed = [
        SimpleNamespace(value=None),
        SimpleNamespace(value=encode(make_tick())),
        *records(dead()),
    ]
    letters = Letters(records=mixed)

    assert len(list(letters)) == 1
    assert letters.unreadable == 2


def test_any_number_of_letters_is_counted_in_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dead_letters, "WINDOW", 10)
    tally = Tally(limit=5)
    kept = []

    def watched() -> Iterator[Letter]:
        for each in Letters(records=records(*(dead(n) for n in range(500)))):
            yield each
            kept.append(len(tally.rows))

    tally.take(watched())

    assert tally.letters == 500
    assert max(kept) <= 11
    assert [each.place.offset for each in tally.rows] == [495, 496, 497, 498, 499]


def test_counts_tell_reasons_origins_and_what_died_again() -> None:
    letters = [dead(1), dead(2, error_class="TooLarge"), replayed(9, "signals/3/1")]
    tally = Tally(limit=10).take(Letters(records=records(*letters)))

    told = tally_json(tally)
    assert told["by_reason"] == {"BadJson": 2, "TooLarge": 1}
    assert told["by_topic"] == {"signals": 3}
    assert told["replayed_before"] == 1
    assert [each["replay_of"] for each in told["rows"]] == [None, None, "signals/3/1"]
    lines = "\n".join(tally_lines(tally))
    assert "3 dead letters, 1 of them of records that were replayed" in lines


def test_a_letter_shows_its_bytes_with_nothing_that_writes_on_a_terminal() -> None:
    found = letter(headers=[RecordHeader(name="x\x1b]0;", value=b"\x07"), RecordHeader(name="y")])

    text = [plain(each) for each in letter_lines(found, "text")]
    assert all(each.isprintable() for each in text)
    assert text[-1] == '{"ticker": \\xff\\x1b[31m'
    assert list(letter_lines(found, "hex"))[-1] == BAD.hex()
    assert letter_json(found)["value_base64"] == "eyJ0aWNrZXIiOiD/G1szMW0="


def test_a_replay_is_the_record_as_it_came_marked_with_its_origin() -> None:
    own = [RecordHeader(name="trace", value=b"1"), RecordHeader(name="trace")]
    run_, publisher, _ = run(Wanted(), dead(7, headers=own))

    (sent,) = publisher.published
    assert run_.sent == 1
    assert (sent.topic, sent.partition, sent.key, sent.value) == ("signals", 3, b"AAPL", BAD)
    assert sent.timestamp == 1_700_000_000_007
    assert sent.headers == [(REPLAY_HEADER, b"signals/3/7"), ("trace", b"1"), ("trace", None)]


def test_replaying_all_again_sends_each_letter_once_however_often_it_died() -> None:
    letters = [dead(7), dead(8)]
    for round_ in range(5):
        letters += [
            replayed(20 + 2 * round_, "signals/3/7"),
            replayed(21 + 2 * round_, "signals/3/8"),
        ]

    run_, publisher, _ = run(Wanted(), *letters)

    assert [dict(each.headers)[REPLAY_HEADER] for each in publisher.published] == [
        b"signals/3/7",
        b"signals/3/8",
    ]
    assert (run_.sent, run_.before) == (2, 10)


def test_the_letter_of_a_replay_keeps_its_first_place_when_it_is_replayed_by_name() -> None:
    _, publisher, _ = run(
        Wanted(places=frozenset({Place("signals", 3, 20)})), replayed(20, "signals/3/7")
    )

    assert publisher.published[0].headers == [(REPLAY_HEADER, b"signals/3/7")]


def test_a_letter_of_many_headers_is_sent_once_a_run_however_often_it_died() -> None:
    """A dead letter keeps the first 64 KiB of headers: what says whose replay it is stays."""
    many = [(f"x-trace-{number:05}", b"v" * 20) for number in range(2100)]
    error = DecodeError("bad JSON", error_class="BadJson")
    told = [dead_letter(Source("signals", 3, 7, 1, b"AAPL", BAD, many), None, error)]

    for _ in range(3):
        _, publisher, _ = run(Wanted(), *told)
        told += [
            dead_letter(
                Source(each.topic, 3, len(told) + 7, 1, each.key, each.value, each.headers),
                None,
                error,
            )
            for each in publisher.published
        ]

    # one of each run
    assert len(told) == 1 + 3


def test_the_place_of_a_record_names_all_its_elements_and_a_missing_one_is_told() -> None:
    places = frozenset({Place("signals", 3, 7), Place("signals", 3, 9)})

    run_, publisher, _ = run(Wanted(places=places), *(dead(7, index=n) for n in range(3)), dead(8))

    assert len(publisher.published) == 3
    assert run_.missing == {Place("signals", 3, 9)}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"original_size": 10**6}, "bytes were kept"),
        ({"topic": "bars"}, "expected a letter of signals, "),
        ({"topic": "elsewhere"}, "was elsewhere"),
        ({"partition": 4}, "expected a partition below 4, was 4"),
    ],
)
def test_a_letter_that_cannot_be_replayed_is_refused_by_name(
    changes: dict[str, Any], says: str
) -> None:
    run_, publisher, refused = run(Wanted(), dead(7, **changes), dead(8))

    assert (run_.sent, run_.refused) == (1, 1)
    assert says in refused[0][1]
    assert len(publisher.published) == 1


def test_a_dry_run_counts_and_sends_nothing() -> None:
    run_, publisher, _ = run(Wanted(reason="BadJson"), dead(1), dead(2, error_class="X"), dry=True)

    assert run_.sent == 1
    assert list(islice(publisher.published, 1)) == []
