"""Build a result in a new folder and swap it into its place when it is complete."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signal_tracker.errors import RunError

MARKER = "run.json"


@contextmanager
def built_in_place(out: Path, *, kind: str, force: bool) -> Iterator[Path]:
    """Yield a new folder that becomes `out` when all went well.

    An existing folder is replaced only with `force`, or where it holds the
    marker of a demo and this is one. After a failure the new folder stays, for
    its logs, and `out` is as it was.
    """
    refuse_existing(out, kind=kind, force=force)
    out.parent.mkdir(parents=True, exist_ok=True)
    building = out.parent / f".{out.name}.building-{os.getpid()}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    (building / MARKER).write_text(json.dumps({"kind": kind}) + "\n")
    yield building
    _swap(building, out)


def refuse_existing(out: Path, *, kind: str, force: bool) -> None:
    """Raise RunError where `out` holds something that this run may not replace."""
    if out.is_symlink():
        msg = f"{out} is a link: name the folder itself, which is replaced as a whole"
        raise RunError(msg)
    if not out.exists() or force or (kind == "demo" and _kind(out) == "demo"):
        return
    if out.is_dir() and not any(out.iterdir()):
        return
    msg = f"{out} already exists: choose another --out, or replace it with --force"
    raise RunError(msg)


def _kind(out: Path) -> str | None:
    try:
        content = json.loads((out / MARKER).read_text())
    except (OSError, ValueError):
        return None
    return content.get("kind") if isinstance(content, dict) else None


def _swap(building: Path, out: Path) -> None:
    old = out.parent / f".{out.name}.old-{os.getpid()}"
    if out.exists():
        out.rename(old)
    building.rename(out)
    if old.is_dir():
        shutil.rmtree(old)
    elif old.exists():
        old.unlink()
