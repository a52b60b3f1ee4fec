"""An agent takes a chunk at a time, and only what is durable is committed."""

import asyncio
import gc

import pytest

from schemas import topics
from schemas.codec import decode
from schemas.records import SessionBar, SignalState
from streams.agents import AGENTS
from streams.inbound import Chunk
from tests.agents.conftest import Harness
from tests.oracle.examples import closes, signal
from tests.topology.log import BrokerGoneError

TICKS = closes([100.0, 101.0, 102.0])


def outputs(harness: Harness, topic: topics.Topic) -> list[object]:
    return [decode(each.value or b"") for each in harness.log.of(topic.name)]


async def test_every_inbound_topic_has_an_agent(harness: Harness) -> None:
    assert set(AGENTS.values()) == set(topics.INBOUND)
    assert harness.app.agents.keys() == AGENTS.keys()


async def test_a_chunk_is_taken_whole_and_then_committed(harness: Harness) -> None:
    async with harness.running(topics.TICKS) as agent:
        tp = await harness.hand(agent, topics.TICKS, TICKS, first=10)
        await harness.rest()

        bars = outputs(harness, topics.BARS)
        assert [each.close for each in bars if isinstance(each, SessionBar)] == [100, 101, 102]
        assert harness.consumer._new_offset(tp) == 13
    assert harness.crashes == []


async def test_a_chunk_that_is_done_is_let_go(harness: Harness) -> None:
    """An agent's last event stays with Faust: a million signals would stay with it."""
    async with harness.running(topics.TICKS) as agent:
        await harness.hand(agent, topics.TICKS, TICKS)
        await harness.rest()

        held = [each for each in gc.get_objects() if type(each) is Chunk]
        assert [each for each in held if each.topic == topics.TICKS.name and len(each)] == []


async def test_no_table_reads_its_own_changelog_back(harness: Harness) -> None:
    """Faust lets the changelogs of tables that buffer one event go on after recovery."""
    buffers = {each.recovery_buffer_size for each in harness.app.tables.values()}
    assert buffers and 1 not in buffers


async def test_agents_share_the_state_of_a_partition(harness: Harness) -> None:
    async with harness.running(topics.SIGNALS) as agent:
        await harness.hand(agent, topics.SIGNALS, [signal(horizon_sessions=1)])
        await harness.rest()
    async with harness.running(topics.TICKS) as agent:
        await harness.hand(agent, topics.TICKS, TICKS)
        await harness.rest()

    states = outputs(harness, topics.SIGNAL_STATES)
    assert [each.status for each in states if isinstance(each, SignalState)] == [
        "awaiting_entry",
        "tracking",
    ]


async def test_a_bad_record_is_a_dead_letter_and_its_chunk_is_committed(harness: Harness) -> None:
    async with harness.running(topics.TICKS) as agent:
        tp = await harness.hand(agent, topics.TICKS, [b"{", *TICKS, b"nonsense"])
        await harness.rest()

        assert len(outputs(harness, topics.DEAD_LETTERS)) == 2
        assert len(outputs(harness, topics.BARS)) == 3
        assert harness.consumer._new_offset(tp) == 5
    assert harness.crashes == []


async def test_a_failure_crashes_the_app_and_commits_nothing(harness: Harness) -> None:
    """Faust acknowledges what an agent lets go, also by an exception."""
    harness.serve(dies_after=0)
    with pytest.raises(BrokerGoneError):
        async with harness.running(topics.TICKS) as agent:
            tp = await harness.hand(agent, topics.TICKS, TICKS)
            await harness.rest()
            raise agent._crash_reason

    assert [type(each) for each in harness.crashes] == [BrokerGoneError]
    assert harness.consumer._acked[tp] == [2]
    assert harness.consumer._new_offset(tp) is None


async def test_rows_that_fail_on_their_way_crash_the_app_and_commit_nothing(
    harness: Harness,
) -> None:
    """The open bars' rows are sent while the agent goes on."""
    harness.serve(dies_after=0)
    open_bar = [{"ticker": "AAPL", "session": "2024-01-02", "price": 1.0}]
    async with harness.running(topics.TICKS) as agent:
        tp = await harness.hand(agent, topics.TICKS, open_bar)
        await harness.rest()

        assert harness.consumer._acked[tp] == [0]
        assert harness.consumer._new_offset(tp) is None
    assert [type(each) for each in harness.crashes] == [BrokerGoneError]


async def test_chunks_wait_for_the_rows_of_an_earlier_one(harness: Harness) -> None:
    async with harness.running(topics.TICKS) as agent:
        gate = asyncio.get_running_loop().create_future()
        tp = await harness.hand(agent, topics.TICKS, TICKS[:1])
        await harness.rest()
        harness.consumer._chunks[tp].finish(0, gate)
        await harness.hand(agent, topics.TICKS, TICKS[1:], first=1)
        await harness.rest()

        assert harness.consumer._new_offset(tp) is None
        gate.set_result(None)
        assert harness.consumer._new_offset(tp) == 3


async def test_a_chunk_that_is_cancelled_in_its_middle_is_not_committed(harness: Harness) -> None:
    """Where one agent's failure stops the worker, another may be waiting for its turn.

    The stream acknowledges its chunk, too, and the consumer commits as it stops.
    """
    hanging = asyncio.get_running_loop().create_future()

    async def hang(*_: object, **__: object) -> None:
        await hanging

    async with harness.running(topics.TICKS) as agent:
        harness.app.producer._ensure_producer().send_batch = hang
        tp = await harness.hand(agent, topics.TICKS, TICKS)
        await harness.rest()
        [actor] = agent._actors
        assert actor.actor_task.cancel()
        await harness.rest()
        assert actor.actor_task.done()
        assert harness.consumer._acked[tp] == [2]

        assert harness.consumer._new_offset(tp) is None


async def test_chunks_that_come_again_are_cut_anew(harness: Harness) -> None:
    async with harness.running(topics.TICKS) as agent:
        tp = await harness.hand(agent, topics.TICKS, TICKS[:2])
        await harness.rest()
        await harness.hand(agent, topics.TICKS, TICKS, first=0)
        assert harness.consumer._new_offset(tp) is None
        await harness.rest()

        assert harness.consumer._new_offset(tp) == 3
    assert len(outputs(harness, topics.BARS)) == 3
