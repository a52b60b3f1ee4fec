"""Texts of users in CSV: no spreadsheet computes them, and every one reads back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.report_cells import read_cell, safe_cell, safe_column
from sinks.report_lines import csv_lines

FORMULAS = ["=HYPERLINK(1)", "+1", "-1+2", "@SUM(1)", "\t=1", "\r=1", "\n=1", "'=1", "''=1"]
ORDINARY = ["AAPL", "^GSPC", "BTC-USD", "a=b", "'quoted'", "", "s-0123", "日本"]
TEXTS = st.text(alphabet="=+-@'\t\r\nab,\"", max_size=6)


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_has_a_quote_before_it(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_texts_are_as_they_were(text: str) -> None:
    assert safe_cell(text) == text


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_every_text_reads_back_out_of_the_file(texts: list[str]) -> None:
    safe = safe_column(texts)

    lines = csv_lines([safe, [""] * len(texts)], wordy=1).decode()

    cells = [row[0] for row in csv.reader(io.StringIO(lines, newline=""))]
    assert not [each for each in cells if each[:1] in set("=+-@\t\r\n")]
    assert [read_cell(each) for each in cells] == texts


def test_a_missing_text_stays_empty() -> None:
    assert safe_column([None, "=1", ""]) == [None, "'=1", ""]
