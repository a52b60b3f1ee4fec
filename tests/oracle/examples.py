"""Small inputs around 2024-01-02 for examples computed by hand."""

from collections.abc import Sequence
from typing import Any

from tests.oracle.bars import sessions_of
from tests.oracle.judge import judge

JAN_02_CLOSE_MS = 1_704_229_200_000  # 2024-01-02 16:00 in New York is 21:00 UTC
DAY_MS = 86_400_000

Row = dict[str, Any]


def days(first: str, count: int, ticker: str = "AAPL") -> list[str]:
    """Return the labels of consecutive sessions."""
    return [one.label for one in sessions_of(ticker) if one.label >= first][:count]


def closes(prices: Sequence[float], first: str = "2024-01-02", ticker: str = "AAPL") -> list[Row]:
    """Return one final tick a session, from the first on."""
    return [
        {"ticker": ticker, "session": label, "price": price, "final": True}
        for label, price in zip(days(first, len(prices), ticker), prices, strict=True)
    ]


def signal(**fields: Any) -> Row:
    """Return a BUY of AAPL a millisecond before the close of 2024-01-02."""
    return {
        "signal_id": "one",
        "ticker": "AAPL",
        "action": "BUY",
        "confidence": 0.6,
        "generated_at_ms": JAN_02_CLOSE_MS - 1,
        "source": "test",
        "source_kind": "rule",
        "model": "m",
        "horizon_sessions": 30,
        **fields,
    }


def judged(ticks: list[Row], **fields: Any) -> Row:
    """Return the row of one signal."""
    return judge([signal(**fields)], ticks)["one"]
