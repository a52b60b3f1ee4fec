"""What a worker's libraries say: seldom, and without a traceback that tells nothing."""

import logging
from collections.abc import Sequence
from types import NoneType
from typing import Final

# What these say below a warning is about their own services, hundreds of lines a start.
CHATTY: Final = (
    "faust",
    "mode",
    "aiokafka",
    "kafka",
    "streams.shelf_tables",
    "streams.tables",
    "streams.transport",
)

_QUIET_SECONDS: Final = 10.0


class Quiet(logging.Filter):
    """Let a library say the same once in ten seconds: a lost broker is told 80 times one.

    aiokafka has many words for one broker: it says one of them in ten seconds. An error of
    a known kind is told without how it came about; all others keep their traceback. Once
    the worker ends of a known kind, its libraries say no more: how each of their services
    and threads comes to its end. The worker itself says why.
    """

    def __init__(
        self, known: tuple[type[BaseException], ...], reasons: Sequence[BaseException] = ()
    ) -> None:
        super().__init__()
        self._known = known
        self._reasons = reasons
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record may be written; take a traceback away that tells nothing."""
        if not record.name.startswith(CHATTY):
            return True
        if self._reasons and isinstance(self._reasons[0], self._known):
            return False
        topic = "aiokafka" if record.name.startswith("aiokafka") else str(record.msg)
        if record.created - self._last.get(topic, -_QUIET_SECONDS) < _QUIET_SECONDS:
            return False
        self._last[topic] = record.created
        # mode asks for a traceback also where none is under way
        if record.exc_info and isinstance(record.exc_info[1], (*self._known, NoneType)):
            record.exc_info = None
            record.exc_text = None
        return True
