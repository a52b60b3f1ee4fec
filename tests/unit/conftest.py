"""In this tier a warning is a failure; only a library's own at its import is let through."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            # kafka-python reads its schemas with a call that Python 3.11 deprecated
            item.add_marker(
                pytest.mark.filterwarnings("ignore:(read|open)_text is deprecated"), append=False
            )
            # what another tier's client left open may be collected while a unit test runs
            item.add_marker(
                pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
                append=False,
            )
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
