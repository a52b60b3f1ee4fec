"""The peer: Quix Streams, a stateful function a record; state in RocksDB with a changelog topic."""

from typing import Any

from quixstreams import Application, State

from benchmarks.job import Clock, Job


def run(job: Job) -> None:
    """Keep last, high, low and count of each ticker until the job is done."""
    app = Application(
        broker_address=job.broker,
        consumer_group=job.app_id,
        auto_offset_reset="earliest",
        state_dir=f"{job.folder}/state",
        loglevel="WARNING",
    )
    clock = Clock(job)
    done = False

    def keep(tick: dict[str, Any], state: State) -> None:
        nonlocal done
        price = tick["price"]
        held = state.get("quote")
        if held is None:
            state.set("quote", [price, price, price, 1])
        else:
            _, high, low, count = held
            state.set("quote", [price, max(high, price), min(low, price), count + 1])
        if not done and clock.count(1):
            done = True
            clock.stop()
            app.stop()

    ticks = app.dataframe(app.topic(job.topic, value_deserializer="json"))
    ticks.update(keep, stateful=True)
    app.run()


if __name__ == "__main__":
    run(Job.from_argv())
