"""Hypothesis strategies of whole records: everything that a schema can carry."""

from typing import Any

from hypothesis import strategies as st

from schemas import records

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
ints = st.integers(-(2**31), 2**31 - 1)
longs = st.integers(-(2**63), 2**63 - 1)
# NaN is equal to nothing, so a round trip with it cannot be compared.
doubles = st.floats(allow_nan=False)
blobs = st.binary(max_size=40)
texts_or_none = st.none() | texts
doubles_or_none = st.none() | doubles

signals = st.builds(
    records.Signal,
    ticker=texts,
    action=texts,
    confidence=doubles,
    generated_at_ms=longs,
    source=texts,
    source_kind=texts,
    model=texts,
    signal_id=texts_or_none,
    horizon_sessions=st.none() | ints,
    model_version=texts,
    data_kind=texts,
    reasoning=texts_or_none,
    risk_level=texts_or_none,
    entry_price=doubles_or_none,
    target_price=doubles_or_none,
    stop_loss=doubles_or_none,
    position_size=doubles_or_none,
    expected_return=doubles_or_none,
    latency_seconds=doubles_or_none,
    indicators=st.none() | st.dictionaries(texts, doubles, max_size=3),
)
ticks = st.builds(
    records.Tick,
    ticker=texts,
    price=doubles,
    ts_event_ms=st.none() | longs,
    session=texts_or_none,
    size=doubles_or_none,
    open=st.booleans(),
    final=st.booleans(),
    revision=ints,
    source=texts,
)
batches = st.builds(
    records.TickBatch,
    tickers=st.lists(texts, max_size=3),
    ticker_index=blobs,
    ts_event_ms=blobs,
    session=blobs,
    price=blobs,
    size=blobs,
    flags=blobs,
    revision=blobs,
    source=texts,
)
actions = st.builds(
    records.CorporateAction,
    ticker=texts,
    ex_date=texts,
    kind=texts,
    ratio=doubles_or_none,
    amount=doubles_or_none,
    revision=ints,
    source=texts,
)
decisions = st.builds(
    records.Decision,
    decision_id=texts,
    signal_id=texts,
    ticker=texts,
    kind=texts,
    decided_at_ms=longs,
    session=texts_or_none,
    by=texts,
    reason=texts,
)
bars = st.builds(
    records.SessionBar,
    ticker=texts,
    session=texts,
    calendar=texts,
    session_index=ints,
    close_ms=longs,
    open=doubles,
    high=doubles,
    low=doubles,
    close=doubles,
    final=st.booleans(),
    revision=ints,
    conflicting_close=st.booleans(),
    epoch=longs,
    split_ratio=doubles,
    dividend=doubles,
)
elements = st.builds(
    records.Observation,
    signal_id=texts,
    payload_hash=texts,
    session=texts,
    k=ints,
    close=doubles,
    raw_return=doubles,
    signed_return=doubles,
    max_drawdown=doubles,
    mae=doubles,
    mfe=doubles,
)
observations = st.builds(
    records.Observations,
    ticker=texts,
    session=texts,
    close_ms=longs,
    elements=st.lists(elements, max_size=3),
    epoch=longs,
)
checks = st.builds(
    records.Check,
    name=texts,
    op=texts,
    required=doubles,
    actual=doubles_or_none,
    status=texts,
    reason=texts,
)
some_checks = st.lists(checks, max_size=2)
screens = st.builds(records.Screen, status=texts, checks=some_checks, reason=texts)
verdicts = st.builds(
    records.Verdict, status=texts, checks=some_checks, session=texts, as_of_ms=longs
)
transitions = st.builds(
    records.Transition,
    to_status=texts,
    as_of_ms=longs,
    reason=texts,
    event_id=texts,
    from_status=texts_or_none,
    session=texts_or_none,
    decision_id=texts_or_none,
)
applied = st.builds(
    records.AppliedDecision,
    decision_id=texts,
    kind=texts,
    decided_at_ms=longs,
    by=texts,
    reason=texts,
    applied=st.booleans(),
    session=texts_or_none,
    refusal=texts_or_none,
)
lost = st.builds(records.Quarantined, payload_hash=texts, generated_at_ms=longs)
states = st.builds(
    records.SignalState,
    signal_id=texts,
    ticker=texts,
    payload_hash=texts,
    payload=signals,
    calendar=texts,
    periods_per_year=ints,
    window_sessions=ints,
    status=texts,
    validation_status=texts,
    screen=screens,
    policy=texts,
    policy_hash=texts,
    stale_after_ms=longs,
    first_session=texts_or_none,
    last_session=texts_or_none,
    entry_price=doubles_or_none,
    entry_index=st.none() | ints,
    horizon_session=texts_or_none,
    net_return=doubles_or_none,
    raw_return=doubles_or_none,
    hit=texts_or_none,
    annual_return=doubles_or_none,
    mae=doubles_or_none,
    mfe=doubles_or_none,
    verdict=st.none() | verdicts,
    transitions=st.lists(transitions, max_size=2),
    decisions=st.lists(applied, max_size=2),
    quarantined=st.lists(lost, max_size=2),
    suspect_sessions=st.lists(texts, max_size=2),
    backdated=st.none() | st.booleans(),
    epoch=longs,
)
events = st.builds(
    records.ValidationEvent,
    event_id=texts,
    signal_id=texts,
    ticker=texts,
    from_status=texts_or_none,
    to_status=texts,
    reason=texts,
    checks=some_checks,
    policy=texts,
    policy_hash=texts,
    session=texts_or_none,
    as_of_ms=longs,
    revision=ints,
    epoch=longs,
)
policies = st.builds(
    records.PolicyVersion,
    policy_hash=texts,
    name=texts,
    effective_from_ms=longs,
    content=texts,
    epoch=longs,
)
letters = st.builds(
    records.DeadLetter,
    topic=texts,
    partition=ints,
    offset=longs,
    error_class=texts,
    message=texts,
    timestamp_ms=longs,
    value=blobs,
    original_size=longs,
    index=st.none() | ints,
    key=st.none() | blobs,
)

BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "signal": signals,
    "tick": ticks,
    "tick_batch": batches,
    "corporate_action": actions,
    "decision": decisions,
    "session_bar": bars,
    "observations": observations,
    "signal_state": states,
    "validation_event": events,
    "policy_version": policies,
    "dead_letter": letters,
}
