"""PURE: the bars of a ticker on one basis, across splits and, where asked, dividends.

Everything is counted in shares per share at the ticker's first bar, so that the
value of a share bought at any bar is a difference and a quotient.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

# Only absurd prices, splits and dividends leave these bounds; what rests on them shall stay
# finite: so the fourth power of a daily return does.
_MIN_SHARES, _MAX_SHARES = 1e-100, 1e100
_MAX_CASH = 1e100
_MAX_RETURN = 1e60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceHistory:
    """The bars of one ticker in session order.

    `days` are the sessions as days since 1970. `growth` is the close times the
    shares that one share at the first bar has become, `cash` the dividends paid
    on those shares so far.
    """

    sessions: tuple[str, ...]
    days: Ints
    close_ms: Ints
    growth: Floats
    cash: Floats
    positions: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.sessions)

    def position(self, session: str | None) -> int | None:
        """Return the position of a session's bar; None where there is none."""
        return None if session is None else self.positions.get(session)


def price_history(
    sessions: Sequence[str],
    close_ms: Sequence[int],
    close: Sequence[float],
    split_ratio: Sequence[float],
    dividend: Sequence[float],
) -> PriceHistory:
    """Return the history of a ticker from the columns of its bars, in session order.

    What a bar says of splits and dividends is since the bar before, so that of
    the first one counts for nothing.
    """
    if any(later <= earlier for earlier, later in pairwise(sessions)):
        msg = "sessions: expected each once, in order, was not"
        raise ValueError(msg)
    ratios = np.array(split_ratio, dtype=np.float64)
    dividends = np.minimum(np.array(dividend, dtype=np.float64), _MAX_CASH)
    ratios[:1], dividends[:1] = 1.0, 0.0
    with np.errstate(over="ignore"):
        shares = np.clip(np.cumprod(ratios), _MIN_SHARES, _MAX_SHARES)
    before = np.concatenate((shares[:1], shares[:-1]))
    return PriceHistory(
        sessions=tuple(sessions),
        days=np.array(sessions, dtype="datetime64[D]").astype(np.int64),
        close_ms=np.array(close_ms, dtype=np.int64),
        growth=np.array(close, dtype=np.float64) * shares,
        cash=np.cumsum(dividends * before),
        positions={session: at for at, session in enumerate(sessions)},
    )


def daily_returns(history: PriceHistory, *, total_return: bool) -> Floats:
    """Return what bars 1, 2, ... brought since the bar before each."""
    paid = np.diff(history.cash) if total_return else 0.0
    ratios = bounded_ratios(history.growth[1:] + paid, history.growth[:-1])
    returns: Floats = ratios - 1 + 0.0
    return returns


def window_ratios(history: PriceHistory, horizon: int, *, total_return: bool) -> Floats:
    """Return, for each bar that has one `horizon` later, the value then of one share's price."""
    if len(history) <= horizon:
        return np.empty(0)
    paid = history.cash[horizon:] - history.cash[:-horizon] if total_return else 0.0
    return bounded_ratios(history.growth[horizon:] + paid, history.growth[:-horizon])


def bounded_ratios(later: Floats, earlier: Floats) -> Floats:
    """Return how often one goes into the other, never so often that what rests on it overflows."""
    with np.errstate(over="ignore"):
        ratios: Floats = np.minimum(later / earlier, _MAX_RETURN)
    return ratios
