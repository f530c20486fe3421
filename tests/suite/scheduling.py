"""Distributes test files over workers: the slowest first, and those that share a server to one worker.

Files stay whole because module fixtures start servers. A slow file that is started last would leave the other worker
idle, so recorded durations give the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch

from xdist.scheduler import LoadFileScheduling

from suite import durations

# Files that share what takes long to start go to one worker, one after the other.
GROUPS = {
    "browser, first half": ("tests/e2e/test_[a-h]*",),
    "browser, second half": ("tests/e2e/*",),
    "commands": ("tests/entrypoints/test_*_commands.py",),
    "kills": (
        "tests/faults/test_copy_kills.py",
        "tests/faults/test_snapshot_kills.py",
        "tests/faults/test_recovery_kills.py",
    ),
}
UNKNOWN_SECONDS = 5.0


def group_of(node_id: str) -> str:
    """Return the group of a test: its file, or the name of those that share a server or a browser."""
    file = node_id.split("::", 1)[0]
    shared = (group for group, patterns in GROUPS.items() if any(fnmatch(file, pattern) for pattern in patterns))
    return next(shared, file)


def in_order(groups: Mapping[str, object], recorded: Mapping[str, float]) -> list[str]:
    """Return the names of groups, the slowest first; what was never measured counts as a file of average length.

    Those of the browser come before all others: a worker that has run something else meanwhile has closed its browser.
    """
    seconds: dict[str, float] = {}
    for file, duration in recorded.items():
        group = group_of(file)
        seconds[group] = seconds.get(group, 0.0) + duration
    return sorted(groups, key=lambda group: (not group.startswith("browser"), -seconds.get(group, UNKNOWN_SECONDS)))


class SlowestFirst(LoadFileScheduling):  # type: ignore[misc]
    """Gives a whole file to a worker, the slowest files first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: object) -> None:
        for group in in_order(dict(self.workqueue), durations.load()):
            self.workqueue.move_to_end(group)
        super()._assign_work_unit(node)
