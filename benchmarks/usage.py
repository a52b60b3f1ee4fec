"""What a process has used, as Linux tells it; None on other systems."""

import os
from pathlib import Path
from typing import TypeAlias

Pid: TypeAlias = int | str | None

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: Pid) -> float | None:
    """Return the processor time of a process and its threads, user and system."""
    content = _read(pid, "stat")
    if content is None:
        return None
    # the name in brackets may hold spaces
    fields = content.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def resident_bytes(pid: Pid) -> int | None:
    """Return the resident memory of a process."""
    content = _read(pid, "statm")
    return None if content is None else int(content.split()[1]) * _PAGE


def peak_bytes(pid: Pid) -> int | None:
    """Return the most resident memory that a process has had."""
    content = _read(pid, "status")
    if content is None:
        return None
    (line,) = (each for each in content.splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def available_bytes() -> int | None:
    """Return the memory that the machine can still give."""
    content = _read("", "meminfo")
    if content is None:
        return None
    (line,) = (each for each in content.splitlines() if each.startswith("MemAvailable:"))
    return int(line.split()[1]) * 1024


def _read(pid: Pid, name: str) -> str | None:
    if pid is None:
        return None
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return None
