"""The first inputs of each target; `python -m tests.fuzz.seeds` writes them to the corpus.

What a run found stands beside them, as `found-...`, and stays.
"""

import gzip
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from schemas import topics
from schemas.codec import encode
from schemas.records import FLAG_FINAL, Observations
from signal_tracker.journal_frames import pack
from streams.rows import all_rows
from tests.builders import (
    EPOCH_MS,
    HOUR_MS,
    SESSION,
    make_action,
    make_batch,
    make_decision,
    make_policy,
    make_signal,
    make_tick,
    policy_toml,
)
from tests.fuzz.kept import MANIFEST, sample, segment
from tests.fuzz.mutation import varint
from tests.fuzz.running import CORPUS
from tests.oracle.examples import closes, signal
from tests.unit.schemas.inbound import ACTION, DECISION, SIGNAL, TICK
from tests.unit.schemas.samples import SAMPLES, WIRE
from tests.unit.sinks.samples import make_event, make_matured, make_observation, make_state
from tests.unit.streams.fold import apply, apply_ticks, new_tracker

_FULL = {
    **SIGNAL,
    "signal_id": "s-1",
    "horizon_sessions": 30,
    "model_version": "v",
    "data_kind": "live",
    "reasoning": "because é",
    "risk_level": "low",
    "entry_price": 1.5,
    "target_price": 2,
    "latency_seconds": 0.25,
    "indicators": {"rsi_14": 51.5, "sma_20": 100},
}
_HOLD = {**SIGNAL, "action": "hold", "ticker": "MSFT", "source_kind": "LLM"}
_DAY = {"ticker": "AAPL", "price": 1e-3, "session": SESSION, "final": True, "revision": 3}
_TICKS = [make_tick(price=1.5 + n, ts_event_ms=EPOCH_MS + 60_000 * n) for n in range(3)]
_MIXED = [
    make_tick(),
    make_tick(ticker="MSFT", price=2.5, size=100.0),
    make_tick(session=SESSION, final=True, revision=2),
]

_CSV_TICKS = (
    "ticker,date,open,high,low,close,volume\nAAPL,2024-01-02,1,2,0.5,1.5,100\n"
    "MSFT,2024-01-02,1.25,2,0.5,1.5,\n",
    "symbol,ts_event_ms,price,size,final,revision\nAAPL,1704207600000,1.5,3,true,0\n"
    "BTC-USD,1704207600001,1.5,,,1\n",
    "ticker,timestamp,price,session\nAAPL,2024-01-02T15:00:00Z,1.5,2024-01-02\n"
    "AAPL,2024-01-02 10:00:00-05:00,1.5,\nAAPL,2024-01-02T10:00,2,\n",
    "date,adj close,close,open,open\n2024-01-02,1,2,3,4\n",
    "Date,Close,Adj Close,High\n2024-01-02 00:00:00-05:00,10,5,12\n\n2024-01-03,11,5.5,12\n",
    "ticker,ts_event_ms,price,open\nAAPL,1704207600000,1.5,true\nAAPL,1704207600000,2,false\n",
)
_CSV_SIGNALS = (
    "ticker,action,confidence,generated_at,source,source_kind,model\n"
    "AAPL,BUY,0.6,2024-01-02T15:00:00Z,s,rule,m\nMSFT,hold,0.5,2024-01-02 15:00,s,llm,m\n",
    "ticker,action,confidence,generated_at_ms,source,source_kind,model,horizon_sessions,"
    'indicators,reasoning\nAAPL,SELL,1,1704207600000,s,rule,m,30,"{""rsi"": 5}","a, b\nc"\n',
)
_CSV_ACTIONS = (
    "ticker,ex_date,kind,ratio,amount\nAAPL,2024-01-04,split,2,\nA,2024-01-05,dividend,,0.24\n",
)
_CSV_DECISIONS = (
    "decision_id,signal_id,ticker,kind,decided_at,reason\nd,s,AAPL,cancel,2024-01-02T15:00:00Z,x\n",
)
_BAR = {"ticker": "AAPL", "date": SESSION, "open": 1, "high": 2, "low": 0.5, "close": 1.5}


