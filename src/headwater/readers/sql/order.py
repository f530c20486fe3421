"""The order of migration files, and which of them are down migrations."""

from __future__ import annotations

import re

_DOWN_FILE = re.compile(r"(^|[/._-])(down|rollback|undo|revert)(\.sql$|/)|(^|/)U\d[\w.]*__[^/]*$", re.IGNORECASE)
_DOWN_PART = re.compile(
    r"^[ \t]*--[ \t]*(\+goose[ \t]+down|\+migrate[ \t]+down|migrate:down|!downs|//@undo|rollback\b)",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(r"(\d+)")


def natural_key(path: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key under which V2 goes before V10."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in _NUMBER.split(path) if part)


def root_of(path: str) -> str:
    """Return the folder whose files are one history; `20240101_init/migration.sql` belongs to the parent folder."""
    folder, _, name = path.rpartition("/")
    if name in ("migration.sql", "up.sql"):
        return folder.rpartition("/")[0]
    return folder


def is_reverse(path: str) -> bool:
    """Return True if a file is a down migration."""
    return _DOWN_FILE.search(path) is not None


def upward_part(text: str) -> str:
    """Return the part of a migration before its down section."""
    down = _DOWN_PART.search(text)
    return text[: down.start()] if down else text
