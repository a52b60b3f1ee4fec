"""The peer: Bytewax with recovery, by its operators for batches, which are its fastest."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from bytewax import operators as op
from bytewax._bytewax import init_db_dir
from bytewax.connectors.kafka import KafkaSource
from bytewax.connectors.stdio import StdOutSink
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

from benchmarks.job import Clock, Job

Quote = tuple[float, float, float, int]


class _Keep(StatefulBatchLogic[float, int, Quote]):  # type: ignore[misc]
    def __init__(self, held: Quote | None) -> None:
        self._held = held

    def on_batch(self, values: list[float]) -> tuple[Iterable[int], bool]:
        _, high, low, count = self._held or (0.0, values[0], values[0], 0)
        self._held = values[-1], max(high, *values), min(low, *values), count + len(values)
        return (len(values),), StatefulBatchLogic.RETAIN

    def snapshot(self) -> Quote | None:
        return self._held


def _parsed(messages: list[Any]) -> Iterator[tuple[str, float]]:
    for message in messages:
        tick = orjson.loads(message.value)
        yield tick["ticker"], tick["price"]


def run(job: Job) -> None:
    """Keep last, high, low and count of each ticker until the job is done."""
    clock = Clock(job)
    done = False

    def count(kept: list[tuple[str, int]]) -> Iterable[str]:
        nonlocal done
        if not done and clock.count(sum(ticks for _, ticks in kept)):
            done = True
            clock.stop()
        return ()

    flow = Dataflow("quotes")
    source = KafkaSource([job.broker], [job.topic], tail=False, batch_size=5_000)
    messages = op.input("read", flow, source)
    ticks = op.flat_map_batch("parse", messages, _parsed)
    kept = op.stateful_batch("keep", ticks, _Keep)
    op.output("nothing", op.flat_map_batch("count", kept, count), StdOutSink())
    folder = Path(job.folder) / "recovery"
    folder.mkdir()
    init_db_dir(folder, 1)
    cli_main(flow, epoch_interval=timedelta(seconds=1), recovery_config=RecoveryConfig(str(folder)))


if __name__ == "__main__":
    run(Job.from_argv())
