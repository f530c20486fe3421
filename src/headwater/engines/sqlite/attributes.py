"""Names of attributes that only SQLite has, as used in `attrs` of the catalog."""

from __future__ import annotations

from headwater.catalog.model import Attributes

STRICT = "strict"
WITHOUT_ROWID = "without_rowid"
AUTOINCREMENT = "autoincrement"  # of a table: its integer key never reuses a number
MODULE = "module"  # of a virtual table: `fts5(…)` …
PRIMARY_KEY_NAME = "primary_key"
PRIMARY_KEY_TERMS = "primary_key_terms"  # where the key has an order, a collation or a conflict clause of its own
COLLATION = "collation"
STORED = "stored"  # of a generated column; those that are not are virtual
CONSTRAINT = "constraint"  # of a unique index: part of a constraint
CONFLICT = "conflict"  # the word after ON CONFLICT
DEFERRABLE = "deferrable"  # of a foreign key: `deferred`


def attrs(**given: object) -> Attributes:
    """Return the attributes that are set, sorted by name."""
    return tuple(
        sorted(
            (name, "yes" if value is True else str(value))
            for name, value in given.items()
            if value not in {None, False, ""}
        )
    )


def get(of: Attributes, name: str) -> str | None:
    """Return one attribute, or None."""
    return dict(of).get(name)
