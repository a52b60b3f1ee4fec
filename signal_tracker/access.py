"""Whether a broker's access lists let a worker do its work, asked before it joins its group.

Faust and aiokafka try again for ever, or end with a traceback, where one line is
missing from a list: docs/security.md has the lists of each process. Nothing is
asked of a broker without logins and certificates.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import GroupAuthorizationFailedError

from schemas.cluster import TOPIC_DENIED, Cluster, denied
from schemas.topics import DEAD_LETTERS, INBOUND, OUTBOUND, prefixed
from signal_tracker.admin import connected, of_group
from signal_tracker.errors import BrokerError

_READ: Final = "READ"
_WRITE: Final = "WRITE"


class DeniedError(BrokerError):
    """Say what the access lists of the broker keep from this process."""


def check_worker_access(
    cluster: Cluster, prefix: str, group: str, own_topics: Sequence[str], partitions: int
) -> None:
    """Raise DeniedError where a worker may not do all it does; name everything missing."""
    if cluster.security.protocol == "PLAINTEXT":
        return
    wanted: dict[str, Sequence[str]] = {prefixed(prefix, each): (_READ, _WRITE) for each in INBOUND}
    # it reads what epochs it told last, and letters back from nobody
    for each in OUTBOUND:
        wanted[prefixed(prefix, each)] = (_WRITE,) if each is DEAD_LETTERS else (_READ, _WRITE)
    missing: defaultdict[str, list[str]] = defaultdict(list)
    with connected(cluster) as admin:
        for what, name in chain(
            _topic_trouble(admin, wanted),
            _group_trouble(admin, group),
            _own_trouble(admin, own_topics, partitions),
        ):
            missing[what].append(name)
    if missing:
        told = "; ".join(f"{what} {', '.join(sorted(names))}" for what, names in missing.items())
        raise DeniedError(denied(cluster, told))


def _topic_trouble(
    admin: KafkaAdminClient, wanted: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    for each in admin.describe_topics(list(wanted)):
        allowed = each.get("authorized_operations")
        # a broker that does not tell has nothing to be asked
        for operation in wanted[each["name"]] if allowed else ():
            if operation not in allowed:
                yield f"{operation.lower()} the topic", each["name"]


def _group_trouble(admin: KafkaAdminClient, group: str) -> Iterator[tuple[str, str]]:
    try:
        described: Mapping[str, Any] = of_group(lambda: admin.describe_groups([group]), group)
        allowed = described.get("authorized_operations")
    except GroupAuthorizationFailedError:
        allowed = ["none"]
    if allowed and _READ not in allowed:
        yield "read the group", group


def _own_trouble(
    admin: KafkaAdminClient, names: Sequence[str], partitions: int
) -> Iterator[tuple[str, str]]:
    """Yield what is missing for the worker's own topics, which it creates itself."""
    found = admin.describe_topics(list(names))
    there = [each["name"] for each in found if each["error_code"] == 0]
    if there:
        yield from _topic_trouble(admin, dict.fromkeys(there, (_READ, _WRITE)))
    absent = [name for name in names if name not in there]
    if not absent:
        return
    answer = admin.create_topics(
        {name: {"num_partitions": partitions, "replication_factor": 1} for name in absent},
        validate_only=True,
        raise_errors=False,
    )
    for each in answer["topics"]:
        if each["error_code"] == TOPIC_DENIED:
            yield "create the topic", each["name"]
