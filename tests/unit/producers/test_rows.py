"""Files of signals, actions and decisions to records: formats, times, refused lines."""

import io
import json
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producers.errors import InputError
from schemas.records import CorporateAction, Decision, Signal
from tests.unit.producers.reading import records_of

FIELDS: dict[str, Any] = {
    "ticker": "AAPL",
    "action": "BUY",
    "confidence": 0.6,
    "generated_at_ms": 1_577_998_860_000,
    "source": "desk",
    "source_kind": "rule",
    "model": "m",
}
SIGNAL = Signal(**FIELDS)


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_the_same_signals_come_from_every_format() -> None:
    rows = [
        {**FIELDS, "horizon_sessions": 5, "reasoning": "because, it says"},
        {**FIELDS, "horizon_sessions": None, "reasoning": None, "action": "sell"},
    ]
    frame = pd.DataFrame(rows)
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    dropped = [{name: value for name, value in row.items() if value is not None} for row in rows]

    expected = [
        Signal(**{**FIELDS, "horizon_sessions": 5, "reasoning": "because, it says"}),
        Signal(**{**FIELDS, "action": "SELL"}),
    ]

    assert records_of(lines(*dropped), Signal) == (expected, [])
    assert records_of(frame.to_csv(index=False), Signal) == (expected, [])
    assert records_of(buffer.getvalue(), Signal) == (expected, [])


def test_every_field_of_a_signal_survives_csv_and_json() -> None:
    full = Signal(
        **FIELDS,
        signal_id="my-1",
        horizon_sessions=10,
        model_version="v2",
        data_kind="replay",
        reasoning='a "quoted" word,\nand a second line',
        risk_level="low",
        entry_price=0.1,
        target_price=1e-7,
        stop_loss=3.0,
        position_size=2.0,
        expected_return=-0.05,
        latency_seconds=1.5,
        indicators={"rsi_14": 55.5},
    )
    row = {**asdict(full), "indicators": json.dumps(full.indicators)}

    assert records_of(lines(asdict(full)), Signal) == ([full], [])
    assert records_of(pd.DataFrame([row]).to_csv(index=False), Signal) == ([full], [])


@pytest.mark.parametrize(
    "moment", ["2020-01-02T21:01:00Z", "2020-01-02 16:01:00-05:00", "2020-01-02T22:01+01:00"]
)
def test_generated_at_may_stand_in_iso_8601(moment: str) -> None:
    row = {name: value for name, value in FIELDS.items() if name != "generated_at_ms"}
    text = lines({**row, "Generated_At": moment})

    assert records_of(text, Signal) == ([SIGNAL], [])


def test_a_time_without_an_offset_needs_a_time_zone() -> None:
    row = {name: value for name, value in FIELDS.items() if name != "generated_at_ms"}
    text = lines({**row, "generated_at": "2020-01-02T16:01:00"})

    assert records_of(text, Signal, tz=ZoneInfo("America/New_York")) == ([SIGNAL], [])
    assert records_of(text, Signal) == (
        [],
        [
            "line 1: generated_at: expected an ISO 8601 time with an offset, or --tz, "
            "was '2020-01-02T16:01:00'"
        ],
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"confidence": 1.5}, "confidence: expected 0.0 to 1.0, was 1.5"),
        ({"action": "MAYBE"}, "action: expected one of BUY, SELL, HOLD, was 'MAYBE'"),
        ({"price": 5}, "price: unknown field of Signal"),
        ({"confidence": "high"}, "confidence: expected double, was 'high'"),
        ({"generated_at": "2020-01-02T21:01:00Z"}, "generated_at: expected it or generated_at_ms"),
        ({"generated_at_ms": 253_402_300_800_000}, "generated_at_ms: expected a time from 1980"),
        ({"horizon_sessions": 401}, "horizon_sessions: expected 1 to 400, was 401"),
        ({"Ticker": "MSFT"}, "expected each field once"),
    ],
)
def test_a_bad_json_line_is_refused_with_its_number(change: dict[str, Any], reason: str) -> None:
    found, refused = records_of(lines(FIELDS, {**FIELDS, **change}, FIELDS), Signal, "jsonl")

    assert found == [SIGNAL, SIGNAL]
    assert len(refused) == 1
    assert refused[0].startswith(f"line 2: {reason}")