def seeds() -> dict[str, list[bytes]]:
    """Return the first inputs by target."""
    return {**_records(), **_outbound(), **_texts(), **_files(), **_kept()}


def _records() -> dict[str, list[bytes]]:
    wire = [path.read_bytes() for path in sorted(WIRE.glob("*.avro"))]
    batches = [
        make_batch(ticks=_TICKS),
        make_batch(ticks=_MIXED),
        make_batch(ticks=[make_tick(ticker="BTC-USD", ts_event_ms=EPOCH_MS - n) for n in range(3)]),
        make_batch(flags=bytes([FLAG_FINAL])),
    ]
    signals = (make_signal(), make_signal(ticker="MSFT", model="m" * 80, reasoning="r" * 90))
    return {
        "wire": wire,
        "inbound-signals": [
            *_json(SIGNAL, _FULL, _HOLD, [SIGNAL, _FULL], [{"ticker": "A"}, SIGNAL], []),
            *map(encode, (*signals, SAMPLES["signal"])),
        ],
        "inbound-ticks": [
            *_json(TICK, {**TICK, "size": 5}, _DAY, [TICK, _DAY, {"price": 0}], {"ticker": "MSFT"}),
            *map(encode, (make_tick(), make_tick(ticker="MSFT"), *batches, SAMPLES["tick_batch"])),
        ],
        "inbound-actions": [
            *_json(ACTION, {**ACTION, "kind": "dividend", "amount": 0.25}, [ACTION, ACTION]),
            *map(encode, (make_action(), make_action(kind="dividend", revision=3))),
        ],
        "inbound-decisions": [
            *_json(DECISION, {**DECISION, "kind": "accept-price", "session": SESSION}, [DECISION]),
            *map(encode, (make_decision(), make_decision(ticker="MSFT", kind="STAGE"))),
        ],
    }


def _outbound() -> dict[str, list[bytes]]:
    many = [make_observation(SESSION, 7, signal_id=f"s-{n}") for n in range(8)]
    late = [make_observation(SESSION, 70 + n) for n in range(8)]
    mixed = [*many[:3], make_observation("2024-01-03", 1), make_observation(SESSION, 9000)]
    observed = [
        encode(Observations(ticker="AAPL", session=SESSION, close_ms=EPOCH_MS, elements=each))
        for each in (many, late, mixed, [], many[:1])
    ]
    return {
        "sink-states": [*map(encode, (make_state(), make_matured(), SAMPLES["signal_state"]))],
        "sink-events": [*map(encode, (make_event(), SAMPLES["validation_event"]))],
        "sink-observations": [*observed, encode(SAMPLES["observations"])],
        "sink-bars": [*_wire("session_bar")],
        "sink-policies": [*_wire("policy_version")],
        "dead-letters": [*_wire("dead_letter")],
        "fetched-batches": [
            bytes([len(each)]) + b"".join(map(_kafka, *zip(*each, strict=True)))
            for each in (
                [(0, b"k", b"value"), (1, None, b"w" * 100), (2, b"", None)],
                [(0, b"k" * 70, b"v" * 9000)],
                [(3, b"a", b"")],
            )
        ],
    }


def _texts() -> dict[str, list[bytes]]:
    from importlib.resources import files

    presets = [each.read_bytes() for each in (files("streams") / "policies").iterdir()]
    claim = {
        "action": "BUY",
        "confidence": 0.6,
        "reasoning": "The trend is bullish and the averages agree.",
        "risk_level": "low",
    }
    return {
        "policy-files": [
            policy_toml().encode(),
            policy_toml(make_policy(screen=())).encode(),
            *presets,
        ],
        "calendars": [
            b"-USD=24/7",
            b".L=XLON\n.T=XTKS",
            b"=",
            b"A=nowhere",
            b".P=XPAR=",
            b"X=us_futures",
        ],
        "model-answers": [
            orjson.dumps({"model": "v1", "choices": [{"message": {"content": each}}]})
            for each in (json.dumps(claim), "no", "[" * 60, json.dumps({**claim, "action": "hold"}))
        ],
    }


