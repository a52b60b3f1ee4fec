"""What a worker failed of: a broker that is away, or something that waiting does not mend."""

import asyncio
from typing import Final

from aiokafka.errors import (
    CorruptRecordException,
    KafkaError,
    KafkaTimeoutError,
)
from faust.exceptions import ConsistencyError
from mode.exceptions import MaxRestartsExceeded

from streams.lease import DisplacedError
from streams.processor import BrokenError
from streams.rows import StateError
from streams.shelf import ShelfError
from streams.stalls import StalledError

# What has a reason that is ours or the broker's: how it came about is no matter for a user.
KNOWN: Final = (
    KafkaError,
    ConsistencyError,
    StateError,
    BrokenError,
    DisplacedError,
    StalledError,
    ShelfError,
    asyncio.TimeoutError,
    OSError,
    # What Faust's supervisors make of an agent that has failed.
    MaxRestartsExceeded,
    SystemExit,
)


def is_away(reason: BaseException) -> bool:
    """Say whether a worker failed of a broker that did not answer, or not yet, or of a stall.

    >>> from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
    >>> is_away(KafkaConnectionError("Connection at b:9092 closed"))
    True
    >>> is_away(TopicAuthorizationFailedError("ticks")), is_away(StateError("another version"))
    (False, False)
    """
    if isinstance(reason, KafkaError):
        # What aiokafka would ask for again. A topic that is not there may be just that: whoever
        # waits for the broker looks whether it is.
        again = bool(reason.retriable) or isinstance(reason, KafkaTimeoutError)
        return again and not isinstance(reason, CorruptRecordException)
    return isinstance(reason, asyncio.TimeoutError | ConnectionError | StalledError)
