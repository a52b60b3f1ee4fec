"""The topic catalogue: every topic of the system, its key, records and cleanup.

The only place where a topic is named. All topics have one partition count; a
record lies in the partition of its ticker, whatever its key is.
"""

from dataclasses import dataclass
from functools import lru_cache

from schemas import records

DEFAULT_PARTITIONS = 8
# far more than a cluster is asked for in earnest; a typing error or a forged file stops here
MAX_PARTITIONS = 10_000

_DAY_MS = 24 * 3600 * 1000
_UNLIMITED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One named log."""

    name: str
    key: str
    records: tuple[type, ...]
    cleanup: str = "delete"
    retention_ms: int = _UNLIMITED
    inbound: bool = False

    @property
    def configs(self) -> dict[str, str]:
        """Return the topic configuration as Kafka takes it."""
        configs = {"cleanup.policy": self.cleanup}
        if self.cleanup == "delete":
            configs["retention.ms"] = str(self.retention_ms)
        return configs


SIGNALS = Topic(name="signals", key="ticker", records=(records.Signal,), inbound=True)
TICKS = Topic(
    name="ticks",
    key="ticker",
    records=(records.Tick, records.TickBatch),
    retention_ms=7 * _DAY_MS,
    inbound=True,
)
CORPORATE_ACTIONS = Topic(
    name="corporate-actions", key="ticker", records=(records.CorporateAction,), inbound=True
)
DECISIONS = Topic(name="decisions", key="ticker", records=(records.Decision,), inbound=True)
BARS = Topic(name="bars", key="ticker|session", records=(records.SessionBar,), cleanup="compact")
OBSERVATIONS = Topic(
    name="observations",
    key="ticker",
    records=(records.Observations,),
    retention_ms=30 * _DAY_MS,
)
SIGNAL_STATES = Topic(
    name="signal-states", key="signal_id", records=(records.SignalState,), cleanup="compact"
)
VALIDATION_EVENTS = Topic(
    name="validation-events", key="signal_id", records=(records.ValidationEvent,)
)
POLICIES = Topic(
    name="policies", key="policy hash", records=(records.PolicyVersion,), cleanup="compact"
)
DEAD_LETTERS = Topic(
    name="dead-letters",
    key="as received",
    records=(records.DeadLetter,),
    retention_ms=30 * _DAY_MS,
)

INBOUND = (SIGNALS, TICKS, CORPORATE_ACTIONS, DECISIONS)
OUTBOUND = (BARS, OBSERVATIONS, SIGNAL_STATES, VALIDATION_EVENTS, POLICIES, DEAD_LETTERS)
CATALOGUE = INBOUND + OUTBOUND


def prefixed(prefix: str, topic: Topic) -> str:
    """Return the topic's name on the broker."""
    return f"{prefix}{topic.name}"


@lru_cache(maxsize=1 << 16)
def partition_of(ticker: str, partitions: int) -> int:
    """Return the partition of a ticker: murmur2 of its UTF-8 bytes, as Java's client does.

    >>> partition_of("AAPL", 8), partition_of("MSFT", 8)
    (1, 2)
    """
    return (_murmur2(ticker.encode()) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    # Kafka's own constants: a different seed or mixer would send keys elsewhere.
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    length = len(data)
    h = (0x9747B28C ^ length) & mask
    whole = length & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    tail = data[whole:]
    if tail:
        h = ((h ^ int.from_bytes(tail, "little")) * m) & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)
