"""The stretches of work that a worker's steps tell."""

from typing import Any

from benchmarks.watching import Span, span


def begin(at: float) -> dict[str, Any]:
    return {"step": "begin", "at": at, "cpu": at / 2, "rss": 10}


def idle(at: float, **counts: int) -> dict[str, Any]:
    return {"step": "idle", "at": at, "cpu": at / 2, "rss": 20, "counts": counts}


def test_a_stretch_ends_when_the_last_record_is_durable() -> None:
    steps = [begin(1.0), idle(2.0, ticks=3), begin(3.0), idle(5.0, ticks=4)]

    assert span(steps, "ticks", 0, 4) == Span(seconds=4.0, cpu_seconds=2.0, rss=20)


def test_work_before_the_stretch_is_no_part_of_it() -> None:
    steps = [begin(1.0), idle(2.0, signals=9), begin(6.0), idle(7.0, signals=9, ticks=2)]

    assert span(steps, "ticks", 0, 2) == Span(seconds=1.0, cpu_seconds=0.5, rss=20)


def test_an_unfinished_stretch_is_none() -> None:
    assert span([begin(1.0), idle(2.0, ticks=3), begin(3.0)], "ticks", 0, 4) is None
