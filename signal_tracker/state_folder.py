"""Where a worker keeps rows on disk: DATA/state/GROUP/NAME, one worker in a folder at a time.

A worker without a name takes the first folder that no other has. Which partitions a folder is
of does not matter: each is read on in its changelog from where the folder has it.
"""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import quote

from schemas.cluster import Broker
from signal_tracker import admin
from signal_tracker.errors import SilentBrokerError, StateInUseError
from signal_tracker.progress import say
from streams.app import changelogs
from streams.shelf import Shelf, ShelfError, emptied, library
from streams.shelf_tables import ahead_of, is_of

STATE: Final = "state"
_ROWS: Final = "rows"


@contextmanager
def open_shelf(data: Path, broker: Broker, group: str, instance: str | None) -> Iterator[Shelf]:
    """Yield the rows of a worker that are of the changelogs as they are now.

    What is not is taken away, and said; it comes again from the changelogs.
    """
    library()
    groups = data / STATE / _file_name(group)
    with _own_folder(groups, instance) as folder, _readable(folder, broker, group) as shelf:
        yield shelf


def source_ids(broker: Broker, group: str) -> Mapping[str, str]:
    """Return the id of each table's changelog, of those that exist."""
    names = changelogs(group)
    found = admin.topic_ids(broker, names.values())
    return {table: found[name] for table, name in names.items() if name in found}


def sources_of(broker: Broker, group: str) -> Mapping[str, str]:
    """Return `source_ids` to a worker, which waits where a ConnectionError says that it has to."""
    try:
        return source_ids(broker, group)
    except SilentBrokerError as error:
        raise ConnectionError(str(error)) from error


def _readable(folder: Path, broker: Broker, group: str) -> Shelf:
    rows = folder / _ROWS
    try:
        shelf = Shelf(rows)
        mine = is_of(shelf, source_ids(broker, group))
    except ShelfError as error:
        say(f"{error}; recovering from the changelogs")
        return Shelf(emptied(rows))
    if not mine:
        shelf.close()
        say(f"the rows in {rows} are of other topics; recovering from the changelogs")
        return Shelf(emptied(rows))
    _forget_what_is_ahead(shelf, rows, broker, group)
    return shelf


def _forget_what_is_ahead(shelf: Shelf, rows: Path, broker: Broker, group: str) -> None:
    tables = {name: table for table, name in changelogs(group).items()}
    held = shelf.offsets()
    ends = admin.end_offsets(broker, tables) if held else {}
    by_table = {(tables[name], partition): end for (name, partition), end in ends.items()}
    for partition in ahead_of(shelf, by_table):
        say(
            f"the rows in {rows} are ahead of the changelogs of partition {partition}: the broker"
            " has lost what was read of it; recovering what it has"
        )
        shelf.forget(partition)


@contextmanager
def _own_folder(group: Path, instance: str | None) -> Iterator[Path]:
    if instance is not None:
        folder = group / f"instance-{_file_name(instance)}"
        with _lock(folder) as is_ours:
            if not is_ours:
                msg = f"another worker has {folder}: give each an --instance of its own"
                raise StateInUseError(msg)
            yield folder
        return
    for number in count(1):
        folder = group / f"worker-{number}"
        with _lock(folder) as is_ours:
            if is_ours:
                yield folder
                return


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Yield whether a folder, made where it is not there, is this process's alone."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _file_name(text: str) -> str:
    name = quote(text, safe="")
    return name if name.strip(".") else name.replace(".", "%2E")
