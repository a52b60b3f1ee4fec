"""Words while a broker is away: one line every ten seconds, and none where it refuses us.

A broker that does not answer is waited for, however long. One that refuses this
process, or has lost its topics, stops it: no waiting helps there.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from schemas.cluster import Broker
from signal_tracker import admin
from signal_tracker.doors import check_door
from signal_tracker.errors import MissingTopicError, SilentBrokerError

EVERY_S: Final = 10.0
_LOOK_S: Final = 1.0


class Waiting:
    """Tells that a broker does not answer, and once that it does again."""

    def __init__(
        self,
        broker: Broker,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._tell = tell
        self._clock = clock
        self._since: float | None = None
        self._told = 0.0

    def goes_on(self) -> None:
        """Note that nobody answers; raise RefusedError where the broker refuses this process."""
        now = self._clock()
        if self._since is None:
            self._since = now
        elif now - self._told < EVERY_S:
            return
        check_door(self._broker)
        self._told = now
        away = f" for {now - self._since:.0f} s" if now > self._since else ""
        self._tell(f"no Kafka broker answers at {self._broker}{away}; waiting for it")

    def is_over(self) -> None:
        """Note that the broker answers."""
        if self._since is not None:
            away = self._clock() - self._since
            self._tell(f"the broker at {self._broker} answers again, after {away:.0f} s")
        self._since = None


def wait_for_topics(broker: Broker, names: Sequence[str], tell: Callable[[str], None]) -> None:
    """Return when the broker answers and holds these topics; raise BrokerError if it lost one."""
    waiting = Waiting(broker, tell)
    while True:
        try:
            held = admin.partition_counts(broker, names)
        except SilentBrokerError:
            waiting.goes_on()
            time.sleep(_LOOK_S)
            continue
        waiting.is_over()
        missing = [name for name in names if name not in held]
        if missing:
            msg = f"there is no topic {', '.join(missing)} at {broker}"
            raise MissingTopicError(msg)
        return
