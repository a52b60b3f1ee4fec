"""A worker that has failed ends, also where its libraries do not come to their end."""

from threading import Event

from streams.overdue import Overdue


def test_an_end_that_never_comes_is_told_once() -> None:
    told = Event()
    times: list[int] = []

    def tell() -> None:
        times.append(1)
        told.set()

    overdue = Overdue(tell, seconds=0)
    overdue.begin()
    overdue.begin()

    assert told.wait(60)
    assert times == [1]


def test_an_end_in_time_is_not_told() -> None:
    told = Event()
    overdue = Overdue(told.set, seconds=3600)

    overdue.begin()
    overdue.is_over()

    thread = overdue._thread
    assert thread is not None
    thread.join(60)
    assert not thread.is_alive()
    assert not told.is_set()
