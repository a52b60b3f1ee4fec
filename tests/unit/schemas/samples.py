"""One full record of each kind, and the wire samples of every version of its schema.

`python -m tests.unit.schemas.samples` writes the next version's sample of each
schema that has changed; a written sample is never changed again.
"""

import json
from pathlib import Path
from typing import Any

from schemas import records
from schemas.codec import encode, to_fields
from schemas.identity import canonical_json
from schemas.policy import CheckRule, PaperRules, Policy, content_of, hashed
from tests.builders import (
    CLOSE_MS,
    DAY_MS,
    EPOCH_MS,
    SESSION,
    make_action,
    make_batch,
    make_decision,
    make_signal,
    make_tick,
)

WIRE = Path(__file__).parents[2] / "golden" / "wire"
HASH = "5f" * 32

_CHECK = records.Check(
    name="annual_return",
    op=">=",
    required=0.1,
    actual=0.18098,
    status="pass",
    reason="annualised from the horizon's net return",
)
_POLICY = hashed(
    Policy(
        name="tracker",
        effective_from_ms=EPOCH_MS,
        min_sessions=30,
        cost_bps_per_side=5.0,
        hold_band=0.02,
        jump_guard=0.4,
        total_return=False,
        benchmark="^GSPC",
        risk_free_rate=0.04,
        also_ready=("replay",),
        screen=(CheckRule(name="confidence", op=">=", required=0.55),),
        checks=(CheckRule(name="annual_return", op=">=", required=0.1),),
        cohort=(CheckRule(name="q_value", op="<=", required=0.1),),
        paper=PaperRules(
            capital=10_000.0,
            max_position=0.02,
            max_short_position=0.01,
            max_ticker=0.2,
            max_gross=1.0,
            slippage_bps=5.0,
            impact_bps_per_10k=1.0,
            cost_bps=1.5,
        ),
    )
)
_PAYLOAD = make_signal(
    model="Modèle-3",
    model_version="2024-01",
    data_kind="replay",
    reasoning='Über 200-day mean, "strong"; 買い',
    risk_level="low",
    entry_price=185.5,
    target_price=200.0,
    stop_loss=170.25,
    position_size=0.1,
    expected_return=-0.0,
    latency_seconds=1.25,
    indicators={"rsi_14": 61.0},
)

