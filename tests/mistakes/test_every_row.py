"""None of the 47 mistakes is forgotten: each has a test here that holds it."""

from importlib import import_module
from pathlib import Path

import pytest

from tests.mistakes.ledger import ROWS, held_by, row

MODULES = [
    import_module(f"tests.mistakes.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("test_*.py"))
    if path.stem != Path(__file__).stem
]
HELD = {f"{module.__name__}.{name}": rows for module in MODULES for name, rows in held_by(module)}


def test_the_ledger_has_the_47_rows() -> None:
    assert list(ROWS) == [*map(str, range(1, 42)), "41b", "41c", "42", "43", "44", "45"]
    assert len(ROWS) == 47


@pytest.mark.parametrize("number", ROWS)
def test_a_row_has_a_test(number: str) -> None:
    tests = [name for name, rows in HELD.items() if number in rows]

    assert tests, f"row {number}: expected a test that it cannot be that {ROWS[number]}, was none"


def test_a_test_of_these_modules_holds_a_row() -> None:
    assert [name for name, rows in HELD.items() if not rows] == []


def test_only_rows_of_the_ledger_can_be_held() -> None:
    with pytest.raises(KeyError, match="46"):
        row("46")
