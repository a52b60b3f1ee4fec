"""Rows of the state that are not as a worker wrote them end it with what they are."""

import pytest

from streams import tables
from streams.rows import StateError, restore
from tests.unit.streams.fold import new_tracker


@pytest.mark.parametrize(
    ("table", "key", "row"),
    [
        (tables.CLOSED_BARS, b"AAPL|2024-01-02", b"[1"),
        (tables.CLOSED_BARS, b"AAPL", b"[]"),
        (tables.OPEN_BARS, b"AAPL", b"{}"),
        (tables.ACTIONS, b"AAPL|2024-01-04|split", b'{"ticker":"AAPL"}'),
        (tables.SIGNALS, b"AAPL|one", bytes(20)),
        (tables.SIGNALS, b"AAPL|one", b'{"payload":1}'),
        (tables.DECISIONS, b"\xff|one", b"[]"),
    ],
)
def test_a_damaged_row_is_told_as_what_it_is(table: str, key: bytes, row: bytes) -> None:
    rows: dict[str, dict[bytes, bytes]] = {name: {} for name in tables.TABLE_NAMES}
    rows[table][key] = row

    with pytest.raises(StateError, match="expected rows as a worker writes them"):
        restore(new_tracker(), rows)
