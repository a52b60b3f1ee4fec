"""PURE: what goes into the paper account, and what comes out of it.

Times are UTC milliseconds, money is in the quote currency, returns are fractions.
"""

from dataclasses import dataclass

WAITING, OPEN, CLOSED, REJECTED = "waiting", "open", "closed", "rejected"
STOP, TARGET, TIME, RUIN = "stop", "target", "time", "ruin"
EXIT_REASONS = (STOP, TARGET, TIME, RUIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperOrder:
    """A staged signal: it fills at the open of its ticker's first bar after the staged session.

    `position_size` is a share of equity. `target_return` and `stop_return` are
    signed for the price, so that a BUY's stop is below 0 and a SELL's above.
    """

    signal_id: str
    ticker: str
    action: str
    staged_session: str
    staged_close_ms: int
    decided_at_ms: int
    horizon_sessions: int
    confidence: float
    position_size: float | None = None
    target_return: float | None = None
    stop_return: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperBar:
    """A session of a ticker, and what its shares became and were paid since the bar before.

    `split_ratio` is new shares per old, `dividend` cash for a share of the bar before.
    """

    session: str
    close_ms: int
    open: float
    high: float
    low: float
    close: float
    split_ratio: float = 1.0
    dividend: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTrade:
    """A closed trade; prices and quantity are in the shares of the exit.

    `entry_price` and `exit_price` are what was paid, slippage included. `gross_pnl`
    is before slippage and commission and holds the dividends; `net_return` is of
    the value at entry. `mae` is at most 0 and `mfe` at least 0, of the entry price.
    """

    signal_id: str
    ticker: str
    action: str
    entry_session: str
    entry_price: float
    exit_session: str
    exit_price: float
    quantity: float
    exit_reason: str
    gross_pnl: float
    costs: float
    net_pnl: float
    net_return: float
    sessions_held: int
    mae: float
    mfe: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPosition:
    """What became of one order; None where there is nothing to say.

    `last_session` is the last that mattered: of the mark, the exit or the
    rejection. `unrealised_pnl` is after the costs of the entry.
    """

    signal_id: str
    ticker: str
    action: str
    status: str
    staged_session: str
    entry_session: str | None = None
    entry_price: float | None = None
    quantity: float | None = None
    stop_price: float | None = None
    target_price: float | None = None
    last_session: str | None = None
    last_price: float | None = None
    unrealised_pnl: float | None = None
    sessions_held: int = 0
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityPoint:
    """The account after the closes of one moment; `exposure` is gross.

    `session` is the label of the first ticker, by name, that closed then.
    """

    close_ms: int
    session: str
    cash: float
    exposure: float
    equity: float
    drawdown: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAccount:
    """Closed trades as they closed, one position for every order, and the equity curve."""

    trades: tuple[PaperTrade, ...]
    positions: tuple[PaperPosition, ...]
    equity: tuple[EquityPoint, ...]
