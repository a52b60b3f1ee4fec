"""How many calls a piece of work makes: the same on every machine."""

import sys
from collections.abc import Callable, Collection
from types import FrameType

PYTHON = frozenset({"call"})
PYTHON_AND_C = frozenset({"call", "c_call"})


def calls_of(work: Callable[[], object], kinds: Collection[str] = PYTHON) -> int:
    """Count the calls of functions of these kinds; each step of a generator counts."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in kinds

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls
