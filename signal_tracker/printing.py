"""Lines for people on a terminal, on which the text of users cannot write what it likes."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from signal_tracker.columns import aligned


def say_lines(lines: Iterable[str]) -> None:
    """Print each line on stdout, with what is not printable escaped."""
    for line in lines:
        click.echo(plain(line))


def plain(text: str) -> str:
    r"""Return the text with every control character as its escape.

    >>> plain("a\x1b[31mb\nc"), plain("naïve 1 €")
    ('a\\x1b[31mb\\nc', 'naïve 1 €')
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def plain_json(text: str) -> str:
    r"""Return JSON with every control character in its texts escaped as JSON has it.

    JSON itself asks for that below U+0020 alone; a terminal obeys others, too.

    >>> plain_json('{"a": "b\u009bc", "d": "\u202e"}')
    '{"a": "b\\u009bc", "d": "\\u202e"}'
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    )


def check_lines(checks: Sequence[Mapping[str, Any]], title: str = "check") -> Iterator[str]:
    """Yield the table of some checks; nothing of none."""
    if checks:
        columns = ("op", "required", "actual", "status", "reason")
        rows = [(f"  {each['name']}", *(each[name] for name in columns)) for each in checks]
        yield from aligned((f"  {title}", *columns), rows)


def fields(pairs: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """Yield a line for each name whose value is known."""
    known = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in known), default=0)
    yield from (f"  {name:<{width}}  {value}" for name, value in known)
