"""PURE: rows and their cohorts -> the screen and the readiness of each signal."""

from collections.abc import Mapping, Sequence
from typing import Any

from sinks.bar_columns import BarColumns
from sinks.cohort_members import cohort_key
from sinks.evidence.cohort import Cohort
from sinks.portfolio import full_screen, ticker_exposure
from sinks.prices import PriceHistory, price_history
from sinks.readiness import NO_POLICY, Readiness, readiness_of
from sinks.rows import Rows, SignalRow


def judge_signals(
    rows: Rows, cohorts: Sequence[Cohort]
) -> tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Readiness]]:
    """Return screens and readiness by signal id; nothing is ready while no policy is known."""
    policy, replay_counts = rows.policy, rows.as_of.is_replay
    if policy is None:
        return (
            {each.signal_id: each.screen for each in rows.signals},
            {each.signal_id: _unknown(each) for each in rows.signals},
        )
    by_key = {each.key: each for each in cohorts}
    prices = {ticker: _history(bars) for ticker, bars in rows.bars.items()}
    exposure = ticker_exposure(rows.signals, prices, policy)
    screens = {each.signal_id: full_screen(each, exposure, policy) for each in rows.signals}
    readiness = {
        each.signal_id: readiness_of(
            each, by_key.get(cohort_key(each)), screens[each.signal_id], policy, replay_counts
        )
        for each in rows.signals
    }
    return screens, readiness


def _history(bars: BarColumns) -> PriceHistory:
    return price_history(bars.session, bars.close_ms, bars.close, bars.split_ratio, bars.dividend)


def _unknown(signal: SignalRow) -> Readiness:
    return Readiness(signal_id=signal.signal_id, ready=False, for_=(), against=(NO_POLICY,))
