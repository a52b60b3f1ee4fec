"""The formats of input files; the one place that knows them all.

A new format is an entry of FORMATS and the module that the entry names: its
`tables` reads prices by columns, its `rows` reads records one by one. The
module is imported when a file of that format is read, as its library is large.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from producers.errors import InputError

if TYPE_CHECKING:
    from producers.record_columns import RecordColumns
    from producers.results import Refusal
    from producers.sources import Source
    from producers.tables import Table

Fields: TypeAlias = dict[str, Any]

_BOM = b"\xef\xbb\xbf"


class Reader(Protocol):
    """What a format's module offers."""

    def tables(self, source: "Source", wanted: Collection[str]) -> "Iterator[Table]":
        """Yield the wanted columns of a source, a bounded part at a time."""

    def rows(
        self, source: "Source", columns: "RecordColumns"
    ) -> "Iterator[tuple[int, Fields | Refusal]]":
        """Yield the number and the fields of each line, or why it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format: its name, how a file of it is known, and where it is read.

    `has_header` says that the names of all columns are known before the first
    row, so that a missing one is a fault of the file and not of a row.
    """

    name: str
    module: str
    suffixes: tuple[str, ...]
    starts: tuple[bytes, ...] = ()
    has_header: bool = True

    @property
    def reader(self) -> Reader:
        """Return the module that reads it, imported now."""
        return cast(Reader, import_module(self.module))


_CSV = Format(name="csv", module="producers.csv_files", suffixes=(".csv",))
_PARQUET = Format(
    name="parquet",
    module="producers.parquet_files",
    suffixes=(".parquet", ".pq"),
    starts=(b"PAR1",),
)
_JSON_LINES = Format(
    name="jsonl",
    module="producers.json_lines",
    suffixes=(".jsonl", ".ndjson", ".json"),
    starts=(b"{", b"["),
    has_header=False,
)

FORMATS = {each.name: each for each in (_CSV, _PARQUET, _JSON_LINES)}


def format_named(name: str) -> Format:
    """Return the format of this name; raise InputError where there is none.

    >>> format_named("csv").suffixes
    ('.csv',)
    """
    if name not in FORMATS:
        msg = f"expected a format of {', '.join(FORMATS)}, was {name!r}"
        raise InputError(msg)
    return FORMATS[name]


def format_of(path: PurePath, peek: Callable[[], bytes]) -> Format:
    """Return the format by the suffix, else by the first bytes; what shows neither is CSV.

    >>> format_of(PurePath("x.pq.gz"), bytes).name, format_of(PurePath("-"), lambda: b" {").name
    ('parquet', 'jsonl')
    """
    suffixes = [each.lower() for each in path.suffixes]
    last = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    for each in FORMATS.values():
        if last and last[0] in each.suffixes:
            return each
    start = peek().removeprefix(_BOM).lstrip()
    return next((each for each in FORMATS.values() if start.startswith(each.starts)), _CSV)
