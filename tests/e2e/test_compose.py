"""The containers: brought up, published to through their ports, upgraded, scaled, read and stopped.

The first half of the signals is judged by an older commit's code where git's history is
there; the code of today goes on with its volumes, on the same brokers.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from schemas.topics import TICKS
from tests.e2e.composed import BROKERS, OURS, System, composed, docker, with_code
from tests.e2e.earlier import Feed, checked_out
from tests.e2e.judged import csv_rows, differences, table_rows
from tests.e2e.processes import wait_until
from tests.oracle.judge import judge
from tests.oracle.scenarios import random_market, random_signals

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]

TICKERS = ("AAPL", "MSFT", "XOM", "BTC-USD", "^GSPC", "BRK.B")
FIRST, LAST = "2018-09-03", "2020-01-31"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What was seen of the system while it ran, and what it left."""

    wanted: dict[str, dict[str, Any]]
    health: dict[str, str]
    brokers: list[dict[str, Any]]
    containers: list[dict[str, Any]]
    written_outside: dict[str, str]
    ids: set[str]
    audited: str
    report: str
    ended: dict[str, int]
    data: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("compose")
    rng = random.Random(26)
    feed = Feed(
        closes=random_market(rng, TICKERS, FIRST, LAST),
        signals=random_signals(rng, TICKERS, FIRST, LAST, 300),
    )
    with composed(folder) as system:
        judge_first_half(system, feed, folder)

        system.up(3)
        system.wait_until_healthy()
        wait_until("three workers to share the partitions", lambda: shares(system) == [2, 3, 3])
        feed.publish(system, folder, after=True)
        system.wait_until_stored()

        seen: dict[str, Any] = {
            "wanted": judge(feed.signals, feed.closes),
            "health": system.health(),
            "brokers": system.containers(*BROKERS),
            "containers": system.containers(*OURS),
            "written_outside": {each: write_outside(system, each) for each in OURS},
            "ids": {system.run_in(each, "id", "-u").strip() for each in OURS},
            "audited": system.run_in("sink-sqlite", "signal-tracker", "audit").splitlines()[-1],
            "report": system.run_in("sink-sqlite", "signal-tracker", "report"),
        }
        system.compose("stop", *OURS)
        ended = {each["Name"]: each["State"]["ExitCode"] for each in system.containers(*OURS)}
        yield Ran(**seen, ended=ended, data=system.copy_data(folder / "data"))


def judge_first_half(system: System, feed: Feed, folder: Path) -> None:
    """Let one worker and the sinks of the older code, if it can be had, judge the first half."""
    code = checked_out(folder / "code")
    ours = system.files
    if code is not None:
        system.files = [*ours, "--file", str(with_code(folder, code))]
    system.up(1)
    feed.publish(system, folder, after=False)
    system.wait_until_stored()
    system.files = ours


def shares(system: System) -> list[int]:
    """Return how many partitions of the ticks each worker has."""
    client = AdminClient({"bootstrap.servers": system.broker})
    asked = client.describe_consumer_groups([system.group], request_timeout=5)
    held = [
        sum(each.topic == system.topic(TICKS) for each in member.assignment.topic_partitions)
        for member in asked[system.group].result().members
    ]
    return sorted(held)


def write_outside(system: System, service: str) -> str:
    """Try to write beside the volume and the temporary files; return what is said."""
    script = "for each in / ~ /usr/local /var/tmp; do touch $each/x 2>&1; done; true"
    return system.run_in(service, "sh", "-c", script)


def test_every_service_is_healthy(ran: Ran) -> None:
    assert len(ran.health) == 3 + 3 + 2
    assert set(ran.health.values()) == {"healthy"}


def test_rows_agree_with_the_oracle_over_an_upgrade_and_three_workers(ran: Ran) -> None:
    rows = table_rows(ran.data / "signals.db")["signal_rows"]

    assert differences({row["signal_id"]: row for row in rows}, ran.wanted) == []


def test_the_audit_in_the_container_finds_no_difference(ran: Ran) -> None:
    assert ran.audited.startswith("audit=0 ")
    assert ran.audited.endswith("unsettled=0")


def test_reports_are_written_and_can_be_asked_for(ran: Ran) -> None:
    assert differences(csv_rows(ran.data), ran.wanted) == []
    assert (ran.data / "llm_performance.txt").read_text() == ran.report.rstrip("\n")


def test_every_process_of_ours_ends_with_status_0_before_it_is_killed(ran: Ran) -> None:
    assert len(ran.ended) == 3 + 2
    assert set(ran.ended.values()) == {0}


def test_processes_are_not_root_and_write_to_their_volume_alone(ran: Ran) -> None:
    for each in ran.containers:
        assert each["HostConfig"]["ReadonlyRootfs"]
        assert each["HostConfig"]["CapDrop"] == ["ALL"]
    assert {
        each["Name"]: each["RestartCount"] for each in ran.containers if each["RestartCount"]
    } == {}
    assert ran.ids == {"1000"}
    for said in ran.written_outside.values():
        assert said.count("Read-only file system") == 4, said


def test_ports_are_published_on_loopback_alone(ran: Ran) -> None:
    published = [
        binding["HostIp"]
        for each in [*ran.brokers, *ran.containers]
        for bindings in each["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    ]

    assert published == ["127.0.0.1"] * len(BROKERS)


def test_the_image_says_which_version_it_is(ran: Ran) -> None:
    image = ran.containers[0]["Image"]
    told = docker("run", "--rm", "--read-only", "--network", "none", image, "--version")

    assert told.startswith("signal-tracker, version ")
