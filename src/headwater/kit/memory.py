"""The memory and the processor time that this process has used."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path

PAGE = resource.getpagesize()
STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """The resident memory of a process, and its processor time since it started."""

    resident_bytes: int
    cpu_seconds: float


def usage() -> ProcessUsage:
    """Return the usage of this process; where the system does not say how much memory it has now, the most it had."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    try:
        resident = int(STATM.read_text("ascii").split()[1]) * PAGE
    except (OSError, ValueError, IndexError):
        resident = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return ProcessUsage(resident, round(used.ru_utime + used.ru_stime, 3))
