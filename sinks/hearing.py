"""When a sink's broker was heard last: one that is away is waited for, and said to be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from kafka.errors import (
    BrokerResponseError,
    KafkaError,
    RequestTimedOutError,
    RetriableError,
    UnknownTopicOrPartitionError,
)

# A broker is asked whether it is still the same one; a silent one, whether it is still there.
CHECK_S = 10.0


class Hearing:
    """When the broker was heard last, and when to ask it whether it is still the same one.

    `on_silence` is called about every ten seconds while it does not answer, `on_answer` when
    it does.
    """

    def __init__(self, on_silence: Callable[[], None], on_answer: Callable[[], None]) -> None:
        self._on_silence = on_silence
        self._on_answer = on_answer
        self._heard = self._asked = monotonic()

    def records(self) -> None:
        """Note that records came."""
        self._heard = monotonic()

    def should_ask(self) -> bool:
        """Say whether it is time to ask again."""
        return monotonic() - self._asked > CHECK_S

    @contextmanager
    def an_answer(self) -> Iterator[None]:
        """Ask in this block; a broker that does not answer is waited for."""
        try:
            yield
            self._on_answer()
        except KafkaError as error:
            # One that is just coming back answers "not yet" in many words.
            is_lost = isinstance(error, UnknownTopicOrPartitionError)
            if is_lost or not isinstance(error, RetriableError):
                raise
            # A busy broker sends records and leaves a question waiting.
            if monotonic() - self._heard > CHECK_S:
                self._on_silence()
        finally:
            self._asked = monotonic()


def is_silence(error: KafkaError) -> bool:
    """Say whether nobody answered: an answer that refuses is none of that.

    >>> from kafka.errors import NotControllerError
    >>> is_silence(RequestTimedOutError()), is_silence(NotControllerError())
    (True, False)
    """
    # The client says so of its own accord, too, where connections stay and nothing comes.
    if isinstance(error, RequestTimedOutError):
        return True
    return isinstance(error, RetriableError) and not isinstance(error, BrokerResponseError)
