"""The peer: Faust as its manual shows it, an agent with one table write an event.

The Faust settings are its defaults, apart from a short session timeout, which
only makes the join quicker, and `info` logging, which spares it a debug record
an event.
"""

import faust

from benchmarks.job import Clock, Job


def run(job: Job) -> None:
    """Keep last, high, low and count of each ticker until the job is done."""
    app = faust.App(
        job.app_id,
        broker=f"kafka://{job.broker}",
        store="memory://",
        datadir=job.folder,
        web_enabled=False,
        topic_partitions=job.partitions,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=6.0,
        broker_heartbeat_interval=2.0,
    )
    ticks = app.topic(job.topic, partitions=job.partitions, key_type=str, value_serializer="json")
    quotes = app.Table("quotes", partitions=job.partitions)
    clock = Clock(job)

    @app.agent(ticks, name="keep_quotes")
    async def keep_quotes(stream: faust.StreamT[dict[str, float]]) -> None:
        done = False
        async for tick in stream:
            ticker, price = tick["ticker"], tick["price"]
            held = quotes.get(ticker)
            if held is None:
                quotes[ticker] = [price, price, price, 1]
            else:
                _, high, low, count = held
                quotes[ticker] = [price, max(high, price), min(low, price), count + 1]
            if not done and clock.count(1):
                done = True
                clock.stop()

    worker = faust.Worker(app, loglevel="INFO", quiet=True, redirect_stdouts=False)
    worker.execute_from_commandline()


if __name__ == "__main__":
    run(Job.from_argv())
