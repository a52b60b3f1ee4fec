"""Frames of a journal: whole ones come back, torn ones end the file, damaged ones are told."""

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signal_tracker.journal_frames import DamagedError, Kept, frame, frames, pack, unpack

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
parts = st.none() | st.binary(max_size=40)
records: st.SearchStrategy[Kept] = st.builds(
    Kept,
    st.integers(0, 3),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**63 - 1),
    st.integers(-1, 2**63 - 1),
    parts,
    parts,
    st.lists(st.tuples(names, parts), max_size=3).map(tuple),
)
PAYLOADS = [b"one", b"", b"STJ1 is no start of a frame", bytes(300)]
CONTENT = b"".join(map(frame, PAYLOADS))
STARTS = [0, *(end for end, _ in frames(CONTENT))]


def read(content: bytes) -> list[bytes]:
    return [payload for _, payload in frames(content)]


@given(st.lists(records, max_size=6))
def test_records_come_back_as_they_were(kept: list[Kept]) -> None:
    assert list(unpack(pack(kept))) == kept


@given(st.lists(st.binary(max_size=100), max_size=6))
def test_payloads_come_back_as_they_were(payloads: list[bytes]) -> None:
    assert read(b"".join(map(frame, payloads))) == payloads


@pytest.mark.parametrize("size", range(len(CONTENT) + 1))
def test_a_write_torn_at_any_byte_leaves_the_whole_frames_before_it(size: int) -> None:
    whole = sum(end <= size for end in STARTS[1:])

    assert read(CONTENT[:size]) == PAYLOADS[:whole]


@pytest.mark.parametrize("size", range(STARTS[-2], len(CONTENT)))
def test_a_last_frame_of_which_the_disk_has_only_zeros_is_torn(size: int) -> None:
    torn = CONTENT[:size] + bytes(len(CONTENT) - size)

    assert read(torn)[: len(PAYLOADS) - 1] == PAYLOADS[:-1]


@pytest.mark.parametrize("at", range(STARTS[-2]))
@pytest.mark.parametrize("flip", [1, 0x80])
def test_a_bit_flipped_before_the_last_frame_is_damage_and_no_end(at: int, flip: int) -> None:
    content = bytearray(CONTENT)
    content[at] ^= flip

    with pytest.raises(DamagedError, match="expected a frame at byte"):
        read(bytes(content))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_damaged_and_nothing_else(content: bytes) -> None:
    try:
        found = read(content)
    except DamagedError:
        return
    assert all(isinstance(each, bytes) for each in found)


@given(st.binary(max_size=200), st.booleans())
def test_any_payload_is_unpacked_or_damaged_and_nothing_else(content: bytes, packed: bool) -> None:
    try:
        found: Any = list(unpack(zlib.compress(content) if packed else content))
    except DamagedError:
        return
    assert all(isinstance(each, Kept) for each in found)
