"""What all tiers share: the brokers, and the rule when a Docker engine may be missing."""

import os
import uuid
from collections.abc import Generator, Iterator
from functools import cache

import pytest
from hypothesis import settings

from signal_tracker.broker import EmbeddedBroker

# read by testcontainers at its import; its reaper image cannot be had everywhere
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")

_REQUIRED = "SIGNAL_TRACKER_REQUIRE_CONTAINERS"

# The same examples in every run: what a new seed would find is looked for by hand.
settings.register_profile("seeded", derandomize=True)
settings.load_profile("seeded")


def require_docker() -> None:
    """Skip with the reason where no Docker engine answers; fail where one is required."""
    trouble = _docker_trouble()
    if trouble and os.environ.get(_REQUIRED) == "1":
        pytest.fail(f"{_REQUIRED}=1, but {trouble}")
    if trouble:
        pytest.skip(trouble)


@cache
def _docker_trouble() -> str:
    import docker

    try:
        client = docker.from_env(timeout=10)
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        return f"no Docker engine answers: {error}"
    client.close()
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("containers"):
        require_docker()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = os.environ.get(_REQUIRED) == "1" and item.get_closest_marker("containers")
    if required and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{_REQUIRED}=1, but the test skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one embedded broker for the whole run: use a prefix of your own."""
    with EmbeddedBroker(tmp_path_factory.mktemp("broker") / "broker.log") as broker:
        yield broker.address


@pytest.fixture
def topic_prefix() -> str:
    """A prefix, or group name, that no other test has."""
    return f"t{uuid.uuid4().hex[:12]}."
