"""A profile by sampling, with the standard library alone: where a process's threads are.

Every 5 ms the stacks are read from another thread. That one gets its turn only
when the interpreter lets go of its lock, so the shares are rough; a thread that
waits for the network, a lock or its next piece of work is left out.
"""

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

VARIABLE = "SIGNAL_TRACKER_BENCH_PROFILE"

_EVERY_SECONDS = 0.005
_LINES = 25
_WAITING = {"select", "wait", "poll", "_wait_for_tstate_lock", "_keep", "_worker"}


class Sampler:
    """Samples from its start; `write` may be called again and again."""

    def __init__(self) -> None:
        self.samples = 0
        self.own: Counter[str] = Counter()
        self.below: Counter[str] = Counter()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> None:
        """Sample no more."""
        self._stopped.set()
        self._thread.join()

    def take(self, frame: FrameType | None) -> None:
        """Count one stack."""
        names = [name_of(each.f_code) for each in _outward(frame)]
        if not names or frame is None or frame.f_code.co_name in _WAITING:
            return
        self.samples += 1
        self.own[names[0]] += 1
        self.below.update(set(names))

    def text(self, title: str) -> str:
        """Return the functions with the most samples: alone, and with what they call."""
        out = [f"{title}: {self.samples:,} samples of threads at work", ""]
        for head, counts in (("itself", self.own), ("with its calls", self.below)):
            out.append(f"{head:>14}  function")
            out += [
                f"{count / max(self.samples, 1):>14.1%}  {name}"
                for name, count in counts.most_common(_LINES)
            ]
            out.append("")
        return "\n".join(out)

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY_SECONDS):
            for thread, frame in sys._current_frames().items():  # noqa: SLF001 - its only door
                if thread != threading.get_ident():
                    self.take(frame)


def profile_if_asked(title: str) -> None:
    """Sample this process to its end, and write the profile, where the variable names a file."""
    target = os.environ.get(VARIABLE)
    if target:
        sampler = Sampler()
        sampler.start()
        threading.Thread(target=_keep, args=(sampler, title, Path(target)), daemon=True).start()


def name_of(code: CodeType) -> str:
    """Return a function's name without the machine's folders."""
    path = Path(code.co_filename)
    parts = path.parts
    root = parts.index("site-packages") + 1 if "site-packages" in parts else max(len(parts) - 2, 0)
    return f"{'/'.join(parts[root:])}:{code.co_qualname}"


def _keep(sampler: Sampler, title: str, target: Path) -> None:
    # the process may be killed when it has its answer: what is known so far is always there
    while True:
        time.sleep(1.0)
        draft = target.with_suffix(".draft")
        draft.write_text(sampler.text(title))
        draft.replace(target)


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
