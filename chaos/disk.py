"""A small disk of its own for one process, which may be filled up: a tmpfs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos.errors import ChaosError

MEGABYTES = 192
_BLOCK = bytes(1 << 20)


class Disk:
    """A folder with so much room and no more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        self.is_full = False

    def fill(self) -> None:
        """Leave no room at all."""
        self.is_full = True
        with self._ballast.open("wb", buffering=0) as file:
            for block in (_BLOCK, _BLOCK[:4096]):
                _write_until_full(file.fileno(), block)

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)
        self.is_full = False


def can_mount() -> bool:
    """Say whether this process may make a disk."""
    return os.geteuid() == 0


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Yield a disk at a folder for this block alone."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder))
    try:
        yield Disk(folder)
    finally:
        _run("umount", "--lazy", str(folder))


def _write_until_full(number: int, block: bytes) -> None:
    try:
        while os.write(number, block):
            pass
    except OSError:
        return


def _run(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        msg = f"{words[0]} failed: {done.stderr.strip()[:300]}"
        raise ChaosError(msg)
