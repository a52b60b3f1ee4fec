"""The real closes of a study, and what each possible signal on them would have come to.

Computed from the closes alone, without the product's rules: it is what the
replay is held to.
"""

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from studies.draws import Floats

CLOSES = files("signal_tracker") / "data" / "daily_closes_2015_2022.csv"
BENCHMARK = "^GSPC"
# What the policy `tracker` says of every signal.
WINDOW = 30
ROUND_TRIP = 2 * 5.0 / 10_000

Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """Closes by (ticker, session); a signal may enter wherever its window ends within them."""

    tickers: tuple[str, ...]
    sessions: tuple[str, ...]
    closes: Floats

    @property
    def entries(self) -> int:
        """Return the number of sessions at which a signal may enter."""
        return len(self.sessions) - WINDOW

    def net(self, action: str, horizon: int) -> Floats:
        """Return what a signal earns after costs, by (ticker, entry session)."""
        net: Floats = self.signed(action, horizon) - ROUND_TRIP
        return net

    def hits(self, action: str, horizon: int) -> Flags:
        """Return whether a signal hits, by (ticker, entry session)."""
        hits: Flags = self.net(action, horizon) > 0
        return hits

    def chances(self, action: str, horizon: int) -> Floats:
        """Return how likely a signal of each ticker hits at a session drawn at random."""
        chances: Floats = self.hits(action, horizon).mean(axis=1)
        return chances

    def signed(self, action: str, horizon: int) -> Floats:
        """Return what the price did in the signal's direction, by (ticker, entry session)."""
        last = self.entries
        raw: Floats = self.closes[:, horizon : last + horizon] / self.closes[:, :last] - 1
        return raw if action == "BUY" else -raw

    def daily_returns(self) -> Floats:
        """Return every daily return of every ticker in one row."""
        returns: Floats = (self.closes[:, 1:] / self.closes[:, :-1] - 1).ravel()
        return returns


def read_world() -> World:
    """Return the bundled closes of all tickers but the benchmark."""
    found: dict[str, dict[str, float]] = {}
    for row in csv.DictReader(CLOSES.read_text(encoding="utf-8").splitlines()):
        found.setdefault(row["ticker"], {})[row["date"]] = float(row["close"])
    del found[BENCHMARK]
    sessions = tuple(sorted(next(iter(found.values()))))
    for ticker, closes in found.items():
        if tuple(sorted(closes)) != sessions:
            msg = f"{ticker}: expected a close on each of {len(sessions)} sessions"
            raise ValueError(msg)
    return World(
        tickers=tuple(found),
        sessions=sessions,
        closes=np.array([[closes[each] for each in sessions] for closes in found.values()]),
    )
