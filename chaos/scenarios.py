"""One broker of three killed under load; and all of them away for two minutes."""

import random
import time
from collections.abc import Callable
from pathlib import Path

from chaos.cluster import BROKERS, cluster
from chaos.errors import ChaosError
from chaos.load import EventWatch, Load, longest_gap, wait_for
from chaos.system import PARTITIONS, PREFIX, TICK_SECONDS, System, system
from chaos.verdict import audited
from sinks.sqlite_queries import reading

LOSS_RATE = 5_000
OUTAGE_RATE = 200
AWAY_SECONDS = 120.0
_BEFORE_S = 20.0
_DOWN_S = 20.0
_AFTER_S = 30.0
_PATIENCE_S = 300.0

Say = Callable[[str], None]


def broker_loss(seed: int, folder: Path, say: Say) -> bool:
    """Kill one broker of three under 5,000 records a second; say whether nothing was lost."""
    with cluster() as brokers, system(brokers, folder, say) as found:
        load, watch = _begin(found, LOSS_RATE)
        _let_run(found, _BEFORE_S)
        number = random.Random(seed).randrange(BROKERS)
        say(f"broker {number + 1} killed")
        brokers.kill(number)
        _let_run(found, _DOWN_S)
        say(f"broker {number + 1} started again")
        brokers.start(number)
        _let_run(found, _AFTER_S)
        until = time.monotonic()
        load.finish()
        say(f"{load.acknowledged:,} of {load.sent:,} records acknowledged")
        settled = found.run_to_the_end(_PATIENCE_S)
        watch.finish()
        by_partition = [longest_gap(times, until) for times in watch.times.values()]
        print(
            f"broker-loss: {load.sent / (_BEFORE_S + _DOWN_S + _AFTER_S):,.0f} records/s with "
            f"acks=all, {load.acknowledged:,} of {load.sent:,} acknowledged, "
            f"{len(load.signals):,} signals"
        )
        print(
            f"longest gap in validation-events: {longest_gap(watch.all_times, until):.1f} s; of "
            f"one partition: {max(by_partition):.1f} s; all judged {_seconds(settled)} later"
        )
        return _verdict(found, load, faults=1)


def outage(seed: int, folder: Path, say: Say) -> bool:
    """Let all brokers be away for two minutes; say whether everything comes back."""
    del seed
    with cluster() as brokers, system(brokers, folder, say) as found:
        load, watch = _begin(found, OUTAGE_RATE)
        _let_run(found, _BEFORE_S)
        say("all brokers killed")
        brokers.kill(*range(BROKERS))
        _let_run(found, AWAY_SECONDS)
        say("all brokers started again")
        begun = time.monotonic()
        brokers.start(*range(BROKERS))
        whole = wait_for(brokers.is_whole, found.crew.look, _PATIENCE_S)
        wait_for(lambda: bool(_since(watch, begun)), found.crew.look, _PATIENCE_S)
        _let_run(found, _AFTER_S)
        load.finish()
        settled = found.run_to_the_end(_PATIENCE_S)
        watch.finish()
        first = min(_since(watch, begun), default=None)
        print(
            f"outage: all brokers away for {AWAY_SECONDS:.0f} s; in sync again after "
            f"{_seconds(whole)}, the first event {_seconds(first)} after "
            f"their start, all judged {_seconds(settled)} after the last record"
        )
        for part in found.crew.parts:
            print(f"  {part.name}: started {part.starts} times, up: {part.is_up}")
        for (name, told), count in found.crew.ended.most_common():
            print(f"  ended by itself: {count} x {name}, {told}")
        back = all(part.is_up for part in found.crew.parts)
        return _verdict(found, load, faults=1) and back


def _begin(found: System, rate: int) -> tuple[Load, EventWatch]:
    found.begin()
    ready = wait_for(
        lambda: all("ready: judging" in each.words() for each in found.workers),
        found.crew.look,
        _PATIENCE_S,
    )
    if ready is None:
        msg = "the workers did not get ready"
        raise ChaosError(msg)
    watch = EventWatch(found.broker, PREFIX, PARTITIONS)
    watch.start()
    load = Load(found.broker, PREFIX, PARTITIONS, rate)
    load.start()
    return load, watch


def _let_run(found: System, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found.crew.look()
        time.sleep(TICK_SECONDS)


def _verdict(found: System, load: Load, faults: int) -> bool:
    differences, summary = audited(found)
    with reading(found.data / "signals.db") as connection:
        ids = {each for (each,) in connection.execute("SELECT signal_id FROM llm_signals")}
    lost = len(load.signals - ids) + len(load.failed)
    strangers = len(ids - load.signals)
    for each in differences[:10]:
        print(f"audit: {each}")
    print(f"faults={faults} lost={lost} doubled={strangers} audit={summary['audit']}")
    return not (lost or strangers or summary["audit"] or summary["unsettled"])


def _since(watch: EventWatch, begun: float) -> list[float]:
    return [each - begun for each in watch.all_times if each > begun]


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"
