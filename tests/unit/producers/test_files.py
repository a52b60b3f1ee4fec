"""Files to records on the topics: batches, partitions, counts, refusals, progress."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from producers.batches import batches_of
from producers.errors import InputError, PublishError
from producers.files import publish_records, publish_records_file, publish_ticks_file
from producers.json_lines import json_table
from producers.memory import MemoryPublisher, Published
from producers.results import Refusal
from producers.tick_cells import COLUMNS, TickOptions
from producers.ticks import TickColumns, tick_chunk
from schemas.codec import MAX_RECORD_BYTES, decode, decode_inbound, encode
from schemas.records import CorporateAction, Decision, Signal, TickBatch
from schemas.topics import SIGNALS, TICKS, partition_of

TICKERS = ("AAPL", "MSFT", "JPM", "XOM", "WMT", "^GSPC")
FIELDS: dict[str, Any] = {
    "ticker": "AAPL",
    "action": "BUY",
    "confidence": 0.6,
    "generated_at_ms": 1_577_998_860_000,
    "source": "desk",
    "source_kind": "rule",
    "model": "m",
}


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    rows = [f"2020-01-{day:02},{each},{day}.5" for day in range(2, 12) for each in TICKERS]
    path.write_text("\n".join(["date,ticker,close", *rows, ""]))
    return path


def columns_of(count: int) -> TickColumns:
    rows = [{"date": "2020-01-02", "ticker": f"T{n % 50}", "close": n + 1} for n in range(count)]
    block = "\n".join(map(json.dumps, rows)).encode()
    return tick_chunk(json_table(block, 1, COLUMNS), TickOptions()).ticks


def batch_of(published: Published) -> TickBatch:
    record = decode(published.value)
    assert isinstance(record, TickBatch)
    return record


def rows_of(batch: TickBatch) -> list[tuple[str, int, int, float, float, int, int]]:
    columns = (
        np.frombuffer(batch.ticker_index, "<i4"),
        np.frombuffer(batch.ts_event_ms, "<i8"),
        np.frombuffer(batch.session, "<i4"),
        np.frombuffer(batch.price, "<f8"),
        np.frombuffer(batch.size, "<f8"),
        np.frombuffer(batch.flags, "u1"),
        np.frombuffer(batch.revision, "u1"),
    )
    assert len({len(column) for column in columns}) == 1
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [(batch.tickers[index], *rest) for index, *rest in rows]


def test_each_tick_lands_once_in_its_tickers_partition_in_file_order(prices: Path) -> None:
    publisher = MemoryPublisher(partition_count=4)

    result = publish_ticks_file(publisher, prices, prefix="p.")

    assert (result.sent, result.refused, result.records) == (60, 0, 60)
    assert result.ends == {("p.ticks", each.partition): 1 for each in publisher.published}
    found: dict[str, list[float]] = {}
    for published in publisher.published:
        assert (published.topic, published.key) == (f"p.{TICKS.name}", None)
        for ticker, ts, session, price, size, flags, revision in rows_of(batch_of(published)):
            assert published.partition == partition_of(ticker, 4)
            assert (ts, flags, revision) == (-1, 2, 0)
            assert np.isnan(size)
            assert session == 18_261 + int(price)
            found.setdefault(ticker, []).append(price)
    assert found == {ticker: [day + 0.5 for day in range(2, 12)] for ticker in TICKERS}


def test_a_batch_is_bounded_and_names_only_its_own_tickers() -> None:
    placed = list(batches_of(columns_of(5_000), 1, max_ticks=2_000))

    sizes = [len(each.batch.price) // 8 for each in placed]
    assert sizes == [2_000, 2_000, 1_000]
    assert [price for each in placed for *_, price, _, _, _ in rows_of(each.batch)] == [
        float(n + 1) for n in range(5_000)
    ]
    split = list(batches_of(columns_of(5_000), 8))
    assert sum(len(each.batch.tickers) for each in split) == 50


def test_a_batch_of_long_tickers_is_no_larger_than_a_record_may_be() -> None:
    ticks = columns_of(8_000)
    tickers = [f"{n:04d}".ljust(64, "\N{MATHEMATICAL BOLD CAPITAL A}") for n in range(8_000)]
    index = np.arange(8_000, dtype=np.int32)

    placed = list(batches_of(replace(ticks, tickers=tickers, ticker_index=index), 1))

    assert max(len(encode(each.batch)) for each in placed) < MAX_RECORD_BYTES
    assert sum(len(each.ticks.price) for each in placed) == 8_000


def test_no_ticks_make_no_batch() -> None:
    ticks = columns_of(1).take([])

    assert list(batches_of(ticks, 8)) == []
    assert ticks.line_count == 0


def test_a_bar_counts_as_one_line_and_four_ticks(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("date,ticker,open,high,low,close\n2020-01-02,A,2,3,1,2\n2020-01-03,A,2,3,1,x\n")
    heard: list[Refusal] = []

    result = publish_ticks_file(MemoryPublisher(), path, on_refused=heard.append)

    assert (result.sent, result.refused, result.records) == (1, 1, 4)
    assert [str(each) for each in heard] == ["line 3: close: expected a number, was 'x'"]


def test_signals_travel_under_their_ticker(tmp_path: Path) -> None:
    path = tmp_path / "signals.jsonl"
    bad = {**FIELDS, "confidence": 2}
    path.write_text("\n".join(json.dumps({**row}) for row in (FIELDS, bad, FIELDS)))
    publisher = MemoryPublisher(partition_count=8)
    heard: list[Refusal] = []

    result = publish_records_file(publisher, Signal, path, on_refused=heard.append)

    assert (result.sent, result.refused, result.records) == (2, 1, 2)
    assert [each.line for each in heard] == [2]
    for published in publisher.published:
        assert (published.topic, published.key) == (SIGNALS.name, b"AAPL")
        assert published.partition == partition_of("AAPL", 8)
        assert list(decode_inbound(published.value, SIGNALS.records)) == [(None, Signal(**FIELDS))]


def test_a_signal_beyond_the_size_limit_is_refused_at_the_door() -> None:
    heard: list[Refusal] = []
    large = Signal(**FIELDS, reasoning="x" * 2_000_000)

    result = publish_records(MemoryPublisher(), [Signal(**FIELDS), large], on_refused=heard.append)

    assert (result.sent, result.refused) == (1, 1)
    assert heard[0].line == 2
    assert f"expected at most {MAX_RECORD_BYTES} bytes" in heard[0].reason


def test_what_the_broker_calls_too_large_counts_as_refused(prices: Path) -> None:
    heard: list[Refusal] = []
    publisher = MemoryPublisher(partition_count=4, max_bytes=500)

    result = publish_ticks_file(publisher, prices, on_refused=heard.append)

    kept = sum(len(rows_of(batch_of(each))) for each in publisher.published)
    assert result.sent == result.records == kept
    assert result.refused == 60 - kept == sum(each.lines for each in heard)
    assert kept < 60
    assert "too large for the broker" in str(heard[0])


def test_a_refusal_that_nobody_hears_is_an_error() -> None:
    with pytest.raises(PublishError):
        MemoryPublisher(max_bytes=1).publish("signals", b"A", b"xx", 0)


def test_records_of_several_kinds_go_to_their_own_topics() -> None:
    publisher = MemoryPublisher()
    action = CorporateAction(ticker="AAPL", ex_date="2020-08-31", kind="split", ratio=4.0)
    decision = Decision(
        decision_id="d",
        signal_id="s",
        ticker="AAPL",
        kind="cancel",
        decided_at_ms=1_577_998_860_000,
    )

    publish_records(publisher, [action], prefix="p.")
    publish_records(publisher, [decision], prefix="p.")

    assert [each.topic for each in publisher.published] == ["p.corporate-actions", "p.decisions"]


def test_progress_ends_at_the_size_of_the_file(prices: Path) -> None:
    seen: list[tuple[int, int | None]] = []

    publish_ticks_file(
        MemoryPublisher(), prices, on_progress=lambda done, total: seen.append((done, total))
    )

    assert seen[-1] == (prices.stat().st_size, prices.stat().st_size)


def test_standard_input_has_no_total() -> None:
    seen: list[tuple[int, int | None]] = []

    result = publish_records_file(
        MemoryPublisher(),
        Signal,
        "-",
        stdin=io.BytesIO(json.dumps(FIELDS).encode()),
        on_progress=lambda done, total: seen.append((done, total)),
    )

    assert result.sent == 1
    assert seen[-1] == (0, None)


def test_a_file_that_is_none_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("a,b\n1,2\n")

    with pytest.raises(InputError, match="expected a column ticker"):
        publish_ticks_file(MemoryPublisher(), path)
