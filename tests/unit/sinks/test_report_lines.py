"""Lines of CSV written at once have the bytes of the csv module."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.report_lines import csv_lines

PLAIN = st.sampled_from(["", "a", "null", "[null]", "a],[b", "é", "true", "-1", "s-1"])
TEXTS = PLAIN | st.text(st.sampled_from('a,"\\[]\ue000\ue001\n\r\x01\u2028 n'), max_size=6)
FLOATS = st.none() | st.floats(allow_nan=False, allow_infinity=False).map(lambda each: each + 0.0)
SIZES = [9.99e-5, 1e-4, 0.1, 1e15, 1e16, 1.5e300, 5e-324, 123456789.125, 1e22, 0.00012345]
ROWS = st.lists(
    st.tuples(PLAIN, FLOATS | st.sampled_from(SIZES), st.none() | TEXTS, st.integers(-9, 9), TEXTS),
    min_size=1,
    max_size=8,
)


def by_csv(rows: list[Any]) -> bytes:
    lines = []
    for row in rows:
        # with its own line end it quotes a carriage return, too
        out = io.StringIO()
        csv.writer(out).writerow(row)
        lines.append(out.getvalue().removesuffix("\r\n"))
    return "".join(f"{each}\n" for each in lines).encode()


@given(ROWS)
def test_any_rows_have_the_bytes_of_the_csv_module(rows: list[Any]) -> None:
    assert csv_lines(list(zip(*rows, strict=True)), 4) == by_csv(rows)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_what_repr_says(value: float) -> None:
    assert csv_lines([[value + 0.0], ["x"]], 1) == f"{value + 0.0!r},x\n".encode()


@pytest.mark.parametrize("words", ["plain", "a, b; c", 'so "quoted", too', "\ue000", "a\nb", ""])
def test_words_are_quoted_only_where_it_is_needed(words: str) -> None:
    rows = [("s-1", 0.5, words), ("s-2", None, "x")]

    assert csv_lines(list(zip(*rows, strict=True)), 2) == by_csv(rows)
