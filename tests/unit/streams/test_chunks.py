"""Which offset may be committed, where records come in chunks."""

from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streams.chunks import ChunkOffsets


def durable() -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(None)
    return future


def failed() -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_exception(OSError("the broker is gone"))
    return future


def given_up() -> "Future[Any]":
    future: Future[Any] = Future()
    future.cancel()
    return future


def chunks_of(*bounds: tuple[int, int]) -> ChunkOffsets:
    chunks = ChunkOffsets()
    for first, last in bounds:
        chunks.push(first, last)
    return chunks


def test_nothing_is_committable_before_anything_is_finished() -> None:
    assert ChunkOffsets().committable(None) is None
    assert chunks_of((0, 9)).committable(None) is None


def test_finished_chunks_are_committed_together_up_to_the_first_that_is_not() -> None:
    chunks = chunks_of((0, 9), (10, 14), (15, 15), (16, 20))
    chunks.finish(9)
    chunks.finish(14)
    chunks.finish(20)

    assert chunks.committable(None) == 15
    assert chunks.committable(15) is None
    chunks.finish(15)
    assert chunks.committable(15) == 21


def test_a_gap_between_offsets_does_not_matter() -> None:
    """Compaction and transactions leave holes; whole chunks do not look for them."""
    chunks = chunks_of((5, 9), (20, 29))
    chunks.finish(29)
    chunks.finish(9)

    assert chunks.committable(None) == 30


class TestSeekBack:
    """After a rebalance the records come again, cut elsewhere."""

    def test_overlapped_chunks_are_replaced(self) -> None:
        chunks = chunks_of((0, 9), (10, 19), (20, 29))

        chunks.push(10, 24)
        chunks.finish(9)
        assert chunks.committable(None) == 10
        chunks.finish(24)
        assert chunks.committable(10) == 25

    def test_what_was_finished_of_a_replaced_chunk_counts_no_more(self) -> None:
        chunks = chunks_of((0, 9), (10, 19))
        chunks.finish(19)
        chunks.push(5, 19)

        chunks.finish(9)

        assert chunks.committable(None) is None

    def test_an_effect_of_a_replaced_chunk_blocks_no_more(self) -> None:
        chunks = chunks_of((0, 9))
        chunks.finish(9, failed())
        chunks.push(0, 9)
        chunks.finish(9)

        assert chunks.committable(None) == 10

    def test_a_replaced_chunk_that_ends_late_finishes_no_later_one(self) -> None:
        """It was under way when the records came again, and yet again as at first."""
        chunks = chunks_of((0, 9))
        chunks.push(0, 12)
        chunks.finish(9)
        chunks.push(0, 9)

        assert chunks.committable(None) is None


class TestOvertaken:
    """A chunk below the committed offset is never acknowledged: its acks are ignored."""

    def test_it_does_not_block_the_head(self) -> None:
        chunks = chunks_of((0, 9), (10, 19))
        chunks.finish(19)

        assert chunks.committable(10) == 20

    def test_alone_it_moves_nothing(self) -> None:
        chunks = chunks_of((0, 9))

        assert chunks.committable(10) is None
        chunks.push(10, 12)
        chunks.finish(12)
        assert chunks.committable(10) == 13

    def test_a_chunk_that_reaches_beyond_the_commit_is_not_overtaken(self) -> None:
        chunks = chunks_of((0, 19))

        assert chunks.committable(10) is None
        chunks.finish(19)
        assert chunks.committable(10) == 20


class TestEffects:
    """An offset passes only what is durable."""

    def test_a_chunk_waits_for_its_effect(self) -> None:
        chunks, effect = chunks_of((0, 9), (10, 19)), Future[Any]()
        chunks.finish(9, effect)
        chunks.finish(19)

        assert chunks.committable(None) is None
        effect.set_result(None)
        assert chunks.committable(None) == 20

    @pytest.mark.parametrize("effect", [failed(), given_up()])
    def test_what_failed_is_never_passed(self, effect: "Future[Any]") -> None:
        chunks = chunks_of((0, 9), (10, 19))
        chunks.finish(9, effect)
        chunks.finish(19, durable())

        assert chunks.committable(None) is None

    def test_what_is_let_go_unfinished_is_never_passed(self) -> None:
        """Faust acknowledges also a chunk whose agent was cancelled or has failed."""
        chunks = chunks_of((0, 9), (10, 19))
        chunks.finish(19, durable())

        assert chunks.committable(None) is None

    def test_a_finish_of_a_chunk_that_is_no_longer_known_is_forgotten(self) -> None:
        chunks = chunks_of((0, 9))
        chunks.push(0, 14)
        chunks.finish(9)

        assert chunks.committable(None) is None
        chunks.finish(14)
        assert chunks.committable(None) == 15


class ChunkMachine(RuleBasedStateMachine):
    """A partition is read in chunks; finishing, durability and rebalances come in any order.

    The model knows of every record whether it is finished and durable.
    """

    END = 60

    @initialize()
    def start(self) -> None:
        self.chunks = ChunkOffsets()
        self.position = 0
        self.committed: int | None = None
        self.on_the_way: dict[int, tuple[int, Future[Any]]] = {}
        self.finished: set[int] = set()
        self.safe: set[int] = set()

    @precondition(lambda self: self.position < self.END)
    @rule(size=st.integers(1, 12))
    def fetch(self, size: int) -> None:
        first, last = self.position, min(self.position + size, self.END) - 1
        self.chunks.push(first, last)
        for replaced in [each for each in self.on_the_way if each >= first]:
            self.on_the_way.pop(replaced)
            self.finished.discard(replaced)
        self.on_the_way[last] = first, Future[Any]()
        self.position = last + 1

    @precondition(lambda self: self.unfinished())
    @rule(data=st.data(), held=st.booleans())
    def finish(self, data: st.DataObject, held: bool) -> None:
        last = data.draw(st.sampled_from(self.unfinished()))
        first, effect = self.on_the_way[last]
        if not held:
            effect.set_result(None)
            self.safe.update(range(first, last + 1))
        self.finished.add(last)
        self.chunks.finish(last, effect)

    @precondition(lambda self: self.pending())
    @rule(data=st.data())
    def become_durable(self, data: st.DataObject) -> None:
        last = data.draw(st.sampled_from(self.pending()))
        first, effect = self.on_the_way[last]
        effect.set_result(None)
        self.safe.update(range(first, last + 1))

    @rule(back=st.integers(0, 30))
    def seek_back(self, back: int) -> None:
        """A rebalance seeks to what is committed; nothing ever seeks beyond it."""
        self.position = max((self.committed or 0) - back, 0)

    @rule()
    def commit(self) -> None:
        offset = self.chunks.committable(self.committed)
        if offset is None:
            return
        assert self.committed is None or offset > self.committed
        assert set(range(self.committed or 0, offset)) <= self.safe
        self.committed = offset

    @invariant()
    def all_is_committable_in_the_end(self) -> None:
        if not hasattr(self, "chunks") or self.position < self.END:
            return
        if not self.unfinished() and not self.pending():
            self.commit()
            assert self.committed == self.END

    def unfinished(self) -> list[int]:
        return sorted(self.on_the_way.keys() - self.finished)

    def pending(self) -> list[int]:
        return sorted(e for e in self.finished & self.on_the_way.keys() if not self.done(e))

    def done(self, last: int) -> bool:
        return self.on_the_way[last][1].done()


ChunkMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyOrder = ChunkMachine.TestCase
