"""The golden run: events in, tables out, as files that a reader can follow by hand.

`python -m tests.topology.golden` writes them anew; look at the difference before you commit.
"""

import csv
import io
import json
import random
import tempfile
from pathlib import Path

from sinks.snapshot import DATABASE
from sinks.sqlite_queries import reading
from tests.oracle.examples import DAY_MS, JAN_02_CLOSE_MS, closes, days, signal
from tests.topology.driver import Delivery, Topology, materialise
from tests.topology.events import Events, publish

GOLDEN = Path(__file__).parents[1] / "golden" / "topology"
EVENTS = GOLDEN / "events.jsonl"
TABLES = {
    "signals.csv": "SELECT signal_id, ticker, action, horizon_sessions, status, validation_status, "
    "entry_session, entry_price, observations, net_return, raw_return, hit, annual_return, "
    "max_drawdown, mae, mfe, suspect_price, json_extract(screen, '$.status') AS screen, "
    "json_extract(screen, '$.reason') AS screen_reason FROM signal_rows ORDER BY signal_id",
    "observations.csv": "SELECT signal_id, session, k, close, raw_return, signed_return, "
    "max_drawdown, mae, mfe FROM signal_observations ORDER BY signal_id, session",
    "bars.csv": "SELECT ticker, session, calendar, open, high, low, close, final, revision, "
    "conflicting_close, split_ratio, dividend FROM bars ORDER BY ticker, session",
    "transitions.csv": "SELECT signal_id, position, from_status, to_status, as_of_ms, session, "
    "reason, decision_id, event_id FROM transitions ORDER BY signal_id, position",
    "decisions.csv": "SELECT signal_id, decision_id, kind, decided_at_ms, applied, refusal "
    "FROM decisions ORDER BY signal_id, decision_id",
    "quarantined.csv": "SELECT signal_id, payload_hash, generated_at_ms, ticker "
    "FROM quarantined ORDER BY signal_id, payload_hash",
}
_TOPICS = ("signals", "ticks", "actions", "decisions")


def read_events() -> Events:
    """The events of the golden run."""
    events = Events()
    for line in EVENTS.read_text(encoding="utf-8").splitlines():
        [(kind, row)] = json.loads(line).items()
        getattr(events, kind).append(row)
    return events


def tables_of(folder: Path) -> dict[str, str]:
    """What the run left in SQLite, each table as the text of a CSV file."""
    with reading(folder / DATABASE) as connection:
        found = {}
        for name, sql in TABLES.items():
            cursor = connection.execute(sql)
            out = io.StringIO()
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow([column[0] for column in cursor.description])
            writer.writerows(cursor)
            found[name] = out.getvalue()
    return found


def golden_events() -> Events:
    """Every fate of a signal once, on few prices."""
    rng = random.Random(20240102)
    path = [100.0]
    while len(path) < 42:
        path.append(round(path[-1] * (1 + rng.gauss(0.001, 0.02)), 2))
    apple = closes(path)
    del apple[7]  # a session without a tick
    for row in apple:
        if row["session"] >= "2024-01-31":
            row["price"] = round(row["price"] / 2, 2)
    at_ms = JAN_02_CLOSE_MS
    intraday = [
        {"ticker": "AAPL", "ts_event_ms": at_ms + DAY_MS - 5 * 3_600_000, "price": 97.0},
        {"ticker": "AAPL", "ts_event_ms": at_ms + DAY_MS - 3_600_000, "price": 111.5},
        {"ticker": "AAPL", "ts_event_ms": at_ms - 6 * 3_600_000, "price": 99.5, "open": True},
        {**apple[4], "price": round(apple[4]["price"] * 1.01, 2), "revision": 1},
        {**apple[5], "price": round(apple[5]["price"] * 0.99, 2)},
        {"ticker": "AAPL", "session": "2024-01-06", "price": 1.0, "final": True},
    ]
    coin = [
        {"ticker": "BTC-USD", "session": label, "price": 45_000.0 + 100 * at, "final": at % 2 == 0}
        for at, label in enumerate(days("2024-01-01", 36, "BTC-USD"))
    ]
    split = {"ticker": "AAPL", "ex_date": "2024-01-31", "kind": "split", "ratio": 2.0}
    return Events(
        signals=[
            signal(signal_id="buy-5", horizon_sessions=5),
            signal(signal_id="buy-at-close", horizon_sessions=5, generated_at_ms=at_ms),
            signal(signal_id="buy-default", horizon_sessions=None, action="buy"),
            signal(signal_id="cancelled", generated_at_ms=at_ms + 1),
            signal(signal_id="coin-buy", ticker="BTC-USD", horizon_sessions=10),
            signal(signal_id="coin-sell", ticker="BTC-USD", action="SELL", horizon_sessions=30),
            signal(signal_id="contested", horizon_sessions=5),
            signal(signal_id="contested", action="SELL", generated_at_ms=at_ms - 2),
            signal(signal_id="contested", ticker="BTC-USD", generated_at_ms=at_ms - 3),
            signal(signal_id="hold", action="HOLD", horizon_sessions=3),
            signal(signal_id="late", generated_at_ms=at_ms + 90 * DAY_MS),
            signal(signal_id="long", horizon_sessions=45),
            signal(signal_id="sell", action="SELL"),
            signal(signal_id="too-late-to-cancel", horizon_sessions=31),
            signal(signal_id="unpriced", ticker="XOM"),
            {k: v for k, v in signal(model="nameless").items() if k != "signal_id"},
        ],
        ticks=[*apple, *intraday, *coin],
        actions=[split, {**split, "ratio": 3.0, "revision": 1}, {**split, "revision": 2}],
        decisions=[
            _decision("cancelled", at_ms + 2),
            _decision("too-late-to-cancel", at_ms),
            _decision("buy-5", at_ms + 100 * DAY_MS, kind="stage", by="me", reason="why not"),
        ],
    )


def _decision(signal_id: str, decided_at_ms: int, **changes: object) -> dict[str, object]:
    return {
        "decision_id": f"d-{signal_id}",
        "signal_id": signal_id,
        "ticker": "AAPL",
        "kind": "cancel",
        "decided_at_ms": decided_at_ms,
        **changes,
    }


def main() -> None:
    events = golden_events()
    lines = [
        json.dumps({kind: row}, ensure_ascii=False)
        for kind in _TOPICS
        for row in getattr(events, kind)
    ]
    EVENTS.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    topology = Topology(Delivery())
    publish(topology, read_events())
    topology.run()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in tables_of(materialise(topology.log, Path(folder))).items():
            (GOLDEN / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
