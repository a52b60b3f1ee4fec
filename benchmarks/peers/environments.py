"""Make the peers' environments: a venv for each Python peer, Maven's jars for Kafka Streams."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import click

from benchmarks.contest import run_command
from benchmarks.job import Job, Measured

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = Path("build/peers")
_INSTALL_SECONDS = 600

Command: TypeAlias = Callable[[Job], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A stream processor: how it is made ready and run; `floor` is how often we are as fast."""

    key: str
    name: str
    floor: float | None
    make: Callable[[Path], str]
    command: Command
    # it reads one so-manieth of the ticks, where it is slow
    fewer: int = 1

    def prepare(self) -> bool:
        """Make the environment where it is missing; say so and return False where it cannot be."""
        trouble = self.make(BUILD)
        if trouble:
            click.echo(f"{self.name} is left out: {trouble}", err=True)
        return not trouble

    def run(self, job: Job) -> Measured:
        """Run the peer on the job."""
        # its environment holds none of our libraries, but may read our two pure modules
        return run_command(self.command(job), job, env={**os.environ, "PYTHONPATH": str(ROOT)})


def _venv(name: str) -> Callable[[Path], str]:
    def make(build: Path) -> str:
        home, wanted = build / name, HERE / f"requirements-{name}.txt"
        stamp = home / "installed.txt"
        if stamp.exists() and stamp.read_text() == wanted.read_text():
            return ""
        click.echo(f"making the environment of {name}, once", err=True)
        shutil.rmtree(home, ignore_errors=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        for argv in (
            [sys.executable, "-m", "venv", str(home)],
            [*pip, "install", "--quiet", "--no-input", "-r", str(wanted)],
        ):
            trouble = _run(argv)
            if trouble:
                return trouble
        stamp.write_text(wanted.read_text())
        return ""

    return make


def _python(name: str) -> Command:
    def command(job: Job) -> list[str]:
        python = (BUILD / name / "bin" / "python").absolute()
        return [str(python), "-m", f"benchmarks.peers.on_{name}", job.to_argument()]

    return command


def _jar(build: Path) -> str:
    missing = [each for each in ("java", "mvn") if shutil.which(each) is None]
    if missing:
        return f"there is no {' and no '.join(missing)}"
    home, project = build / "kafka_streams", HERE / "kafka_streams"
    sources = [project / "pom.xml", *project.glob("src/main/java/*.java")]
    text = "".join(each.read_text() for each in sources)
    stamp = home / "built.txt"
    if stamp.exists() and stamp.read_text() == text:
        return ""
    click.echo("building the Kafka Streams peer, once", err=True)
    out = f"-DbuildDirectory={home.absolute()}"
    goals = ["package", "dependency:copy-dependencies", f"-DoutputDirectory={home.absolute()}/libs"]
    trouble = _run(["mvn", "-q", "-B", "-f", str(project / "pom.xml"), out, *goals])
    if not trouble:
        stamp.write_text(text)
    return trouble


def _java(threads: int) -> Command:
    def command(job: Job) -> list[str]:
        home = (BUILD / "kafka_streams").absolute()
        path = f"{home}/classes:{home}/libs/*"
        words = [
            job.broker,
            job.topic,
            job.app_id,
            str(job.records),
            str(job.ticks_per_record),
            job.folder,
            str(threads),
        ]
        return ["java", "-Xms512m", "-Xmx1g", "-cp", path, "Quotes", *words]

    return command


def _run(argv: list[str]) -> str:
    try:
        done = subprocess.run(
            argv, check=False, capture_output=True, text=True, timeout=_INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"{argv[0]} was not done within {_INSTALL_SECONDS} s"
    if not done.returncode:
        return ""
    words = (done.stderr or done.stdout).strip().splitlines()
    return words[-1] if words else f"{argv[0]} ended with status {done.returncode}"


PEERS = (
    Peer(
        key="bytewax",
        name="Bytewax",
        floor=1.2,
        make=_venv("bytewax"),
        command=_python("bytewax"),
    ),
    Peer(
        key="kafka_streams",
        name="Kafka Streams, 1 thread",
        floor=1.2,
        make=_jar,
        command=_java(1),
    ),
    Peer(
        key="kafka_streams_2_threads",
        name="Kafka Streams, 2 threads",
        floor=None,
        make=_jar,
        command=_java(2),
    ),
    Peer(
        key="quix",
        name="Quix Streams",
        floor=4.0,
        make=_venv("quix"),
        command=_python("quix"),
        fewer=5,
    ),
)
