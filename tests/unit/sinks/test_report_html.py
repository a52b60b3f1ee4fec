"""report.html: one well-formed file without a network, each data class by itself."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.evidence.cohort import Cohort
from sinks.evidence.figures import undefined
from sinks.paper.records import EquityPoint, PaperAccount, PaperPosition, PaperTrade
from sinks.paper.summary import summarise
from sinks.report_html import report_html
from sinks.report_html_classes import MOST_APART, MOST_COHORTS, MOST_ROLL_UPS
from sinks.report_html_cohorts import MOST_ROWS
from sinks.report_html_page import html_page, paper_view
from sinks.report_html_signals import MOST_ROWS as MOST_SIGNALS
from tests.builders import make_policy
from tests.unit.sinks.cohort_samples import (
    make_cohort,
    make_cohort_check,
    make_roll_up,
    make_trend,
    make_young_cohort,
)
from tests.unit.sinks.html_reading import Page, read
from tests.unit.sinks.page_samples import (
    SIGNALS,
    blocks,
    make_page,
    make_paper,
    make_report,
    make_row,
    page_of_everything,
)

HOSTILE = "<img src=http://evil.example/x onerror='alert(1)'>\"&\x00\x1b\u202e]]>--><script>"


def shown(*cohorts: Cohort) -> Page:
    return read(report_html(make_page(*cohorts)))


@pytest.fixture(scope="module")
def whole() -> str:
    return report_html(page_of_everything())


def test_the_page_is_well_formed_and_its_ids_are_its_own(whole: str) -> None:
    page = read(whole)

    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", each) for each in ids)
    assert {each[1:] for each in page.values("href")} <= set(ids)
    labels = {each for labels in page.values("aria-labelledby") for each in labels.split()}
    assert labels <= set(ids)


def test_the_page_refers_to_nothing_outside_of_it(whole: str) -> None:
    for reference in ("http://", "https://", "src=", "@import", "url(", "<link", "<iframe"):
        assert reference not in whole, reference
    assert all(each.startswith("#") for each in read(whole).values("href"))
    assert "default-src 'none'" in whole


def test_the_browser_is_told_to_run_and_style_by_nothing_but_what_the_page_holds(
    whole: str,
) -> None:
    allowed = re.findall(r"(style|script)-src 'sha256-([^']+)'", whole)

    assert [kind for kind, _ in allowed] == ["style", "script"]
    for kind, digest in allowed:
        (held,) = re.findall(rf"<{kind}>(.*?)</{kind}>", whole, flags=re.DOTALL)
        assert b64encode(sha256(held.encode()).digest()).decode() == digest
    assert not re.search(r'<[^>]* (style|on\w+)="', whole)


def test_an_empty_page_says_that_there_is_nothing_yet() -> None:
    page = replace(make_page(), report=make_report(as_of_ms=None))

    text = read(report_html(page)).text

    assert "There is no live evidence yet." in text
    assert "no signal yet" in text
    assert "No signal has been published." in text
    assert "there is no paper account" in text


def test_the_same_input_gives_the_same_bytes_in_whatever_order_cohorts_come(whole: str) -> None:
    page = page_of_everything()
    page = replace(
        page, cohorts=page.cohorts[::-1], report=make_report(*reversed(page.report.signals))
    )

    assert report_html(page) == whole


# `*` says that a roll-up rolls the name over: it is left out
@given(st.text().filter(lambda name: name != "*"))
def test_no_name_becomes_markup(name: str) -> None:
    html = report_html(make_page(make_young_cohort(model=name, source=name)))

    html.encode()
    assert len(read(html).tags) == len(read(report_html(make_page(make_young_cohort()))).tags)


def test_hostile_text_is_shown_as_text_and_its_control_characters_are_replaced() -> None:
    cohort = make_cohort(
        source=HOSTILE,
        model=HOSTILE,
        model_version=HOSTILE,
        ready=False,
        reasons=(HOSTILE,),
        benchmark=HOSTILE,
        policy=HOSTILE,
        policy_hash=HOSTILE,
        sharpe=undefined(HOSTILE),
        trend=make_trend(reason=HOSTILE),
        checks=(make_cohort_check(name=HOSTILE, reason=HOSTILE),),
    )
    signal = make_row(
        signal_id=HOSTILE, ticker=HOSTILE, model_name=HOSTILE, status=HOSTILE, hit=HOSTILE
    )
    paper = make_paper(summary=((HOSTILE, HOSTILE),), trades=({HOSTILE: HOSTILE},))
    html = report_html(make_page(cohort, signals=[signal], paper=paper))

    page = read(html)
    assert [tag for tag, _ in page.tags if tag == "script"] == ["script"]
    assert "img" not in {tag for tag, _ in page.tags}
    assert not set("\x00\x1b\u202e") & set(html)
    assert "<img src=http://evil.example/x onerror='alert(1)'>\"&\ufffd\ufffd\ufffd]]>" in page.text


def test_each_data_class_has_its_own_section_and_live_is_first(whole: str) -> None:
    sections = re.findall(r'<section id="(\w+)"( class="apart")?>\n<h2>([^<]*)</h2>', whole)

    found = [(name, bool(apart)) for name, apart, _ in sections[1:6]]
    assert found == [
        ("live", False),
        ("replay", True),
        ("backdated", True),
        ("fallback", True),
        ("synthetic", True),
    ]
    assert all(title.endswith("not live evidence") for _, apart, title in sections if apart)


def test_a_class_that_is_not_live_is_never_called_ready_without_saying_so() -> None:
    text = shown(make_cohort(data_class="synthetic")).text

    assert "There is no live evidence yet." in text
    assert "1 of 1 synthetic cohort passes every check" in text
    assert "that is no live evidence." in text


def test_the_plain_words_name_what_is_ready_and_what_is_too_young() -> None:
    text = shown(make_cohort(), make_young_cohort(model="new")).text

    expected = "1 of 2 live cohorts passes every check: momentum 2 BUY, 5 sessions"
    assert f"{expected} (1 has fewer than 30 matured signals). 0 of 0 signals are ready" in text


def test_signals_of_a_class_are_counted_apart() -> None:
    html = report_html(make_page(signals=SIGNALS))

    text = read(html).text
    assert "Stage live fallback synthetic Registered 2 1 1 Entered 2 1 1 Matured 1 1 1" in text
    assert html.index("synthetic: not live evidence</th>") > html.index(">s-1</th>")


def test_only_so_many_cohorts_have_a_block_and_the_page_says_how_many_have_not() -> None:
    live = [make_young_cohort(model=f"m{at:03}", matured=at) for at in range(MOST_COHORTS + 3)]
    apart = [replace(each, key=each.key._replace(data_class="synthetic")) for each in live]
    tickers = [make_roll_up("ticker", ticker=f"T{at}") for at in range(MOST_ROLL_UPS + 1)]
    html = report_html(make_page(*live, *apart, *tickers))

    assert len(blocks(html)) == MOST_COHORTS + MOST_APART + MOST_ROLL_UPS
    text = read(html).text
    assert "3 more cohorts with less evidence have no block here: cohorts.csv has all" in text
    assert f"{MOST_COHORTS + 3 - MOST_APART} more cohorts with less evidence" in text
    assert "1 more roll-up with less evidence has no block here" in text


def test_only_so_many_rows_are_shown_and_the_page_says_how_many_are_not() -> None:
    cohorts = [make_young_cohort(model=f"m{at:04}") for at in range(MOST_ROWS + 2)]
    signals = [make_row(signal_id=f"s-{at}") for at in range(MOST_SIGNALS + 7)]

    text = read(report_html(make_page(*cohorts, signals=signals))).text

    assert "2 more rows: cohorts.csv has all." in text
    assert "7 older signals are left out here" in text
    assert "signals.csv has all" in text
    assert f"Signals: {MOST_SIGNALS:,} of {MOST_SIGNALS + 7:,}" in text


def test_the_paper_account_shows_its_curves_positions_and_trades(whole: str) -> None:
    text = read(whole).text

    assert "Capital at the start 10,000.00 Equity 10,110.00" in text
    assert "Win rate 100.0%, 95% [20.7%, 100.0%], n 1" in text
    assert "equity ends at 10,110" in text
    assert "s-1 AAPL BUY 2025-12-16 100.0500 2025-12-19 103.1000 target 60.5000 +3.01% 3" in text
    assert "s-3 NVDA BUY waiting" in text


def test_a_paper_account_becomes_what_the_page_shows_of_it() -> None:
    trade = PaperTrade(
        signal_id="s-1", ticker="AAPL", action="BUY", entry_session="2025-12-16",
        entry_price=100.0, exit_session="2025-12-19", exit_price=103.0, quantity=2.0,
        exit_reason="target", gross_pnl=6.0, costs=0.5, net_pnl=5.5, net_return=0.0275,
        sessions_held=3, mae=-0.01, mfe=0.03,
    )  # fmt: skip
    position = PaperPosition(
        signal_id="s-1", ticker="AAPL", action="BUY", status="closed",
        staged_session="2025-12-15", reason="target",
    )  # fmt: skip
    point = EquityPoint(
        close_ms=1, session="2025-12-19", cash=10_005.5, exposure=0.0, equity=10_005.5,
        drawdown=0.0,
    )  # fmt: skip
    account = PaperAccount(trades=(trade,), positions=(position,), equity=(point,))

    summary = summarise(account, make_policy().paper)
    found = paper_view(account, summary)

    assert found is not None
    text = read(report_html(make_page(paper=found))).text
    assert "Trades with a profit 100.0%, 95% [20.7%, 100.0%], n 1" in text
    assert f"Profit factor \u2013 ({summary.profit_factor.reason}), n 1" in text
    assert "Closed trades 1: 1 by target" in text


def test_an_account_in_which_nothing_was_staged_is_none() -> None:
    empty = PaperAccount(trades=(), positions=(), equity=())

    assert paper_view(empty, summarise(empty, make_policy().paper)) is None
    assert html_page(make_report(*SIGNALS), SIGNALS).paper is None


def test_the_text_can_be_read_without_the_script(whole: str) -> None:
    without = re.sub(r"<script>.*?</script>", "", whole, flags=re.DOTALL)

    assert read(without).text == read(whole).text
    assert "hidden" not in {name for _, attrs in read(without).tags for name in attrs}
