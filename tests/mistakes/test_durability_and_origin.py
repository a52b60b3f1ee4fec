"""Rows 7 to 12: what is kept whatever happens, and where a signal and its time come from."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from producers.errors import ModelError
from producers.generate import GenerateOptions, generate_signals
from schemas.codec import to_fields
from signal_tracker.cli import run
from sinks.replacing import replace_file
from tests.mistakes.ledger import row
from tests.mistakes.world import (
    FIRST,
    RISING,
    WINDOW,
    before_close,
    calm,
    close_ms,
    one,
    tell,
    told_of,
    with_history,
)
from tests.oracle.examples import closes, days, signal
from tests.topology.driver import Delivery, Topology
from tests.topology.events import Events, publish
from tests.unit.producers.reading import ticks_of


@row("7")
def test_what_was_observed_outlives_workers_that_die(tmp_path: Path) -> None:
    first, second = one(RISING[:20]), Events(ticks=closes(RISING[:WINDOW])[20:])
    delivery = Delivery(chunk=4, dies_after=(3, 2, 4, 1))

    topology = Topology(delivery)
    for part in (first, second):
        publish(topology, part)
        topology.run()
    told = told_of(topology, tmp_path)

    assert topology.crashes >= 3
    assert (told.row.observations, told.row.verdict_status) == (30, "passed")
    assert len(told.select("SELECT session FROM signal_observations")) == 30


@row("8")
def test_a_report_reads_and_a_crash_in_it_leaves_the_old_file_whole(tmp_path: Path) -> None:
    told = tell(tmp_path, one(RISING[:WINDOW]))
    held = {each: each.read_bytes() for each in tmp_path.iterdir() if each.is_file()}
    output = tmp_path / "mine.txt"

    assert run(["report", "--data", str(tmp_path), "--output", str(output)]) == 0
    with pytest.raises(UnicodeEncodeError):
        replace_file(output, "half of a report \ud800")

    assert {each: each.read_bytes() for each in held} == held
    assert output.read_text() == told.text()
    assert [each.name for each in tmp_path.glob("*.tmp")] == []
    with output.open() as reader:
        replace_file(output, "new")
        assert reader.read() == told.text()


@row("8")
def test_registering_writes_the_same_however_many_there_are() -> None:
    topology, sizes = Topology(Delivery(chunk=1)), [0]
    for start in (0, 40, 80):
        many = [signal(signal_id=f"s-{start + at:03}") for at in range(40)]
        publish(topology, Events(signals=many))
        topology.run()
        entries = (each for part in topology.log.entries.values() for each in part)
        sizes.append(sum(len(each.value or b"") for each in entries))

    first, second, third = (after - before for before, after in pairwise(sizes))
    assert second == pytest.approx(third, rel=0.05)
    assert third < 1.2 * first


@row("9")
def test_the_same_ticks_again_are_no_new_observations(tmp_path: Path) -> None:
    told = tell(tmp_path, one(RISING[:6]), one(RISING[:6]), rng=random.Random(4), doubled=True)

    assert told.row.observations == 5
    seen = told.select("SELECT session, close FROM signal_observations ORDER BY session")
    assert seen == list(zip(days(FIRST, 6), RISING, strict=False))[1:]
    counts = Counter(told.select("SELECT to_status FROM transitions"))
    assert set(counts.values()) == {1}


@row("10")
def test_what_the_screen_refuses_keeps_its_action_and_is_judged_like_the_rest(
    tmp_path: Path,
) -> None:
    unsure = [
        signal(signal_id="up", confidence=0.2),
        signal(signal_id="down", confidence=0.2, action="SELL"),
    ]
    told = tell(tmp_path, Events(signals=unsure, ticks=with_history(RISING[:WINDOW])))

    assert {each.screen["status"] for each in told.rows.values()} == {"failed"}
    assert [(each.action, each.hit) for each in told.report.signals] == [
        ("SELL", "miss"),
        ("BUY", "hit"),
    ]


class _Broken:
    model = "gpt"

    def ask(self, ticker: str, closes: object) -> Any:
        del closes
        msg = f"no answer for {ticker}"
        raise ModelError(msg)


@row("11")
def test_where_the_model_was_silent_the_signal_says_so_and_is_no_live_evidence(
    tmp_path: Path,
) -> None:
    options = GenerateOptions(generated_at_ms=before_close(FIRST), data_kind="live", model="gpt")
    [spoken] = generate_signals(["AAPL"], lambda _: calm(80), options, model=_Broken())
    fallback = {**to_fields(spoken), "signal_id": "fallback", "action": "BUY"}
    signals = [fallback, signal(signal_id="made-up", data_kind="synthetic", source_kind="llm")]

    told = tell(tmp_path, Events(signals=signals, ticks=closes(RISING[:WINDOW])))

    assert (spoken.source_kind, spoken.model) == ("fallback", "fallback:gpt")
    assert {each.signal_id: each.data_class for each in told.report.signals} == {
        "fallback": "fallback",
        "made-up": "synthetic",
    }
    by_class = {each.name: each.total for each in told.report.counted.by_data_class}
    assert (by_class["live"], by_class["fallback"], by_class["synthetic"]) == (0, 1, 1)
    assert not [each for each in told.report.cohorts if each.key.data_class == "live"]
    against = [told.report.readiness[name].against for name in ("fallback", "made-up")]
    assert "fallback is not live evidence" in against[0]
    assert "synthetic is not live evidence" in against[1]


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def local_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@row("12")
def test_dates_are_those_of_utc_and_of_the_exchange_wherever_it_runs(
    local_zone: str, tmp_path: Path
) -> None:
    evening = close_ms(FIRST) + 3 * 3_600_000 - 1  # 23:59:59.999 UTC, the next day in Tokyo
    ticks = [
        {"ticker": "AAPL", "price": price, "ts_event_ms": close_ms(label) - 1000, "final": True}
        # from winter time to summer time in New York
        for label, price in zip(days("2024-03-07", 4), RISING, strict=False)
    ]
    told = tell(
        tmp_path,
        Events(signals=[signal(generated_at_ms=evening)], ticks=[*closes([99.0, 100.0]), *ticks]),
    )

    assert told.row.signal_date == FIRST, local_zone
    assert told.row.entry_session == "2024-01-03"
    assert told.row.created_at == "2024-01-02T23:59:59.999Z"
    assert [label for (label,) in told.select("SELECT session FROM bars ORDER BY session")][2:] == [
        "2024-03-07", "2024-03-08", "2024-03-11", "2024-03-12",
    ]  # fmt: skip


@row("12")
def test_a_time_without_a_zone_is_refused() -> None:
    ticks, refused = ticks_of("timestamp,ticker,close\n2024-01-02 15:00:00,AAPL,100\n")

    assert ticks == []
    assert len(refused) == 1
    assert "--tz" in refused[0]
