"""A publisher that never gives up: a slot counts as published when all of it is acknowledged.

It runs in a thread of its own, for it waits where a broker is away.
"""

import threading
import time
from collections.abc import Sequence

from chaos.feed import Sent, Slot
from producers.errors import ProducerError
from producers.publisher import KafkaPublisher
from schemas.topics import prefixed

_AGAIN_SECONDS = 1.0


class Publishing:
    """Slots going out at a pace; `hurry` sends the next ones at once."""

    def __init__(self, broker: str, prefix: str, slots: Sequence[Slot], every_s: float) -> None:
        self._broker = broker
        self._prefix = prefix
        self._slots = slots
        self._every_s = every_s
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._hurried = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.acknowledged = 0
        self.refused = 0
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def hurry(self, slots: int) -> None:
        """Send so many slots without a pause, so that what comes next comes in the midst of it."""
        self._hurried = slots
        self._hurry.set()

    def stop(self) -> None:
        """End early."""
        self._stop.set()
        self._hurry.set()
        self._thread.join(2 * 60.0)

    @property
    def is_done(self) -> bool:
        """Say whether everything is acknowledged; raise what went wrong for good."""
        if self.failure is not None:
            raise self.failure
        return self.acknowledged == len(self._slots)

    def _run(self) -> None:
        try:
            while not self._stop.is_set() and self.acknowledged < len(self._slots):
                self._session()
        except BaseException as error:
            self.failure = error
            raise

    def _session(self) -> None:
        """Publish until a record is refused; what is not acknowledged goes again."""
        try:
            with KafkaPublisher.connect(self._broker) as publisher:
                for slot in self._slots[self.acknowledged :]:
                    for each in slot.records:
                        self._send(publisher, each)
                    publisher.flush()
                    self.acknowledged += 1
                    self._pause()
                    if self._stop.is_set():
                        return
        except ProducerError:
            self.refused += 1
            time.sleep(_AGAIN_SECONDS)

    def _send(self, publisher: KafkaPublisher, each: Sent) -> None:
        publisher.publish(prefixed(self._prefix, each.topic), None, each.value, each.partition)

    def _pause(self) -> None:
        if self._hurried > 0:
            self._hurried -= 1
            return
        self._hurry.wait(self._every_s)
        self._hurry.clear()
