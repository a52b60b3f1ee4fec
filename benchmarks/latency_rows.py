"""When a signal can be read in a signals.db, seen from a thread that looks again and again."""

import sqlite3
import threading
import time
from pathlib import Path

_LOOK_SECONDS = 0.001
_NEW = "SELECT rowid, signal_id FROM llm_signals WHERE rowid > ? ORDER BY rowid"


class RowWatch:
    """Notes the time at which each signal of a tag has its row."""

    def __init__(self, database: Path, tag: str, total: int) -> None:
        self.seen: dict[str, float] = {}
        self._database = database
        self._tag = tag
        self._total = total
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Begin to look; what is there already is passed over."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Return when all are seen, or the time is up."""
        self._thread.join(seconds)

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        connection = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            last, version = 0, -1
            while len(self.seen) < self._total and not self._stopped.is_set():
                (now,) = connection.execute("PRAGMA data_version").fetchone()
                if now == version:
                    time.sleep(_LOOK_SECONDS)
                    continue
                version = now
                rows = connection.execute(_NEW, (last,)).fetchall()
                at = time.monotonic()
                last = rows[-1][0] if rows else last
                self.seen |= {name: at for _, name in rows if name.startswith(self._tag)}
        finally:
            connection.close()
