"""Changelogs are read one partition after the other."""

from faust.types import TP

from streams.recovery_order import RecoveryOrder

TPS = {TP(name, partition) for name in ("a", "b") for partition in (0, 1, 2)}
ENDS = dict.fromkeys(TPS, 9)


def offsets(**reached: int) -> dict[TP, int | None]:
    found: dict[TP, int | None] = dict.fromkeys(TPS, -1)
    return {**found, **{TP(place[0], int(place[1])): at for place, at in reached.items()}}


def test_the_first_partition_has_its_turn_until_all_its_changelogs_are_read() -> None:
    order = RecoveryOrder()

    assert order.look(TPS, offsets(), ENDS) == []
    assert order.turn(TPS) == {TP("a", 0), TP("b", 0)}
    assert order.look(TPS, offsets(a0=9), ENDS) == []
    assert order.turn(TPS) == {TP("a", 0), TP("b", 0)}
    assert order.look(TPS, offsets(a0=9, b0=9), ENDS) == [0]
    assert order.turn(TPS) == {TP("a", 1), TP("b", 1)}
    assert order.look(TPS, offsets(a0=9, b0=9), ENDS) == []


def test_what_is_read_at_the_first_look_is_left_to_the_end() -> None:
    order = RecoveryOrder()

    assert order.look(TPS, offsets(a0=9, b0=9), ENDS) == []
    assert order.turn(TPS) == {TP("a", 1), TP("b", 1)}


def test_a_partition_whose_ends_are_not_known_is_not_done() -> None:
    order = RecoveryOrder()
    order.look(TPS, offsets(), ENDS)

    assert order.look(TPS, offsets(), {}) == []


def test_a_partition_that_moved_away_is_not_done() -> None:
    order = RecoveryOrder()
    order.look(TPS, offsets(), ENDS)

    assert order.look({tp for tp in TPS if tp.partition}, offsets(), ENDS) == []
    assert order.turn(TPS) == {TP("a", 1), TP("b", 1)}


def test_nothing_waits_where_it_is_nobodys_turn() -> None:
    order = RecoveryOrder()

    assert order.turn(TPS) == TPS
    order.look(TPS, offsets(), ENDS)
    assert order.turn({TP("a", 2)}) == {TP("a", 2)}
