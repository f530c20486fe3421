"""Names of attributes that only PostgreSQL has, as used in `attrs` of the catalog."""

from __future__ import annotations

from collections.abc import Callable

from headwater.catalog.model import Attributes

IDENTITY = "identity"  # of a column: `always` or `by default`
COLLATION = "collation"
VIRTUAL = "virtual"  # of a generated column that is not stored
METHOD = "method"  # of an index: `gin` …; nothing for btree
INCLUDE = "include"
CONSTRAINT = "constraint"  # of a unique index: part of a constraint
EXCLUDE = "exclude"  # of an index: the definition of its exclusion constraint
NULLS_NOT_DISTINCT = "nulls_not_distinct"
STORAGE = "storage"  # options in WITH (…)
DEFERRABLE = "deferrable"  # of a constraint: `immediate` or `deferred`
MATCH = "match"
NOT_VALID = "not_valid"
NOT_ENFORCED = "not_enforced"
PERIOD = "period"  # of a key: its last column is a range that may not overlap, or must be covered
PRIMARY_KEY_PERIOD = "primary_key_period"
NO_INHERIT = "no_inherit"
PARTITION_BY = "partition_by"
PARTITION_OF = "partition_of"
PARTITION_BOUND = "partition_bound"
INHERITS = "inherits"
UNLOGGED = "unlogged"
PRIMARY_KEY_NAME = "primary_key"
ROW_SECURITY = "row_security"  # `enabled` or `forced`
POLICY = "policy:"  # and the name of the policy: its statement
FOREIGN = "foreign"
START, INCREMENT, MINIMUM, MAXIMUM, CACHE, CYCLE = "start", "increment", "minimum", "maximum", "cache", "cycle"
OF_IDENTITY = "of_identity"  # of a sequence that belongs to an identity column
SCHEMAS = "schemas"
EXTENSION = "extension:"  # and its name: the schema that it is in
COMPOSITE = "type:"  # and its qualified name: its fields


def attrs(**given: object) -> Attributes:
    """Return the attributes that are set, sorted by name."""
    return tuple(sorted((name, _text(value)) for name, value in given.items() if value not in (None, False, "")))


def _text(value: object) -> str:
    return "yes" if value is True else str(value)


def get(of: Attributes, name: str) -> str | None:
    """Return one attribute, or None."""
    return next((value for known, value in of if known == name), None)


def starting(of: Attributes, prefix: str) -> dict[str, str]:
    """Return the attributes whose names begin with a prefix, by the rest of the name."""
    return {name[len(prefix) :]: value for name, value in of if name.startswith(prefix)}


def getter(of: Attributes) -> Callable[[str], str | None]:
    """Return a function that returns one attribute, or None."""
    return dict(of).get
