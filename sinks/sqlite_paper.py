"""The paper account of signals.db: computed anew whenever the rows change that it rests on.

Used by the SQLite sink inside the transaction of those rows, so that account
and rows never disagree.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sinks import sqlite_rows as rows
from sinks.paper.account import run_account
from sinks.paper.records import PaperAccount, PaperBar, PaperOrder
from sinks.sink import Batch
from sinks.sqlite_policies import current_policy, current_policy_hash
from sinks.times import utc_date

# As the index staged_decisions has it.
_STAGED = (
    "FROM decisions AS d JOIN llm_signals AS s ON s.signal_id = d.signal_id "
    "{bars} WHERE d.kind = 'stage' AND d.applied = 1 AND s.action IN ('BUY', 'SELL')"
)
_TICKERS = f"SELECT d.signal_id, s.ticker {_STAGED.format(bars='')}"
# A stage counts from the close of its session; where it names none, from that of the session it
# was decided in or before; and never from a close that is before the last one it could know of.
# Where that session has no bar, the last one before it stands in: what follows it is the same.
# Of one ticker the later session closes later: the walk from either end is short.
_STAGED_BAR = (
    "LEFT JOIN bars AS b ON b.ticker = s.ticker AND b.session = ("
    "SELECT u.session FROM bars AS u WHERE u.ticker = s.ticker AND u.session <= max("
    "coalesce(d.session, ("
    "SELECT l.session FROM bars AS l WHERE l.ticker = s.ticker AND l.close_ms >= d.decided_at_ms "
    "ORDER BY l.session LIMIT 1)), coalesce(("
    "SELECT l.session FROM bars AS l WHERE l.ticker = s.ticker AND l.close_ms <= d.decided_at_ms "
    "ORDER BY l.session DESC LIMIT 1), '')) ORDER BY u.session DESC LIMIT 1)"
)
_ORDERS = (
    "SELECT s.signal_id, s.ticker, s.action, s.horizon_sessions, s.confidence, s.position_size, "
    "s.target_price, s.stop_loss, s.published_entry_price, s.entry_price, d.decided_at_ms, "
    "d.session AS decided_session, b.session AS bar_session, b.close_ms AS bar_close_ms "
    f"{_STAGED.format(bars=_STAGED_BAR)} ORDER BY d.decided_at_ms DESC, d.decision_id DESC"
)
_BAR_COLUMNS = ("session", "close_ms", "open", "high", "low", "close", "split_ratio", "dividend")
_BARS = (
    f"SELECT ticker, {', '.join(_BAR_COLUMNS)} FROM bars "  # noqa: S608 our own column names
    "WHERE ticker IN (SELECT value FROM json_each(?)) AND session >= ? AND close_ms >= ? "
    "ORDER BY ticker, session"
)
_LABEL_MS = 3 * 86_400_000
_TABLES = (
    ("paper_positions", rows.POSITION_COLUMNS, attrgetter("positions")),
    ("paper_trades", rows.TRADE_COLUMNS, attrgetter("trades")),
    ("paper_equity", rows.EQUITY_COLUMNS, attrgetter("equity")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an account rests on besides bars: tickers by staged signal, and the policy's hash."""

    tickers: Mapping[str, str]
    policy_hash: str | None


def read_basis(connection: sqlite3.Connection) -> Basis:
    """Return what the account of the stored rows rests on; cheap where nothing is staged."""
    tickers = dict(connection.execute(_TICKERS))
    return Basis(tickers=tickers, policy_hash=current_policy_hash(connection) if tickers else None)


def keep_account(connection: sqlite3.Connection, before: Basis, batch: Batch) -> bool:
    """Write the account anew if the batch, stored since `before`, touches it; return whether."""
    now = read_basis(connection)
    if now == before and not _touched(now, batch):
        return False
    write_account(connection)
    return True


def write_account(connection: sqlite3.Connection) -> None:
    """Replace the three tables of the account by what the rows say."""
    for table, columns, found in account_rows(connection):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 names of the table below
        connection.executemany(rows.upsert_sql(table, columns), found)


def account_rows(
    connection: sqlite3.Connection,
) -> Iterator[tuple[str, tuple[str, ...], list[rows.Row]]]:
    """Yield each table of the account, its columns, and the rows that the others call for."""
    account = _account(connection)
    for table, columns, part in _TABLES:
        found = [] if account is None else list(map(attrgetter(*columns), part(account)))
        yield table, columns, found


def _touched(basis: Basis, batch: Batch) -> bool:
    held = set(basis.tickers.values())
    if not held:
        return False
    return any(each["signal_id"] in basis.tickers for each in batch.states) or any(
        each["ticker"] in held for each in batch.bars
    )


def _account(connection: sqlite3.Connection) -> PaperAccount | None:
    policy = current_policy(connection)
    if policy is None:
        return None
    cursor = connection.execute(_ORDERS)
    names = [each[0] for each in cursor.description]
    staged = (_order(dict(zip(names, row, strict=True))) for row in cursor)
    # One order a signal, of its first decision: the last of the rows.
    orders = {each.signal_id: each for each in staged}.values()
    return run_account(orders, _bars(connection, orders), policy.paper)


def _bars(
    connection: sqlite3.Connection, orders: Collection[PaperOrder]
) -> dict[str, list[PaperBar]]:
    bars: dict[str, list[PaperBar]] = {each.ticker: [] for each in orders}
    start = min((each.staged_close_ms for each in orders), default=0)
    # The key is by session: a label some days too early leaves nothing out, and is a short way.
    values = json.dumps(list(bars)), utc_date(start - _LABEL_MS), start
    for ticker, *columns in connection.execute(_BARS, values):
        bars[ticker].append(PaperBar(**dict(zip(_BAR_COLUMNS, columns, strict=True))))
    return bars


def _order(staged: Mapping[str, Any]) -> PaperOrder:
    decided_at_ms, close_ms = staged["decided_at_ms"], staged["bar_close_ms"]
    published = staged["published_entry_price"]
    price = staged["entry_price"] if published is None else published
    return PaperOrder(
        signal_id=staged["signal_id"],
        ticker=staged["ticker"],
        action=staged["action"],
        staged_session=max(staged["bar_session"] or "", staged["decided_session"] or "")
        or utc_date(decided_at_ms),
        staged_close_ms=decided_at_ms if close_ms is None else close_ms,
        decided_at_ms=decided_at_ms,
        horizon_sessions=staged["horizon_sessions"],
        confidence=staged["confidence"],
        position_size=staged["position_size"],
        target_return=_return(staged["target_price"], price),
        stop_return=_return(staged["stop_loss"], price),
    )


def _return(price: float | None, entry_price: float | None) -> float | None:
    if price is None or entry_price is None:
        return None
    return price / entry_price - 1
