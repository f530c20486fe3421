"""The spool of a cluster, into which its archiver puts finished WAL segments; names of segments and positions.

The archive command copies a segment to a temporary name, syncs it, renames it and syncs the folder, so that a segment
with its final name is complete and durable. It never overwrites a segment, and fails when the spool is full: the
cluster then keeps its segments, which count against its quota.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from headwater.engines import Instance, LogSegment
from headwater.engines import _instance_files as folders
from headwater.kit.errors import BadInput

MOST, LEAST = 512, 2**20
TIMEOUT_SECONDS = 60
_SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})")
_LEFT = re.compile(r"[0-9A-F]{24}\.[0-9A-F]{8}\.backup|[0-9A-F]{8}\.history|[0-9A-F]{24}\.partial")
_POSITION = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")
# Sizes of segment and page headers: a log that ends in a header really ends before it.
LONG_HEADER = 40


def spool_folder(instance: Instance) -> Path:
    """Return the folder of the spool."""
    return instance.folder / "spool"


def settings(instance: Instance) -> Mapping[str, str]:
    """Return the settings with which a cluster archives; creates the spool."""
    spool = folders.make_private(instance, spool_folder(instance))
    return {
        "wal_level": "replica",
        "archive_mode": "on",
        "archive_command": _command(spool),
        "archive_timeout": f"{TIMEOUT_SECONDS}s",
    }


def _command(spool: Path) -> str:
    folder = shlex.quote(str(spool)).replace("%", "%%")
    return (
        f'D={folder}; if test -e "$D/%f"; then cmp -s "%p" "$D/%f" && sync "$D"; exit; fi; '
        f'test "$(ls "$D" | wc -l)" -lt {MOST} || exit 1; '
        'dd if="%p" of="$D/.%f" bs=1048576 conv=fsync 2>/dev/null && mv -f "$D/.%f" "$D/%f" && sync "$D"'
    )


def spooled_segments(instance: Instance) -> Sequence[LogSegment]:
    """Return the segments in the spool."""
    segments = []
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(spool_folder(instance).iterdir()):
            if match := _SEGMENT.fullmatch(path.name):
                here = path.lstat()
                size = here.st_size
                if not stat.S_ISREG(here.st_mode) or size & (size - 1) or size < LEAST:
                    continue  # the server's user can create any file there
                timeline, high, low = (int(part, 16) for part in match.groups())
                first = (high << 32) + low * size
                segments.append(LogSegment(path.name, timeline, first, first + size, path))
            elif _LEFT.fullmatch(path.name):
                path.unlink(missing_ok=True)  # base backups have this information, and a recovery stays on its timeline
    return segments


def parse_position(text: str) -> int:
    """Return the position of an LSN such as 0/16B3748."""
    match = _POSITION.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{text!r} is not an LSN.", hint="It looks like 0/16B3748: SELECT pg_current_wal_lsn().")
    return (int(match[1], 16) << 32) + int(match[2], 16)


def format_position(position: int) -> str:
    """Return a position as an LSN."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def behind_header(position: int, segment: int) -> int:
    """Return a position, or the start of its segment if only the header is between the two."""
    return position - position % segment if position % segment <= LONG_HEADER else position


def rounded_up(position: int, segment: int) -> int:
    """Return the end of the segment that ends at or after a position."""
    return -(-behind_header(position, segment) // segment) * segment