def _files() -> dict[str, list[bytes]]:
    ticks = [_DAY, TICK, _BAR, {"symbol": "A", "timestamp": "2024-01-02T15:00:00Z", "price": "1.5"}]
    signals = [_FULL, {**SIGNAL, "generated_at": "2024-01-02T15:00:00Z"}]
    del signals[1]["generated_at_ms"]
    rows = {"ticks": ticks, "signals": signals, "actions": [ACTION], "decisions": [DECISION]}
    texts = {
        "ticks": _CSV_TICKS,
        "signals": _CSV_SIGNALS,
        "actions": _CSV_ACTIONS,
        "decisions": _CSV_DECISIONS,
    }
    csv = {f"csv-{name}": [each.encode() for each in some] for name, some in texts.items()}
    csv["csv-ticks"].append(gzip.compress(csv["csv-ticks"][0], mtime=0))
    csv["csv-ticks"].append(b"\xef\xbb\xbf" + csv["csv-ticks"][1].replace(b"\n", b"\r\n"))
    lines = {
        f"jsonl-{name}": [b"\n".join(map(orjson.dumps, some)) + b"\n", orjson.dumps(some[0])]
        for name, some in rows.items()
    }
    parquet = {f"parquet-{name}": [_parquet(some[:1])] for name, some in rows.items()}
    parquet["parquet-ticks"] += [_parquet(ticks[1:2]), gzip.compress(_parquet(ticks[2:3]), mtime=0)]
    return {**csv, **lines, **parquet, "prices": [*csv["csv-ticks"], *lines["jsonl-ticks"]]}


def _kept() -> dict[str, list[bytes]]:
    whole = segment(pack(sample()[:2]), pack(sample()[2:]))
    manifests = [MANIFEST, {**MANIFEST, "bytes": len(whole)}]
    from zlib import decompress

    return {
        "journal-frames": [whole, segment(), whole[:-3]],
        "journal-payloads": [decompress(pack(sample()))],
        "journal-folders": [
            orjson.dumps(each) + b"\0\0\0\0" + content
            for each in manifests
            for content in (whole, segment())
        ],
        "state-rows": [_state()],
    }


def _state() -> bytes:
    tracker = new_tracker()
    apply(tracker, topics.SIGNALS, [signal(), signal(signal_id="two", confidence=0.7)])
    apply_ticks(tracker, closes([10.0, 11.0, 12.5]))
    apply(tracker, topics.CORPORATE_ACTIONS, [ACTION])
    cancel = {**DECISION, "signal_id": "one", "decided_at_ms": EPOCH_MS + HOUR_MS}
    apply(tracker, topics.DECISIONS, [cancel])
    rows = sorted(all_rows(tracker))
    head = orjson.dumps([(table, key.decode(), len(value)) for table, key, value in rows])
    return head + b"\n" + b"".join(value for *_, value in rows)


def _json(*contents: Any) -> list[bytes]:
    return [orjson.dumps(each) for each in contents]


def _wire(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(WIRE.glob(f"{name}.*.avro"))]


def _kafka(later: int, key: bytes | None, value: bytes | None) -> bytes:
    parts = (varint(-1) if each is None else varint(len(each)) + each for each in (key, value))
    content = b"\0" + varint(later) + varint(later) + b"".join(parts) + b"\0"
    return varint(len(content)) + content


def _parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(each) for each in rows]), out, store_schema=False)
    return out.getvalue()


def main() -> None:
    """Write the corpus anew, but for what runs found."""
    for name, values in seeds().items():
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("seed-*"):
            path.unlink()
        for number, value in enumerate(values, 1):
            (folder / f"seed-{number:02d}").write_bytes(value)


if __name__ == "__main__":
    main()