SAMPLES: dict[str, records.Record] = {
    "signal": _PAYLOAD,
    "tick": make_tick(
        session=SESSION,
        ts_event_ms=CLOSE_MS,
        size=300.0,
        open=True,
        final=True,
        revision=2,
        source="exchange",
    ),
    "tick_batch": make_batch(
        ticks=(
            make_tick(),
            make_tick(ticker="BTC-USD", price=45_000.5, session=SESSION, final=True, revision=1),
        ),
        source="file",
    ),
    "corporate_action": make_action(revision=1, source="exchange"),
    "decision": make_decision(session=SESSION, by="me", reason="zu spät"),
    "session_bar": records.SessionBar(
        ticker="AAPL",
        session=SESSION,
        calendar="XNYS",
        session_index=11_095,
        close_ms=CLOSE_MS,
        open=187.15,
        high=188.44,
        low=183.885,
        close=185.64,
        final=True,
        revision=1,
        conflicting_close=True,
        epoch=3,
        split_ratio=2.0,
        dividend=0.24,
    ),
    "observations": records.Observations(
        ticker="AAPL",
        session="2024-01-03",
        close_ms=CLOSE_MS + DAY_MS,
        elements=[
            records.Observation(
                signal_id="s-1",
                payload_hash=HASH,
                session="2024-01-03",
                k=1,
                close=184.25,
                raw_return=-0.00748,
                signed_return=-0.00748,
                max_drawdown=0.00748,
                mae=-0.0117,
                mfe=0.0013,
            )
        ],
        epoch=3,
    ),
    "signal_state": records.SignalState(
        signal_id="s-1",
        ticker="AAPL",
        payload_hash=HASH,
        payload=_PAYLOAD,
        calendar="XNYS",
        periods_per_year=252,
        window_sessions=30,
        status="passed",
        validation_status="validated",
        screen=records.Screen(status="insufficient", checks=[_CHECK], reason="no screen"),
        policy="tracker",
        policy_hash=HASH,
        stale_after_ms=CLOSE_MS + 58 * DAY_MS,
        first_session=SESSION,
        last_session="2024-02-14",
        entry_price=185.64,
        entry_index=11_095,
        horizon_session="2024-01-09",
        net_return=0.02,
        raw_return=0.021,
        hit="hit",
        annual_return=0.18098,
        mae=-0.01,
        mfe=0.03,
        verdict=records.Verdict(
            status="passed", checks=[_CHECK], session="2024-02-14", as_of_ms=CLOSE_MS + 43 * DAY_MS
        ),
        transitions=[
            records.Transition(
                from_status=None,
                to_status="registered",
                as_of_ms=EPOCH_MS,
                reason="published",
                event_id="0" * 32,
                session=SESSION,
                decision_id="d-0",
            )
        ],
        decisions=[
            records.AppliedDecision(
                decision_id="d-1",
                kind="cancel",
                decided_at_ms=CLOSE_MS,
                by="me",
                reason="zu spät",
                applied=False,
                session=SESSION,
                refusal="`cancel` is not possible for a signal that is tracking",
            )
        ],
        quarantined=[records.Quarantined(payload_hash="6f" * 32, generated_at_ms=EPOCH_MS + 1)],
        suspect_sessions=["2024-01-05"],
        backdated=False,
        epoch=3,
    ),
    "validation_event": records.ValidationEvent(
        event_id="0" * 32,
        signal_id="s-1",
        ticker="AAPL",
        from_status="matured",
        to_status="passed",
        reason="every check passed",
        checks=[_CHECK],
        policy="tracker",
        policy_hash=HASH,
        session="2024-02-14",
        as_of_ms=CLOSE_MS + 43 * DAY_MS,
        revision=1,
        epoch=3,
    ),
    "policy_version": records.PolicyVersion(
        policy_hash=_POLICY.hash,
        name=_POLICY.name,
        effective_from_ms=_POLICY.effective_from_ms,
        content=canonical_json(content_of(_POLICY)).decode(),
        epoch=3,
    ),
    "dead_letter": records.DeadLetter(
        topic="ticks",
        partition=3,
        offset=120,
        error_class="BadJson",
        message="bad JSON",
        timestamp_ms=EPOCH_MS,
        value=b'{"price": \xff\x00',
        original_size=12,
        index=7,
        key=b"AAPL",
        headers=[
            records.RecordHeader(name="trace", value=b"\xff\x00"),
            records.RecordHeader(name="empty"),
        ],
    ),
}


def as_json(fields: Any) -> Any:
    """The fields as Avro writes them in JSON: bytes as text, one character each."""
    if isinstance(fields, bytes):
        return fields.decode("latin-1")
    if isinstance(fields, dict):
        return {name: as_json(value) for name, value in fields.items()}
    return [as_json(each) for each in fields] if isinstance(fields, list) else fields


def stored_samples(name: str) -> list[Path]:
    """The samples of a record, oldest version first."""
    return sorted(
        WIRE.glob(f"{name}.v*.avro"), key=lambda each: int(each.suffixes[-2].removeprefix(".v"))
    )


def main() -> None:
    for name, record in SAMPLES.items():
        stored, value = stored_samples(name), encode(record)
        if stored and stored[-1].read_bytes()[:10] == value[:10]:
            continue
        path = WIRE / f"{name}.v{len(stored) + 1}.avro"
        path.write_bytes(value)
        text = json.dumps(as_json(to_fields(record)), indent=1, ensure_ascii=False)
        path.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
