"""Progress on stderr: a bar on a terminal, plain lines when piped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import click

from signal_tracker.printing import plain


def say(text: str) -> None:
    """Write a line of words to stderr, on which the text of users cannot write what it likes.

    Where nobody can take it, as a file on a full disk, it is lost and nothing else.
    """
    with suppress(OSError):
        click.echo(plain(text), err=True)


@contextmanager
def shown(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function of (done, total) that shows how far something is."""
    if not sys.stderr.isatty():
        say(label)
        yield lambda _done, _total: None
        return
    with click.progressbar(length=1000, label=plain(label), file=sys.stderr, show_pos=False) as bar:

        def show(done: int, total: int | None) -> None:
            if total:
                bar.update(int(1000 * min(done, total) / total) - bar.pos)

        yield show
        bar.update(1000 - bar.pos)