def test_an_unknown_csv_column_refuses_the_file_by_name() -> None:
    text = pd.DataFrame([{**FIELDS, "sharpe": 1, "alpha": 2}]).to_csv(index=False)

    with pytest.raises(InputError, match="unknown column 'sharpe', 'alpha' of Signal"):
        records_of(text, Signal)


def test_a_missing_csv_column_refuses_the_file_by_name() -> None:
    text = pd.DataFrame([FIELDS]).drop(columns=["model", "generated_at_ms"]).to_csv(index=False)

    with pytest.raises(InputError, match="expected a column generated_at_ms, model for Signal"):
        records_of(text, Signal)


def test_bad_csv_lines_are_named_and_the_rest_goes_on() -> None:
    header = ",".join(FIELDS)
    good = ",".join(map(str, FIELDS.values()))
    found, refused = records_of(
        "\n".join(
            [
                header,
                good,
                good.replace("0.6", "six"),
                "",
                good + ",more",
                good.replace("desk", '"two\nlines"'),
                good.replace("desk", '"open"x'),
                good.replace("AAPL", ""),
                good,
            ]
        ),
        Signal,
        "csv",
    )

    assert found == [SIGNAL, SIGNAL]
    assert refused == [
        "line 3: confidence: expected a number, was 'six'",
        "line 5: expected 7 columns, was 8",
        "line 6: source: expected 1 to 200 printable characters, was 'two\\nlines'",
        "line 8: expected a row of CSV: ',' expected after '\"'",
        "line 9: ticker: missing",
    ]


def test_bytes_that_are_no_text_refuse_their_line_alone() -> None:
    good = ",".join(map(str, FIELDS.values())).encode()
    content = b"\n".join([",".join(FIELDS).encode(), good.replace(b"desk", b"\xff"), good])

    assert records_of(content, Signal, "csv") == ([SIGNAL], ["line 2: expected UTF-8 text"])


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    text = pd.DataFrame([FIELDS]).to_csv(index=False).encode("utf-8-sig")

    assert records_of(text, Signal) == ([SIGNAL], [])


def test_a_fixed_ticker_stands_in_for_rows_without_one() -> None:
    row = {name: value for name, value in FIELDS.items() if name != "ticker"}

    assert records_of(lines(row), Signal, ticker="AAPL") == ([SIGNAL], [])
    assert records_of(pd.DataFrame([row]).to_csv(index=False), Signal, ticker="AAPL") == (
        [SIGNAL],
        [],
    )


def test_actions_and_decisions_are_read_by_their_own_fields() -> None:
    action = (
        "ticker,ex_date,kind,ratio,amount\n"
        "AAPL,2020-08-31,split,4,\n"
        "AAPL,2020-08-07,Dividend,,0.82\n"
    )
    decision = lines(
        {
            "decision_id": "d1",
            "signal_id": "s1",
            "ticker": "AAPL",
            "kind": "cancel",
            "decided_at": "2020-01-02T21:01:00Z",
        }
    )

    assert records_of(action, CorporateAction) == (
        [
            CorporateAction(ticker="AAPL", ex_date="2020-08-31", kind="split", ratio=4.0),
            CorporateAction(ticker="AAPL", ex_date="2020-08-07", kind="dividend", amount=0.82),
        ],
        [],
    )
    assert records_of(decision, Decision) == (
        [
            Decision(
                decision_id="d1",
                signal_id="s1",
                ticker="AAPL",
                kind="cancel",
                decided_at_ms=1_577_998_860_000,
            )
        ],
        [],
    )


def test_numbers_beyond_a_double_are_refused() -> None:
    text = ",".join(FIELDS) + "\n" + ",".join(map(str, FIELDS.values())).replace("0.6", "1e999")

    assert records_of(text, Signal, "csv") == (
        [],
        ["line 2: confidence: expected a number, was '1e999'"],
    )


def test_a_cell_that_python_cannot_hold_refuses_its_row_alone() -> None:
    beyond = pa.array([0, 2**62, 1_577_998_860_000_000], pa.timestamp("us", tz="UTC"))
    names = [name for name in FIELDS if name != "generated_at_ms"]
    table = pa.table({name: [FIELDS[name]] * 3 for name in names} | {"generated_at": beyond})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)

    signals, refused = records_of(buffer.getvalue(), Signal)

    assert [each.generated_at_ms for each in signals] == [1_577_998_860_000]
    assert [each[:7] for each in refused] == ["line 1:", "line 2:"]
    assert refused[1] == (
        "line 2: generated_at: expected a value in range, was a timestamp[us, tz=UTC] out of range"
    )
