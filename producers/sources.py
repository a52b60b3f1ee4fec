"""Open a file or standard input: its format, its bytes, and how far it is read."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, cast

from producers.errors import InputError
from producers.formats import Format, format_named, format_of

BLOCK_BYTES = 4_000_000
MAX_LINE_BYTES = 64_000_000

_GZIP = b"\x1f\x8b"
_PEEK = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An open input: `stream` gives plain bytes, `total` is the size of what is read."""

    name: str
    format: Format
    stream: IO[bytes]
    raw: IO[bytes]
    total: int | None = None
    live: bool = False

    def position(self) -> int:
        """Return how many of `total` bytes are read, 0 where that is unknown."""
        return 0 if self.total is None else self.raw.tell()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; of a live pipe what has come by now."""
        stream: Any = self.stream
        with _unpacked(self.name):
            return cast(bytes, stream.read1(size) if self.live else stream.read(size))


@contextmanager
def open_source(
    path: str | Path, format_: str | None = None, stdin: IO[bytes] | None = None
) -> Iterator[Source]:
    """Open a path, or standard input for `-`; the content says whether it is gzipped."""
    with ExitStack() as stack:
        if str(path) == "-":
            raw: Any = _peekable(stdin or sys.stdin.buffer, stack)
            name, total = "standard input", None
        else:
            raw = stack.enter_context(Path(path).open("rb"))
            name, total = str(path), Path(path).stat().st_size
        zipped = raw.peek(_PEEK)[:2] == _GZIP
        stream: Any = stack.enter_context(gzip.GzipFile(fileobj=raw)) if zipped else raw
        if format_ is None:
            with _unpacked(name):
                form = format_of(PurePath(name), lambda: stream.peek(_PEEK))
        else:
            form = format_named(format_)
        yield Source(
            name=name,
            format=form,
            stream=stream,
            raw=raw,
            total=total,
            live=total is None and not zipped,
        )


def blocks(source: Source, start: int = 1, size: int = BLOCK_BYTES) -> Iterator[tuple[int, bytes]]:
    """Yield (number of the first line, whole lines) until the end; memory stays bounded."""
    line, rest = start, b""
    while block := source.read(size):
        head, newline, tail = (rest + block).rpartition(b"\n")
        if newline:
            yield line, head + newline
            line += head.count(b"\n") + 1
        rest = tail
        if len(rest) > MAX_LINE_BYTES:
            msg = f"{source.name}: line {line}: expected at most {MAX_LINE_BYTES} bytes in a line"
            raise InputError(msg)
    if rest:
        yield line, rest


def seekable(source: Source) -> IO[bytes]:
    """Return the stream, or a copy in memory where it cannot seek."""
    if source.live or source.stream is not source.raw or not source.stream.seekable():
        with _unpacked(source.name):
            return io.BytesIO(source.stream.read())
    return source.stream


@contextmanager
def _unpacked(name: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        msg = f"{name}: damaged gzip file: {error}"
        raise InputError(msg) from None


def _peekable(stdin: Any, stack: ExitStack) -> Any:
    if hasattr(stdin, "peek"):
        return stdin
    buffered = io.BufferedReader(stdin)
    # detached on the way out, so that closing the wrapper leaves the caller's stream open
    stack.callback(buffered.detach)
    return buffered
