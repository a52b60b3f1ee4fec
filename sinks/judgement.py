"""PURE: rows -> what the evidence says of every cohort, and of every signal's readiness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.policy import Policy
from sinks.bar_columns import BarColumns
from sinks.cohort_members import cohort_key
from sinks.cohorts import build_cohorts
from sinks.evidence.cohort import Cohort
from sinks.portfolio import full_screen, ticker_exposure
from sinks.prices import PriceHistory, price_history
from sinks.readiness import Readiness, readiness_of
from sinks.rows import Rows, SignalRow

NO_POLICY = "no policy: the row of the one that judges it has not come"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The evidence of some rows: cohorts by key, screens and readiness by signal id.

    `replay_counts` says that replayed signals count as live ones do elsewhere.
    """

    policy: Policy | None
    replay_counts: bool
    cohorts: Sequence[Cohort]
    screens: Mapping[str, Mapping[str, Any]]
    readiness: Mapping[str, Readiness]


def judge_rows(rows: Rows) -> Judgement:
    """Return what the evidence says; nothing is ready while no policy is known."""
    policy, replay_counts = rows.policy, rows.as_of.is_replay
    if policy is None:
        return Judgement(
            policy=None,
            replay_counts=replay_counts,
            cohorts=[],
            screens={each.signal_id: each.screen for each in rows.signals},
            readiness={each.signal_id: _unknown(each) for each in rows.signals},
        )
    prices = {ticker: _history(bars) for ticker, bars in rows.bars.items()}
    cohorts = build_cohorts(
        rows.signals, prices, policy, rows.as_of.as_of_ms, replay_counts=replay_counts
    )
    by_key = {each.key: each for each in cohorts}
    exposure = ticker_exposure(rows.signals, prices, policy)
    screens = {each.signal_id: full_screen(each, exposure, policy) for each in rows.signals}
    readiness = {
        each.signal_id: readiness_of(
            each, by_key.get(cohort_key(each)), screens[each.signal_id], policy, replay_counts
        )
        for each in rows.signals
    }
    return Judgement(
        policy=policy,
        replay_counts=replay_counts,
        cohorts=cohorts,
        screens=screens,
        readiness=readiness,
    )


def _history(bars: BarColumns) -> PriceHistory:
    return price_history(bars.session, bars.close_ms, bars.close, bars.split_ratio, bars.dividend)


def _unknown(signal: SignalRow) -> Readiness:
    return Readiness(signal_id=signal.signal_id, ready=False, for_=(), against=(NO_POLICY,))
