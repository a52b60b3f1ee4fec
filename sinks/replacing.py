"""Files replaced whole: a reader never sees half of one, whatever ends the writer.

Delivery guarantee: a file is written beside its place, flushed to the disk and
renamed over the old one. Where there is no room the old one stays, and what was
begun is taken away; after `kill -9` the next writer does that.
"""

import errno
import os
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from sinks.errors import UnwritableError

# A writer in another container is not seen by its number: its file is seen to grow.
_LEFT_SECONDS: Final = 60.0


def replace_file(path: Path, text: str) -> None:
    """Put the text at the path in one step that a crash cannot halve."""
    replace_pieces(path, [text.encode()])


def replace_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Put the pieces at the path in one step that a crash cannot halve.

    Raise UnwritableError where they cannot be written; what was at the path stays.
    A link there is replaced, and what it names is left alone; a device or a pipe is
    refused, for it would be gone.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        _refuse_special(path)
        temporary.unlink(missing_ok=True)
        # "x": nobody's file or link of that name is written to
        with temporary.open("xb") as file:
            for each in pieces:
                file.write(each)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        _remove(temporary)
        msg = f"{path} cannot be written: {error.strerror}; what was there stays"
        raise UnwritableError(msg) from error
    except BaseException:
        _remove(temporary)
        raise


def sweep(folder: Path, names: Iterable[str]) -> list[str]:
    """Take away what killed writers of these files left half done; return the names."""
    left = [
        each
        for name in names
        for each in folder.glob(f".{name}.*.tmp")
        if not _is_written(each, each.name.split(".")[-2])
    ]
    for each in left:
        _remove(each)
    return [each.name for each in left]


def _refuse_special(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise OSError(errno.EINVAL, "expected a file, was a folder, device or pipe")


def _is_written(path: Path, pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        with suppress(OSError):
            return time.time() - path.stat().st_mtime < _LEFT_SECONDS
    except (ValueError, OverflowError, PermissionError):
        return True
    return int(pid) != os.getpid()


def _remove(path: Path) -> None:
    # On a disk that can only be read there is nothing to take away.
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
