"""What several of these modules look at, made once."""

import pytest

from tests.mistakes.models import tell_every_day
from tests.mistakes.world import Told


@pytest.fixture(scope="session")
def every_day(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A signal over 5 sessions on each of 250 days."""
    return tell_every_day(tmp_path_factory.mktemp("every-day"))
