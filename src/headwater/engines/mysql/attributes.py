"""Names of attributes that only MySQL and MariaDB have, as used in `attrs` of the catalog."""

from __future__ import annotations

from headwater.catalog.model import Attributes

ENGINE = "engine"  # of a table: InnoDB …
COLLATION = "collation"  # of a table, or of a column whose collation differs from its table
OPTIONS = "options"  # of a table, as CREATE TABLE spells them: ROW_FORMAT=COMPRESSED …
PARTITIONS = "partitions"  # the complete PARTITION BY
ON_UPDATE = "on_update"  # of a column that is updated when its row changes
STORED = "stored"  # of a generated column; those that are not are virtual
INVISIBLE = "invisible"  # of an invisible column or an ignored index
METHOD = "method"  # of an index: FULLTEXT, SPATIAL, HASH; nothing for BTREE
OF_COLUMN = "of_column"  # of a check in MariaDB that is part of its column, and has its name
NOT_ENFORCED = "not_enforced"
SECURITY, CHECK_OPTION, ALGORITHM = "security", "check_option", "algorithm"  # of a view
START, INCREMENT, MINIMUM, MAXIMUM, CACHE, CYCLE = "start", "increment", "minimum", "maximum", "cache", "cycle"
EVENT = "event:"  # of the schema, and the event's name: its statement


def attrs(**given: object) -> Attributes:
    """Return the attributes that are set, sorted by name."""
    values = {name: value for name, value in given.items() if value not in {None, False, ""}}
    return tuple(sorted((name, "yes" if value is True else str(value)) for name, value in values.items()))


def get(of: Attributes, name: str) -> str | None:
    """Return one attribute, or None."""
    return dict(of).get(name)
