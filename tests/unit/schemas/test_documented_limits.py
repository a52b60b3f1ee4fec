"""The limits that docs/security.md lists are those that the code keeps."""

from pathlib import Path

import pytest

from producers.sources import MAX_LINE_BYTES
from schemas import rules
from schemas.codec import MAX_RECORD_BYTES
from streams.inbound import MAX_DEAD_BYTES, MAX_HEADER_BYTES, MAX_KEY_BYTES
from streams.policy_files import MAX_BYTES

DOCUMENT = Path(__file__).parents[3] / "docs" / "security.md"


@pytest.mark.parametrize(
    ("what", "limits"),
    [
        ("a record, and a JSON list", [MAX_RECORD_BYTES]),
        ("reasoning; reason of a decision", [rules.MAX_REASONING, rules.MAX_REASON]),
        ("indicators", [rules.MAX_INDICATORS]),
        ("horizon_sessions", [rules.MAX_HORIZON]),
        ("revision of a tick", [rules.MAX_REVISION]),
        ("price; split ratio", [rules.MIN_PRICE, rules.MAX_PRICE, rules.MIN_RATIO]),
        ("a dead letter's bytes", [MAX_DEAD_BYTES, MAX_KEY_BYTES, MAX_HEADER_BYTES]),
        ("a line of an input file", [MAX_LINE_BYTES, MAX_BYTES]),
    ],
)
def test_a_documented_limit_is_the_one_in_force(what: str, limits: list[float]) -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith(f"| {what}")]

    for limit in limits:
        shown = (
            f"{limit:,}"
            if isinstance(limit, int)
            else f"{limit:g}".replace("e-0", "e-").replace("e+", "e")
        )
        assert shown in row, f"{what}: expected {shown}"
