"""PURE: words and numbers as pages and charts show them. No I/O of any kind.

Whatever comes from outside goes through `escaped`: models, tickers and reasons
may hold anything.
"""

import re
from html import escape

UNKNOWN = "\u2013"
# Control characters, those that turn the direction of what follows, and what no UTF-8 holds.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    r"\ud800-\udfff\ufffe\uffff]"
)
_SPACES = re.compile(r"[\t\n\r]")
_MINUS = "\u2212"
_EXPONENT_FROM = 1e9
_SMALLEST_P = 0.0001


def escaped(text: str, limit: int = 400) -> str:
    """Return text that is safe between tags and in attributes, at most `limit` characters of it.

    >>> escaped('<b a="1">&'), escaped("abcdef", limit=4)
    ('&lt;b a=&quot;1&quot;&gt;&amp;', 'abc…')
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return escape(_UNSAFE.sub("\ufffd", _SPACES.sub(" ", text)), quote=True)


def number(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """Return a number of so many decimals; what rounds to zero has no sign.

    >>> number(1234.5, 1), number(-0.001), number(2, 0, sign=True)
    ('1,234.5', '0.00', '+2')
    """
    size = abs(value)
    words = f"{size:.3e}" if size >= _EXPONENT_FROM else f"{size:,.{digits}f}"
    return _signed(value, words, sign)


def percent(value: float, digits: int = 1, *, sign: bool = False) -> str:
    """Return a fraction in percent.

    >>> percent(0.625), percent(0.01, 2, sign=True)
    ('62.5%', '+1.00%')
    """
    return f"{number(value * 100, digits, sign=sign)}%"


def price(value: float) -> str:
    """Return a price; one below 1 keeps its digits.

    >>> price(1234.5), price(0.00001234)
    ('1,234.5000', '1.234e-05')
    """
    return number(value, 4) if abs(value) >= 1 else f"{value:.6g}"


def probability(value: float) -> str:
    """Return a p or q value.

    >>> probability(0.01564), probability(0.00001)
    ('0.0156', '<0.0001')
    """
    return f"<{_SMALLEST_P}" if 0 <= value < _SMALLEST_P else number(value, 4)


def count(value: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    >>> count(1, "signal"), count(2000, "signal"), count(0, "is", "are")
    ('1 signal', '2,000 signals', '0 are')
    """
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def _signed(value: float, words: str, sign: bool) -> str:
    if not any(each in "123456789" for each in words):
        return words
    if value < 0:
        return _MINUS + words
    return "+" + words if sign else words
