"""A commit as people see it, and the texts of git that it is read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# What `of_log` reads.
LOG_FORMAT = "%H%x00%aI%x00%s"
MAX_SUBJECT = 300


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit: its id, branch, the first line of its message, and when its author made it."""

    id: str
    branch: str = ""
    subject: str = ""
    authored_at: datetime | None = None


def of_log(text: str, branch: str) -> GitCommit:
    """Return the commit that `git log` prints in `LOG_FORMAT`."""
    commit, authored_at, subject = text.rstrip("\n").split("\0", 2)
    return GitCommit(commit, branch, printable(subject)[:MAX_SUBJECT], moment(authored_at))


def printable(text: str) -> str:
    """Return a text on one line, without control characters."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def moment(text: str) -> datetime | None:
    """Return the time in a text of ISO 8601 with its offset, or None; git accepts times that no calendar has."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None
