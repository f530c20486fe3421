"""What the path of a file says about it: code, a test, a migration."""

from __future__ import annotations

import re

# Texts that are not code: what they say changes with the code, or is generated from it.
_PROSE = (".md", ".mdx", ".rst", ".txt", ".lock", ".po", ".pot", ".svg", ".csv", ".snap", ".map", ".log")
_DATA = (".json", ".yml", ".yaml", ".xml", ".toml", ".sql")
_MIGRATIONS = re.compile(
    r"(^|/)(migrations?|migrate|alembic/versions|db/changelogs?)(/|$)|(^|/)(drizzle|db/schema)/.*\.sql$|(^|/)db/schema\.rb$",
    re.IGNORECASE,
)
_TESTS = re.compile(
    r"(^|/)(tests?|specs?|__tests__|testing|fixtures|e2e)(/|$)|[._-](test|spec)s?\.|(^|/)test_|_test\.", re.IGNORECASE
)


def is_code(path: str) -> bool:
    """Return True if a path is that of code and not of prose, data or a migration."""
    return not path.endswith((*_PROSE, *_DATA)) and not is_migration(path)


def is_migration(path: str) -> bool:
    """Return True for a migration: it says how the schema came about, and a later change does not break it."""
    return _MIGRATIONS.search(path) is not None


def is_test(path: str) -> bool:
    """Return True for a test or its fixtures."""
    return _TESTS.search(path) is not None
