"""Bars as frames with what corporate actions did between them, by the letter of the specification.

Nothing here remembers anything: a frame is a function of the set of ticks and actions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import pandas as pd

from tests.oracle.bars import Bar, complete_bars

Record = Mapping[str, Any]
# Ex-date, kind, and the ratio or amount.
Action = tuple[str, str, float]

COLUMNS = [*Bar.__slots__, "ratio", "dividend"]


def bar_frames(
    ticks: Iterable[Record], actions: Mapping[str, list[Action]]
) -> dict[str, pd.DataFrame]:
    """Return the complete bars of every ticker that has some, oldest first."""
    by_ticker: dict[str, list[Record]] = {}
    for tick in ticks:
        by_ticker.setdefault(tick["ticker"], []).append(tick)
    frames = {
        ticker: _frame(complete_bars(ticker, own), actions.get(ticker, []))
        for ticker, own in by_ticker.items()
    }
    return {ticker: frame for ticker, frame in frames.items() if len(frame)}


def holding_actions(actions: Iterable[Record]) -> dict[str, list[Action]]:
    """Return the actions of each ticker: per date and kind the greatest (revision, size)."""
    rows = []
    for each in actions:
        kind = each["kind"].lower()
        size = float(each["ratio" if kind == "split" else "amount"])
        rows.append((each["ticker"], each["ex_date"], kind, each.get("revision") or 0, size))
    frame = pd.DataFrame(rows, columns=["ticker", "ex_date", "kind", "revision", "size"])
    # On one date the dividend, of a share of before, comes before the split.
    frame = frame.sort_values(list(frame.columns))
    frame = frame.drop_duplicates(["ticker", "ex_date", "kind"], keep="last")
    return {
        str(ticker): list(zip(own.ex_date, own.kind, own["size"], strict=True))
        for ticker, own in frame.groupby("ticker")
    }


def between(actions: Iterable[Action], after: str, up_to: str) -> tuple[float, float]:
    """Return what one share at a date has become at another, and the cash that it was paid."""
    shares, cash = 1.0, 0.0
    for ex_date, kind, size in actions:
        if after < ex_date <= up_to:
            if kind == "split":
                shares *= size
            else:
                cash += shares * size
    return shares, cash


def _frame(bars: list[Bar], actions: list[Action]) -> pd.DataFrame:
    frame = pd.DataFrame([asdict(each) for each in bars], columns=COLUMNS)
    labels = frame.session.tolist()
    moves = [
        (1.0, 0.0),
        *(between(actions, *pair) for pair in pairwise(labels)),
    ]
    frame[["ratio", "dividend"]] = pd.DataFrame(moves[: len(labels)], dtype=float)
    return frame
