"""A clock for one process, which may be moved while it runs: libfaketime and a file."""

from pathlib import Path

_REAL = "+0"


class Clock:
    """What one process takes for the time of day; time that only passes stays true."""

    def __init__(self, library: Path, file: Path) -> None:
        self._library = library
        self._file = file
        self.moved = False
        self.reset()

    @property
    def environment(self) -> dict[str, str]:
        """Return what a process under this clock has in its environment."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # one look at the file a second
            "FAKETIME_CACHE_DURATION": "1",
            # timeouts go by clocks that a set clock does not move
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }

    def move(self, seconds: int) -> None:
        """Let the clock show so many seconds more, or fewer."""
        self.moved = True
        self._write(f"{seconds:+d}")

    def reset(self) -> None:
        """Let the clock show the time."""
        self.moved = False
        self._write(_REAL)

    def _write(self, text: str) -> None:
        # in one step: the process may read at any time
        new = self._file.with_suffix(".new")
        new.write_text(f"{text}\n")
        new.replace(self._file)


def faketime_library() -> Path | None:
    """Return libfaketime, None where it is not installed."""
    found = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None
