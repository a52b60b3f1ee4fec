"""What was published, through the whole topology in one process, to signals.db and its report."""

import json
import math
import random
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from schemas import topics
from schemas.codec import encode
from schemas.policy import Policy, PolicyVersions
from schemas.records import SignalState, Tick
from sinks.evidence.cohort import Cohort
from sinks.report import JudgedReport, build_report
from sinks.rows import SignalRow
from sinks.snapshot import DATABASE
from sinks.sqlite_queries import connect_read_only, read_rows, reading
from streams.domain.tracker import PartitionTracker, Rules
from streams.policy_files import load_policy
from tests.builders import make_batch
from tests.oracle.bars import LATENESS_MS, session_named, sessions_of
from tests.oracle.examples import closes, signal
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import Events, publish
from tests.topology.log import Log
from tests.unit.streams.fold import BOOK, apply, apply_ticks

Row = dict[str, Any]

FIRST = "2024-01-02"
WINDOW = 31  # the entry and 30 observations
RISING = [100.0 + 0.5 * at for at in range(40)]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a run left behind."""

    folder: Path
    report: JudgedReport
    log: Log

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def rows(self) -> dict[str, SignalRow]:
        return {each.signal_id: each for each in self.report.signals}

    @property
    def row(self) -> SignalRow:
        """The only signal."""
        [found] = self.report.signals
        return found

    @property
    def cohorts(self) -> list[Cohort]:
        """The finest cohorts, without their roll-ups."""
        return [each for each in self.report.cohorts if each.key.level == "cohort"]

    @property
    def cohort(self) -> Cohort:
        """The only one of them."""
        [found] = self.cohorts
        return found

    def text(self, name: str = "llm_performance.txt") -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(connect_read_only(self.database)) as connection:
            return connection.execute(sql).fetchall()


def tell(folder: Path, *parts: Events, delivery: Delivery | None = None, **how: Any) -> Told:
    """Publish each part when all before it is processed, by new workers; then report."""
    topology = Topology(delivery or Delivery(chunk=5_000))
    for part in parts:
        publish(topology, part, **how)
        topology.run()
    return told_of(topology, folder)


def tell_columns(folder: Path, signals: list[Row], ticks: Iterable[Sequence[Row]]) -> Told:
    """The same of many, with each ticker's ticks in one batch."""
    topology = Topology(Delivery(chunk=5_000))
    for some in ticks:
        batch = make_batch(ticks=[Tick(**each) for each in some])
        topology.publish(topics.TICKS, 0, encode(batch))
    publish(topology, Events(signals=signals))
    topology.run()
    return told_of(topology, folder)


def told_of(topology: Topology, folder: Path) -> Told:
    materialise(topology.log, folder)
    with reading(folder / DATABASE) as connection:
        report = build_report(read_rows(connection))
    return Told(folder=folder, report=report, log=topology.log)


def close_ms(label: str, ticker: str = "AAPL") -> int:
    found = session_named(ticker, label)
    assert found is not None
    return found.close_ms


def before_close(label: str, ticker: str = "AAPL") -> int:
    """A millisecond before a session's close: the last moment to enter at it."""
    return close_ms(label, ticker) - 1


def one(prices: Sequence[float], **fields: Any) -> Events:
    """A signal just before the first of these closes, which is its entry."""
    ticker = fields.get("ticker", "AAPL")
    fields = {"generated_at_ms": before_close(FIRST, ticker), **fields}
    return Events(signals=[signal(**fields)], ticks=closes(prices, ticker=ticker))


def with_history(prices: Sequence[float], count: int = 100) -> list[Row]:
    """These closes from FIRST on, and a calm rising market before."""
    before = [each.label for each in sessions_of("AAPL") if each.label < FIRST][-count:]
    return closes(calm(count), first=before[0]) + closes(prices)


def calm(count: int, start: float = 80.0) -> list[float]:
    """Closes that rise slowly, always with the same swing."""
    return [round(start * 1.001**at * (1.004 if at % 2 else 1.0), 4) for at in range(count)]


def random_walk(rng: random.Random, count: int, daily: float = 0.02) -> list[float]:
    """Closes without any drift."""
    price, found = 100.0, []
    for _ in range(count):
        found.append(round(price, 6))
        price *= math.exp(rng.gauss(-daily * daily / 2, daily))
    return found


def folded(policy: Policy | str, events: Events) -> dict[str, SignalState]:
    """The states of signals that another policy judges, by the pure fold."""
    policies = (
        load_policy(policy) if isinstance(policy, str) else PolicyVersions(versions=(policy,))
    )
    rules = Rules(calendar_of=BOOK, policies=policies, lateness_ms=LATENESS_MS)
    tracker = PartitionTracker(rules)
    states = dict(apply(tracker, topics.SIGNALS, events.signals).states)
    states |= apply(tracker, topics.CORPORATE_ACTIONS, events.actions).states
    states |= apply_ticks(tracker, events.ticks).states
    return {signal_id: state for (_, signal_id), state in states.items()}


def to_the_end(last: float, observations: int = 30) -> list[float]:
    """An entry at 100 that nothing moves before the last observation."""
    return [100.0] * observations + [last]


def together(*parts: Events) -> Events:
    """All of them as one."""
    whole = Events()
    for part in parts:
        whole.signals += part.signals
        whole.ticks += part.ticks
        whole.actions += part.actions
        whole.decisions += part.decisions
    return whole


def judged_by(told: Told, policy: str) -> JudgedReport:
    """What a shipped policy says of the cohorts in a database that another one filled."""
    with reading(told.database) as connection:
        rows = read_rows(connection)
    return build_report(replace(rows, policy=load_policy(policy).at(0)))


def strict_json(text: str) -> Any:
    """JSON that any reader takes: without NaN and Infinity."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)
