"""The evidence of cohorts in report.html: no figure without its n, its marks and its reason."""

import re
from dataclasses import replace

import pytest

from sinks.evidence.cohort import Cohort
from sinks.evidence.figures import known, undefined
from sinks.report_html import report_html
from sinks.report_html_cohorts import by_evidence
from sinks.report_html_figures import FIGURES
from sinks.report_html_months import months_table
from tests.unit.sinks.cohort_samples import (
    figures_of,
    make_cohort,
    make_cohort_check,
    make_series,
    make_trend,
)
from tests.unit.sinks.html_reading import Page, read
from tests.unit.sinks.page_samples import (
    blocks,
    make_page,
    page_of_everything,
)


def shown(*cohorts: Cohort) -> Page:
    return read(report_html(make_page(*cohorts)))


@pytest.fixture(scope="module")
def whole() -> str:
    return report_html(page_of_everything())


def test_every_figure_of_a_cohort_stands_beside_its_n(whole: str) -> None:
    page = whole[whole.index("<main>") :]

    cells = re.findall(r'<span class="v">.*?</span></small>', page)
    beside = [re.sub(r"<[^>]+>", " ", each) for each in cells]
    counts = [each for each in beside if " matured " in each]
    assert len(beside) > 100
    assert all(re.search(r"\bn [\d,]+", each) for each in beside if each not in counts)
    bare = re.findall(r'<span class="v">([^<]*)</span>(?!<small>)', page)
    assert set(bare) <= {"120 signals", "0 signals"}


def test_a_block_shows_every_figure_of_its_cohort() -> None:
    cohort = make_cohort()
    text = read(blocks(report_html(make_page(cohort)))[0]).text

    for name, figure in figures_of(cohort).items():
        assert figure.value is not None
        assert FIGURES[name].label in text
        assert FIGURES[name].words(figure.value) in text, name
    assert "62.5% 95% [53.6%, 70.6%] n 120" in text
    assert "+9.4 points 95% [+0.9, +17.4] n 120" in text
    assert "+0.71% 95% [+0.10%, +1.33%] n 120" in text


def test_no_rate_of_the_page_is_without_its_interval(whole: str) -> None:
    text = read(whole).text

    for rate in re.finditer(r"62\.5% ", text):
        assert re.match(r"62\.5% \(?95% \[53\.6%, 70\.6%\]|62\.5% of", text[rate.start() :])


def test_what_is_annualised_says_so_and_is_marked_under_a_year() -> None:
    young, old = make_cohort(), make_cohort(series=make_series(300))
    words = "under a year of sessions"

    marked = read(blocks(report_html(make_page(young)))[0]).text
    for value in ("1.37", "1.68", "+11.3%"):
        assert f"{value} a year n 180 sessions {words}" in marked
    assert words not in read(blocks(report_html(make_page(old)))[0]).text
    assert "1.37 a year n 300 sessions PSR" not in marked


def test_every_annualised_figure_of_the_tables_is_marked(whole: str) -> None:
    text = read(whole).text

    for value in ("1.37", "1.68", "+11.3%"):
        found = [text[each.end() :][:90] for each in re.finditer(re.escape(value), text)]
        assert found
        assert all(each.startswith(" a year") for each in found)
        assert all("under a year of sessions" in each for each in found)


def test_an_annualised_check_is_marked_and_a_rate_among_the_checks_has_its_interval() -> None:
    checks = (
        make_cohort_check(name="sharpe", op=">", required=0.5, actual=1.374, reason="r"),
        make_cohort_check(name="hit_rate", op=">", required=0.45, actual=0.625, reason="r"),
        make_cohort_check(name="hit_low", op=">", required=0.5, actual=0.5359, reason="r"),
    )

    text = shown(make_cohort(checks=checks)).text

    assert "> 0.50 a year 1.37 a year n 180 sessions under a year of sessions for r" in text
    assert "> 45.0% 62.5% 95% [53.6%, 70.6%] n 120 for r" in text
    assert "Hit rate, lower end of 95% > 50.0% 53.6% n 120 for r" in text


def test_a_check_that_looks_equal_shows_all_digits() -> None:
    check = make_cohort_check(actual=0.1000001, status="fail")

    assert "<= 0.1000 0.1000001 n 120 against" in shown(make_cohort(checks=(check,))).text


def test_what_is_undefined_is_a_dash_that_leads_to_its_reason() -> None:
    html = report_html(make_page(make_cohort(dsr=undefined('needs "2" cohorts'))))

    page = read(html)
    title = 'title="needs &quot;2&quot; cohorts">\u2013<sup>'
    number = re.search(r'href="#why-(\d+)" ' + re.escape(title), html)
    assert number
    assert f'<li id="why-{number[1]}">needs &quot;2&quot; cohorts</li>' in html
    assert page.text.count('needs "2" cohorts') == 1


def test_every_dash_has_its_reason_listed(whole: str) -> None:
    listed = dict(re.findall(r'<li id="(why-\d+)">([^<]*)</li>', whole))
    marks = re.findall(r'href="#(why-\d+)" title="([^"]*)"', whole)

    assert marks
    assert all(listed[at] == words for at, words in marks)
    assert not re.search(r">(None|nan|inf|NaN)<", whole)


def test_reasons_for_and_against_stand_in_the_block() -> None:
    check = make_cohort_check(status="fail", actual=0.34, reason="of 120 matured signals")
    cohort = make_cohort(checks=(check,), ready=False, reasons=("q_value 0.34 > 0.1",))

    text = read(blocks(report_html(make_page(cohort)))[0]).text

    assert "not ready" in text
    assert "Against it q_value 0.34 > 0.1" in text
    assert "q-value <= 0.1000 0.3400 n 120 against of 120 matured signals" in text


def test_decay_is_flagged_with_its_reason_and_n() -> None:
    trend = make_trend(decayed=True, reason="the last 60 fell")

    text = shown(make_cohort(trend=trend)).text

    assert "decayed n 60 and 120 sessions: the last 60 fell." in text


def test_ready_cohorts_come_first_and_then_those_with_the_most_evidence() -> None:
    few = make_cohort(model="few", matured=31)
    many = make_cohort(model="many", matured=900, ready=False)
    some = make_cohort(model="some", matured=300, ready=False)

    assert by_evidence([some, many, few]) == [few, many, some]


def test_months_compound_the_net_series_and_show_their_sessions() -> None:
    series = replace(
        make_series(3), days=("2024-01-30", "2024-01-31", "2024-02-01"), net=(0.1, 0.1, -0.5)
    )

    page = read(months_table(series))

    assert "2024 +21.0% n 2 \u221250.0% n 1" in page.text
    assert page.text.endswith("\u221239.5% n 3")


def test_a_figure_that_rounds_to_zero_has_no_sign_and_no_figure_is_lost_to_its_size() -> None:
    text = shown(make_cohort(mean_net=known(-1e-9), profit_factor=known(3.2e12))).text

    assert "\u22120.00%" not in text
    assert "3.200e+12" in text
