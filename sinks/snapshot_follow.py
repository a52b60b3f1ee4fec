"""Report files that follow the database: what programs wait for first, then the large files."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from sinks.snapshot import LARGE, Writer
from sinks.sqlite_queries import ChangeWatch

_POLL_S = 0.03
# The large files of a large database take their time; the reader may not live on them alone,
# and a change does not wait for them unless they are late.
_REST = 2.0
_PATIENCE_S = 10.0


def follow(
    db_path: Path,
    out_dir: Path,
    *,
    wait: Callable[[float], bool],
    on_written: Callable[[list[Path]], None] = lambda _paths: None,
    on_waiting: Callable[[str], None] = lambda _why: None,
) -> None:
    """Write the reports whenever the database has changed, until `wait` says to stop.

    The quick files come first; the large ones are begun again where a newer change
    comes in between, but for those that are late. `wait` rests so many seconds and
    returns whether to stop; the last look is taken after it has said so. A database of
    an earlier version is waited for until its writer has brought it up to date; `on_waiting`
    is told so once.
    """
    follower = _Follower(db_path, out_dir, on_written, on_waiting)
    try:
        stopping = False
        while True:
            follower.write_quick()
            rest = follower.write_large(stopping=stopping)
            if stopping:
                return
            stopping = wait(rest)
    finally:
        follower.close()


class _Follower:
    def __init__(
        self,
        db_path: Path,
        out_dir: Path,
        on_written: Callable[[list[Path]], None],
        on_waiting: Callable[[str], None],
    ) -> None:
        self._watch = ChangeWatch(db_path)
        self._writer = Writer(db_path, out_dir)
        self._on_written = on_written
        self._on_waiting = on_waiting
        self._waited_for = ""
        self._seen: tuple[int, int] | None = None
        self._behind_since: float | None = None
        self._due = 0.0
        self._took = 0.0

    def write_quick(self) -> None:
        """Write the quick files if the database has changed."""
        now = self._watch.look()
        if self._watch.waits_for != self._waited_for:
            self._waited_for = self._watch.waits_for
            if self._waited_for:
                self._on_waiting(self._waited_for)
        if now is None or now == self._seen:
            return
        self._on_written(self._writer.quick())
        self._seen = now
        if self._behind_since is None:
            self._behind_since = monotonic()

    def write_large(self, *, stopping: bool) -> float:
        """Write the large files if they are due; return how long to rest."""
        began = monotonic()
        if self._behind_since is None:
            return _POLL_S
        if not stopping and began < self._due:
            return min(_POLL_S, self._due - began)
        late = stopping or began - self._behind_since > _REST * self._took + _PATIENCE_S
        written = self._writer.large((lambda: False) if late else self._changed)
        ended = monotonic()
        self._due = ended + _REST * (ended - began)
        if len(written) == len(LARGE):
            self._behind_since, self._took = None, ended - began
        if written:
            self._on_written(written)
        return _POLL_S

    def close(self) -> None:
        """Let go of the database."""
        self._watch.close()

    def _changed(self) -> bool:
        return self._watch.look() not in (None, self._seen)
