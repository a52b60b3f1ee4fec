"""PURE: the stored rows of the paper account -> the account."""

from collections.abc import Mapping, Sequence
from typing import Any

from sinks.paper.records import EquityPoint, PaperAccount, PaperPosition, PaperTrade

StoredRows = Mapping[str, Sequence[Mapping[str, Any]]]


def account_of(stored: StoredRows) -> PaperAccount:
    """Return the account of its stored trades, positions and equity; empty of none."""
    return PaperAccount(
        trades=tuple(PaperTrade(**each) for each in stored.get("trades", ())),
        positions=tuple(PaperPosition(**each) for each in stored.get("positions", ())),
        equity=tuple(EquityPoint(**each) for each in stored.get("equity", ())),
    )
