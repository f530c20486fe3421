"""The order of migration files, and which of them are down migrations."""

from __future__ import annotations

import re

_DOWN_FILE = re.compile(r"(^|[/._-])(down|rollback|undo|revert)(\.sql$|/)|(^|/)U\d[\w.]*__[^/]*$", re.IGNORECASE)
_NUMBER = re.compile(r"(\d+)")
# A time with dashes, as Diesel writes it after 2018; without them it was one number.
_TIME = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?:-(\d{6}))?(?!\d)")


def natural_key(path: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key under which V2 goes before V10, and 20171231235959 before 2018-01-01-000000."""
    path = _TIME.sub(lambda match: f"{match[1]}{match[2]}{match[3]}{match[4] or '000000'}", path)
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in _NUMBER.split(path) if part)


def root_of(path: str) -> str:
    """Return the folder whose files are one history; `20240101_init/migration.sql` belongs to the parent folder."""
    folder, _, name = path.rpartition("/")
    if name in ("migration.sql", "up.sql"):
        return folder.rpartition("/")[0]
    return folder


def is_reverse(path: str) -> bool:
    """Return True if the name of a file says that it is a down migration."""
    return _DOWN_FILE.search(path) is not None
