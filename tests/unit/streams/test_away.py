"""What a worker's end is told as: waited for, or one line; and what its libraries may say."""

import logging
from typing import Any

import faust
import pytest
from aiokafka.errors import (
    CorruptRecordException,
    KafkaConnectionError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)

from streams.away import KNOWN, is_away
from streams.lease import DisplacedError
from streams.logs import Quiet
from streams.rows import StateError
from streams.run import AwayError, WorkerError, _error_of, _first_reason


@pytest.mark.parametrize(
    "reason",
    [KafkaConnectionError("closed"), KafkaTimeoutError(), TimeoutError(), ConnectionError()],
)
def test_a_broker_that_did_not_answer_is_waited_for(reason: Exception) -> None:
    assert is_away(reason)
    assert isinstance(_error_of(reason), AwayError)


@pytest.mark.parametrize(
    "reason",
    [
        TopicAuthorizationFailedError("ticks"),
        CorruptRecordException("ticks"),
        StateError("another\nversion"),
        ZeroDivisionError("oh"),
    ],
)
def test_what_waiting_does_not_mend_stops_with_one_line(reason: Exception) -> None:
    assert not is_away(reason)
    told = _error_of(reason)
    assert isinstance(told, WorkerError)
    assert str(told).startswith("the worker was stopped by ")
    assert "\n" not in str(told)


def test_a_displaced_worker_says_so() -> None:
    assert str(_error_of(DisplacedError("gone"))) == "DisplacedError: gone"


def record(name: str, text: str, at: float, error: Exception | None = None) -> logging.LogRecord:
    info: Any = None if error is None else (type(error), error, None)
    made = logging.LogRecord(name, logging.ERROR, "", 1, text, (), info)
    made.created = at
    return made


def test_a_library_says_the_same_once_in_ten_seconds() -> None:
    quiet = Quiet(KNOWN)
    said = [quiet.filter(record("faust.x", text, at)) for at in (0, 9, 11) for text in ("a", "b")]

    assert said == [True, True, False, False, True, True]


def test_the_client_of_the_broker_has_one_line_in_ten_seconds_whatever_it_says() -> None:
    quiet = Quiet(KNOWN)
    said = [quiet.filter(record("aiokafka.conn", str(at), at)) for at in range(0, 30, 3)]

    assert sum(said) == 3
    assert quiet.filter(record("streams.app", "ours", 1)) is True
    assert quiet.filter(record("streams.app", "ours", 1)) is True


def test_only_errors_of_unknown_kinds_keep_their_traceback() -> None:
    quiet = Quiet(KNOWN)
    known = record("mode", "Crashed", 0, StateError("x"))
    unknown = record("mode", "Crashed again", 0, ZeroDivisionError("x"))

    assert quiet.filter(known)
    assert quiet.filter(unknown)
    assert known.exc_info is None
    assert unknown.exc_info is not None


def test_libraries_say_no_more_once_the_worker_ends_of_a_known_reason() -> None:
    reasons: list[BaseException] = []
    quiet = Quiet(KNOWN, reasons)
    before = quiet.filter(record("mode", "Crashed", 0))

    reasons.append(DisplacedError("gone"))

    assert before
    assert not quiet.filter(record("mode", "Error while stopping", 60, RuntimeError("closed")))
    assert quiet.filter(record("streams.run", "its own words", 60))


def test_libraries_say_all_they_know_of_an_unknown_reason() -> None:
    quiet = Quiet(KNOWN, [ZeroDivisionError("oh")])

    assert quiet.filter(record("mode", "Crashed", 0, ZeroDivisionError("oh")))


async def test_the_first_reason_counts_though_supervisors_of_faust_leave_after_it() -> None:
    app = faust.App("first", store="memory://")
    reasons = _first_reason(app)

    await app.crash(DisplacedError("gone"))
    app._crash(SystemExit(1))

    assert isinstance(reasons[0], DisplacedError)
    assert isinstance(app.crash_reason, SystemExit)
