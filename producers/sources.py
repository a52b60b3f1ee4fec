"""Open a file or standard input: its format, its bytes, and how far it is read."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any, Literal, TypeAlias, cast

from producers.errors import InputError

Format: TypeAlias = Literal["csv", "parquet", "jsonl"]
FORMATS: tuple[Format, ...] = ("csv", "parquet", "jsonl")

BLOCK_BYTES = 4_000_000
MAX_LINE_BYTES = 64_000_000

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
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
        try:
            return cast(bytes, stream.read1(size) if self.live else stream.read(size))
        except (EOFError, zlib.error) as error:
            msg = f"{self.name}: damaged gzip file: {error}"
            raise InputError(msg) from None


@contextmanager
def open_source(
    path: str | Path, format_: Format | None = None, stdin: IO[bytes] | None = None
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
        yield Source(
            name=name,
            format=format_ or _format_of(PurePath(name), stream),
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
        return io.BytesIO(source.stream.read())
    return source.stream


def _format_of(path: PurePath, stream: Any) -> Format:
    suffixes = [each.lower() for each in path.suffixes]
    last = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    if last and last[0] in _SUFFIXES:
        return _SUFFIXES[last[0]]
    head = stream.peek(_PEEK).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(_PARQUET):
        return "parquet"
    return "jsonl" if head.startswith((b"{", b"[")) else "csv"


def _peekable(stdin: Any, stack: ExitStack) -> Any:
    if hasattr(stdin, "peek"):
        return stdin
    buffered = io.BufferedReader(stdin)
    # detached on the way out, so that closing the wrapper leaves the caller's stream open
    stack.callback(buffered.detach)
    return buffered
