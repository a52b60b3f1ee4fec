"""The access lists of `docs/security.md`, given to a broker exactly as they stand there."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"

PREFIX = "secured."
# which lists of the document a user has, and no others
ROLES = {
    "keeper": ("topics create",),
    "producer": ("publish",),
    "worker": ("worker",),
    "sink": ("sink sqlite",),
    "reader": ("events tail", "status", "audit", "dlq list", "rebuild"),
    "replayer": ("dlq replay",),
    "reviewer": ("decide",),
    "runner": ("replay",),
    "nobody": (),
}

_ROW = re.compile(
    r"\| `(?P<process>[^|]+)` \| (?P<kind>topic|group)s? (?P<names>`[^|]+`) "
    r"\| (?P<operations>[^|]+) \|"
)


class Grant(NamedTuple):
    """One line of the table: what a process may do with a topic or a group."""

    process: str
    kind: str
    name: str
    operations: tuple[str, ...]


def documented(*processes: str) -> list[Grant]:
    """Return the table for some processes, a row a name."""
    rows = _ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))
    return [
        Grant(
            row["process"],
            row["kind"],
            name,
            tuple(each.strip() for each in row["operations"].split(",")),
        )
        for row in rows
        if row["process"] in processes
        for name in re.findall(r"`([^`]+)`", row["names"])
    ]


def acls_of(user: str, grants: Iterable[Grant], prefix: str) -> list[ACL]:
    """Return what lets a user do this, with the topics and groups of a prefix."""
    return [
        ACL(
            principal=f"User:{user}",
            host="*",
            operation=ACLOperation[operation.upper()],
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=ResourcePattern(
                ResourceType[grant.kind.upper()],
                prefix + grant.name.removesuffix("*"),
                ACLResourcePatternType.PREFIXED
                if grant.name.endswith("*")
                else ACLResourcePatternType.LITERAL,
            ),
        )
        for grant in grants
        for operation in grant.operations
    ]


def give(plain_address: str, acls: list[ACL]) -> None:
    """Set access lists by the broker's plain listener, whose user is above them."""
    admin = KafkaAdminClient(bootstrap_servers=[plain_address])
    try:
        admin.create_acls(acls)
    finally:
        admin.close()


def take(plain_address: str, grants: Iterable[Grant], user: str, prefix: str) -> None:
    """Withdraw what these lines let a user do."""
    filters = [
        ACLFilter(
            principal=f"User:{user}",
            host="*",
            operation=ACLOperation.ANY,
            permission_type=ACLPermissionType.ANY,
            resource_pattern=ResourcePatternFilter(
                ResourceType[grant.kind.upper()],
                prefix + grant.name,
                ACLResourcePatternType.LITERAL,
            ),
        )
        for grant in grants
    ]
    admin = KafkaAdminClient(bootstrap_servers=[plain_address])
    try:
        admin.delete_acls(filters)
    finally:
        admin.close()
