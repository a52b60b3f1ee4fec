"""A journal on disk: what was appended is there again, whole or told, whoever killed what."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signal_tracker import journal as module
from signal_tracker.errors import JournalError
from signal_tracker.journal import Journal
from signal_tracker.journal_frames import Kept


def opened(folder: Path, prefix: str = "", partitions: int | None = None) -> Journal:
    return Journal.open(folder, prefix=prefix, partitions=partitions, default=4)


def started(folder: Path) -> tuple[Journal, list[Kept]]:
    journal = opened(folder)
    try:
        return journal, list(journal.records())
    except BaseException:
        journal.close()
        raise


def kept(offset: int, partition: int = 0, topic: int = 0) -> Kept:
    value = f"value {offset}".encode()
    return Kept(topic, partition, offset, 1_700_000_000_000 + offset, b"k", value, (("h", b"1"),))


def kill(journal: Journal) -> None:
    """Let go of a journal as a killed process does: nothing is written any more."""
    journal._broken = True
    journal.close()


def filled(folder: Path, *blocks: list[Kept], clean: bool = True) -> list[Kept]:
    journal, before = started(folder)
    for block in blocks:
        journal.append(block)
    journal.close() if clean else kill(journal)
    return [*before, *(each for block in blocks for each in block)]


def reread(folder: Path) -> list[Kept]:
    journal, found = started(folder)
    journal.close()
    return found


def test_three_days_add_up_in_order(tmp_path: Path) -> None:
    for day in range(3):
        filled(tmp_path, [kept(2 * day), kept(2 * day, 1)], [kept(2 * day + 1)])
        filled(tmp_path, [kept(2 * day + 1, 1)], clean=False)

    found = reread(tmp_path)

    assert [each.offset for each in found if each.partition == 0] == list(range(6))
    assert [each.offset for each in found if each.partition == 1] == list(range(6))
    assert found[0] == kept(0)


def test_each_start_has_a_name_of_its_own_of_one_journal(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        journal, _ = started(tmp_path)
        names.append(journal.source_id)
        kill(journal)

    assert len(set(names)) == 3
    assert len({name.partition("-")[0] for name in names}) == 1


def test_a_write_torn_at_any_byte_loses_nothing_that_was_appended_before(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole", [kept(0)], [kept(1), kept(2)], clean=False)
    segment = tmp_path / "whole" / "00000001.segment"
    content = segment.read_bytes()
    filled(tmp_path / "two", [kept(0)], clean=False)
    before = (tmp_path / "two" / "00000001.segment").stat().st_size
    for size in range(before, len(content)):
        segment.write_bytes(content[:size])

        journal, found = started(segment.parent)
        assert found == whole[:1]
        assert journal.cut_bytes == size - before
        journal.append([kept(1)])
        kill(journal)

        assert reread(segment.parent) == [kept(0), kept(1)]
        _unclean(segment.parent)


def _unclean(folder: Path) -> None:
    path = folder / "journal.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "bytes": None}))


def test_segments_follow_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 200)
    everything = filled(tmp_path, *([kept(n)] for n in range(20)))

    assert len(list(tmp_path.glob("*.segment"))) > 3
    assert reread(tmp_path) == everything


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink], ids=lambda each: each.__name__)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_damage_after_a_clean_stop_is_told_and_nothing_is_changed(
    damage: Callable[[Path], None],
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 200)
    filled(tmp_path, *([kept(n)] for n in range(8)))
    assert len(list(tmp_path.glob("*.segment"))) == 3
    path = tmp_path / f"{number:08d}.segment"
    damage(path)
    left = path.read_bytes() if path.exists() else None

    for _ in range(2):
        with pytest.raises(JournalError, match=r"damaged|lacking"):
            started(tmp_path)
    assert (path.read_bytes() if path.exists() else None) == left


def test_a_segment_of_another_journal_is_refused(tmp_path: Path) -> None:
    filled(tmp_path / "a", [kept(0)])
    filled(tmp_path / "b", [kept(0)])
    other = (tmp_path / "b" / "00000001.segment").read_bytes()
    (tmp_path / "a" / "00000001.segment").write_bytes(other)

    with pytest.raises(JournalError, match="expected segment 1 of journal"):
        started(tmp_path / "a")


def test_two_brokers_do_not_share_a_journal(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(JournalError, match="in use by another broker"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("prefix", "partitions", "says"),
    [("x.", None, "behind the prefix '', was 'x.'"), ("", 8, "of 4 partitions, was .* 8")],
)
def test_other_topics_are_refused(
    prefix: str, partitions: int | None, says: str, tmp_path: Path
) -> None:
    filled(tmp_path, [kept(0)])

    with pytest.raises(JournalError, match=says):
        opened(tmp_path, prefix, partitions)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 2}', '{"format": 1, "more": 1}'])
def test_a_manifest_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    filled(tmp_path, [kept(0)])
    (tmp_path / "journal.json").write_text(text)

    with pytest.raises(JournalError, match="expected the manifest of a journal"):
        opened(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal", "\ud800"),
        ("prefix", None),
        ("partitions", 10_001),
        ("partitions", True),
        ("segments", "1"),
        ("starts", -1),
        ("bytes", 1.5),
    ],
)
def test_a_value_that_no_manifest_has_is_refused(name: str, value: Any, tmp_path: Path) -> None:
    filled(tmp_path, [kept(0)])
    path = tmp_path / "journal.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))

    with pytest.raises(JournalError, match=rf"was no value of .*{name}"):
        opened(tmp_path)


def test_a_manifest_nested_without_end_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, [kept(0)])
    (tmp_path / "journal.json").write_text("[" * 100_000)

    with pytest.raises(JournalError, match="expected the manifest of a journal"):
        opened(tmp_path)


def test_a_manifest_of_a_billion_segments_takes_no_memory(tmp_path: Path) -> None:
    filled(tmp_path, [kept(0)])
    path = tmp_path / "journal.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"segments": 10**9}))

    with (
        opened(tmp_path) as journal,
        pytest.raises(JournalError, match=r"lacking \[2, 3, 4, 5, 6\]"),
    ):
        list(journal.records())


def test_segments_without_their_manifest_are_not_begun_anew(tmp_path: Path) -> None:
    filled(tmp_path, [kept(0)])
    (tmp_path / "journal.json").unlink()

    with pytest.raises(JournalError, match=r"holds segments, but no journal\.json"):
        opened(tmp_path)


def test_a_record_out_of_its_place_is_refused(tmp_path: Path) -> None:
    journal, _ = started(tmp_path)
    with journal, pytest.raises(JournalError, match="expected offset 0 of"):
        journal.append([kept(1)])


def test_nothing_comes_behind_a_write_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, [kept(0)])
    journal, _ = started(tmp_path)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            journal.append([kept(1)])
    with pytest.raises(JournalError, match="closed or failed"):
        journal.append([kept(2)])
    journal.close()

    assert reread(tmp_path)[0] == kept(0)
