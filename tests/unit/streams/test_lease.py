"""For how long a worker may write: what its group has confirmed, and no more."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest

from streams.lease import DisplacedError, EndedError, Lease, guard_producer, watch_coordinator

HEARTBEAT = HeartbeatRequest("group", 1, "me")
PRODUCE = ProduceRequest(transactional_id=None, required_acks=-1, timeout=1000, topics=[])
REBALANCING, UNKNOWN_MEMBER = 27, 25


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lease(clock: Clock) -> Lease:
    return Lease(6.0, 60.0, clock)


def hear(lease: Lease, error_code: int = 0) -> None:
    async def answer(_request: Any) -> Any:
        return SimpleNamespace(error_code=error_code)

    asyncio.run(lease.watch(HEARTBEAT, answer))


def test_nothing_is_owned_before_the_group_has_said_so(lease: Lease) -> None:
    assert not lease.holds


def test_an_answer_confirms_a_session_from_when_it_was_asked_for(
    lease: Lease, clock: Clock
) -> None:
    async def late(_request: Any) -> Any:
        clock.now += 2.0
        return SimpleNamespace(error_code=0)

    asyncio.run(lease.watch(HEARTBEAT, late))

    clock.now = 105.9
    assert lease.holds
    clock.now = 106.0
    assert not lease.holds


def test_other_requests_confirm_nothing(lease: Lease) -> None:
    async def answer(_request: Any) -> Any:
        return SimpleNamespace(error_code=0)

    asyncio.run(lease.watch(MetadataRequest([]), answer))

    assert not lease.holds


def test_a_group_that_rebalances_waits_for_a_member_only_so_long(
    lease: Lease, clock: Clock
) -> None:
    hear(lease, REBALANCING)
    clock.now = 158.0
    hear(lease, REBALANCING)

    clock.now = 159.9
    assert lease.holds
    clock.now = 160.0
    assert not lease.holds
    hear(lease)
    assert lease.holds


def test_a_refused_heartbeat_confirms_nothing(lease: Lease) -> None:
    hear(lease, UNKNOWN_MEMBER)

    assert not lease.holds


def test_records_wait_for_the_next_answer_and_go_then(lease: Lease, clock: Clock) -> None:
    async def run() -> list[str]:
        told: list[str] = []

        async def send(_node: int, _request: Any) -> str:
            told.append("sent")
            return "answer"

        producer = SimpleNamespace(client=SimpleNamespace(send=send))
        guard_producer(producer, lease)
        guard_producer(producer, lease)
        waiting = asyncio.ensure_future(producer.client.send(0, PRODUCE))
        await asyncio.sleep(0)
        told.append("asked")
        await lease.watch(HEARTBEAT, lambda _: asyncio.sleep(0, SimpleNamespace(error_code=0)))
        assert await waiting == "answer"
        return told

    assert asyncio.run(run()) == ["asked", "sent"]


def test_records_of_a_lost_membership_are_never_sent_until_partitions_are_assigned_anew(
    lease: Lease,
) -> None:
    hear(lease)
    lease.lose()

    with pytest.raises(DisplacedError, match="went to another worker"):
        asyncio.run(lease.guard(PRODUCE))
    hear(lease)
    assert not lease.holds
    lease.begin()
    assert lease.holds


def test_other_requests_need_no_lease(lease: Lease) -> None:
    lease.lose()

    asyncio.run(lease.guard(MetadataRequest([])))


@pytest.mark.parametrize("stops", [False, True])
def test_a_coordinator_that_forgets_its_generation_has_lost_it_unless_it_stops(
    lease: Lease, stops: bool
) -> None:
    async def run() -> None:
        closing = asyncio.get_running_loop().create_future()
        if stops:
            closing.set_result(None)
        reset: list[bool] = []

        async def send(_request: Any) -> Any:
            return SimpleNamespace(error_code=0)

        coordinator = SimpleNamespace(
            _send_req=send, reset_generation=lambda: reset.append(True), _closing=closing
        )
        watch_coordinator(coordinator, lease)
        await coordinator._send_req(HEARTBEAT)
        coordinator.reset_generation()
        assert reset == [True]

    asyncio.run(run())

    assert lease.holds is stops


def test_a_worker_that_stops_waits_for_no_answer_that_nobody_asks_for(
    lease: Lease, clock: Clock
) -> None:
    hear(lease)
    lease.end()

    asyncio.run(lease.guard(PRODUCE))
    clock.now += 6.0
    with pytest.raises(EndedError):
        asyncio.run(lease.guard(PRODUCE))
