"""The world of the studies, read once."""

import pytest

from studies.world import World, read_world


@pytest.fixture(scope="session")
def world() -> World:
    return read_world()
