"""Signal rows, and pages of report.html, with sane defaults."""

import re
from collections.abc import Sequence
from typing import Any

from sinks.evidence.cohort import Cohort
from sinks.report import JudgedReport, build_report
from sinks.report_html import HtmlPage
from sinks.report_html_paper import PaperView
from sinks.report_html_signals import newest_first
from sinks.rows import DATA_CLASSES, AsOf, Rows, SignalRow
from tests.unit.sinks.cohort_samples import (
    make_cohort,
    make_hold_cohort,
    make_roll_up,
    make_young_cohort,
)
from tests.unit.sinks.samples import DAY_MS, GENERATED_MS


def make_row(**changes: Any) -> SignalRow:
    """A live BUY that passed; `open=True` for one that has just entered."""
    defaults: dict[str, Any] = {
        "signal_id": "s-1", "ticker": "AAPL", "signal_date": "2025-11-03", "action": "BUY",
        "validation_status": "validated", "created_at": "2025-11-03T06:40:35.000Z",
        "confidence": 0.6, "model_name": "momentum", "source_kind": "llm", "data_kind": "live",
        "entry_price": 100.0, "latency_seconds": None, "status": "passed",
        "payload_hash": "aa", "generated_at_ms": GENERATED_MS, "source": "tests",
        "model_version": "2", "horizon_sessions": 5, "window_sessions": 30,
        "calendar": "XNYS", "periods_per_year": 252, "entry_session": "2025-11-03",
        "entry_index": 7, "last_session": "2025-12-15", "horizon_session": "2025-11-10",
        "net_return": 0.0321, "raw_return": 0.0331, "hit": "hit", "annual_return": 3.92,
        "mae": -0.01, "mfe": 0.04, "screen": {"status": "passed", "checks": []},
        "verdict": {"status": "passed", "checks": []}, "policy": "tracker", "policy_hash": "00",
        "suspect_price": False, "suspect_sessions": [], "backdated": False,
        "stale_after_ms": GENERATED_MS + 60 * DAY_MS, "reasoning": None, "risk_level": None,
        "published_entry_price": None, "target_price": None, "stop_loss": None,
        "position_size": None, "expected_return": None, "indicators": None, "epoch": 0,
        "observations": 30, "max_drawdown": 0.021,
    }  # fmt: skip
    if changes.pop("open", False):
        missing = (
            "last_session", "horizon_session", "net_return", "raw_return", "hit",
            "annual_return", "mae", "mfe", "verdict",
        )  # fmt: skip
        defaults |= {**dict.fromkeys(missing), "status": "tracking", "observations": 3}
    return SignalRow(**{**defaults, **changes})


def make_report(
    *signals: SignalRow, as_of_ms: int | None = GENERATED_MS + 43 * DAY_MS
) -> JudgedReport:
    as_of = AsOf(
        as_of_ms=as_of_ms, run_id="r-1", offsets={}, topic_ids={}, bars=0, observations=0,
        validation_events=0, quarantined=0, dead_letters={},
    )  # fmt: skip
    rows = Rows(signals=list(signals), bars={}, conflicting_closes=0, as_of=as_of)
    return build_report(rows)


def make_paper(**changes: Any) -> PaperView:
    days = ("2025-12-16", "2025-12-17", "2025-12-18", "2025-12-19", "2025-12-22")
    worth = (10_000.0, 10_040.0, 9_980.0, 10_060.0, 10_110.0)
    below = (0.0, 0.0, 0.00598, 0.0, 0.0)
    defaults: dict[str, Any] = {
        "capital": 10_000.0,
        "summary": (("Equity", "10,110.00"), ("Win rate", "100.0%, 95% [20.7%, 100.0%], n 1")),
        "equity": tuple(zip(days, worth, below, strict=True)),
        "trades": (
            {
                "signal_id": "s-1", "ticker": "AAPL", "action": "BUY",
                "entry_session": "2025-12-16", "entry_price": 100.05,
                "exit_session": "2025-12-19", "exit_price": 103.1, "exit_reason": "target",
                "net_pnl": 60.5, "net_return": 0.0301, "sessions_held": 3,
            },
        ),
        "positions": (
            {
                "signal_id": "s-2", "ticker": "MSFT", "action": "SELL", "status": "open",
                "entry_session": "2025-12-17", "entry_price": 410.2, "quantity": 0.24,
                "last_price": 405.0, "unrealised_pnl": 1.2, "reason": "",
            },
            {
                "signal_id": "s-3", "ticker": "NVDA", "action": "BUY", "status": "waiting",
                "entry_session": None, "entry_price": None, "quantity": None,
                "last_price": None, "unrealised_pnl": None, "reason": "no bar after it yet",
            },
        ),
    }  # fmt: skip
    return PaperView(**{**defaults, **changes})


def make_page(
    *cohorts: Cohort, signals: Sequence[SignalRow] = (), paper: PaperView | None = None
) -> HtmlPage:
    return HtmlPage(
        report=make_report(*signals),
        newest=newest_first(signals),
        cohorts=cohorts,
        paper=paper,
        policy_name="tracker",
        policy_hash="4f2b9c01d7aa63e5",
    )


def blocks(html: str) -> list[str]:
    """The details of each cohort."""
    found = re.split(r'(?=<details id="\w+-\d+")', html)[1:]
    return [each.partition("\n</section>")[0].partition("\n<h3>")[0] for each in found]


def page_of_everything() -> HtmlPage:
    """A page with a cohort of every kind and class, signals and a paper account."""
    cohorts = (
        make_cohort(),
        make_young_cohort(model="new"),
        make_hold_cohort(model="holder"),
        *(make_roll_up(level) for level in ("all", "model", "ticker")),
        *(make_cohort(data_class=name) for name in DATA_CLASSES[1:]),
    )
    return make_page(*cohorts, signals=SIGNALS, paper=make_paper())


SIGNALS = (
    make_row(),
    make_row(signal_id="s-2", open=True, ticker="MSFT"),
    make_row(signal_id="s-3", data_kind="synthetic"),
    make_row(signal_id="s-4", source_kind="fallback", action="HOLD"),
)
