"""PURE: texts of users in CSV cells, which a spreadsheet must not take for formulas.

A cell that begins with = + - @, a tab or a line end gets a quote before it, and
so does one that begins with quotes before such a character: thus exactly one
quote is to be taken off where a cell matches `QUOTED`, and every text reads back.
Numbers are no texts: a negative one stays as it is.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

QUOTED: Final = re.compile(r"'+[=+\-@\t\r\n]")

_RISKY: Final = re.compile(r"'*[=+\-@\t\r\n]")
_BOTH: Final = "\r\n"
_FIRST: Final = frozenset("=+-@\t\r\n'")


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet computes.

    >>> safe_cell("AAPL"), safe_cell("^GSPC"), safe_cell("=1+1"), safe_cell("'-x"), safe_cell("'x")
    ('AAPL', '^GSPC', "'=1+1", "''-x", "'x")
    """
    return f"'{text}" if _RISKY.match(text) else text


def read_cell(cell: str) -> str:
    """Return the text of a cell.

    >>> read_cell("'=1+1"), read_cell("''-x"), read_cell("'x")
    ('=1+1', "'-x", "'x")
    """
    return cell[1:] if QUOTED.match(cell) else cell


def csv_line(values: Iterable[Any]) -> str:
    r"""Return one line of CSV; a text with a line end of any kind is quoted.

    >>> csv_line(["a", "b,c", "d\re", 'f"g'])
    'a,"b,c","d\re","f""g"\n'
    """
    # csv quotes the characters of its own line end alone, and ours is a line feed
    out = io.StringIO()
    csv.writer(out, lineterminator=_BOTH).writerow(values)
    return out.getvalue().removesuffix(_BOTH) + "\n"


def safe_column(texts: Sequence[str | None]) -> Sequence[str | None]:
    """Return a column of texts that no spreadsheet computes; the same one where none would be."""
    if _FIRST.isdisjoint({each[:1] for each in set(texts) if each}):
        return texts
    return [each and safe_cell(each) for each in texts]
