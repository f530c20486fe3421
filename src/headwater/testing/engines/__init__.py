"""The conformance suite of database engines: what every package found in `headwater.engines` must hold to.

Each check takes a `Subject`, an engine with a place where it may make databases, and raises AssertionError. What only
the engine can spell (its kinds of objects, its values, its tricks to write) comes with the subject as data. `CHECKS`
lists what engines of any language hold to, `SQL_CHECKS` what those that speak SQL do, `DUMP_CHECKS` what those do of
whose databases snapshots are taken, `REFILL_CHECKS` what those do that speak SQL and restore tables in place.
"""

from __future__ import annotations

from headwater.testing.engines import connection, in_place_restore, queries, schemas, snapshots
from headwater.testing.engines.subject import Subject

__all__ = ["CHECKS", "IN_PLACE_RESTORE_CHECKS", "SNAPSHOT_CHECKS", "SQL_CHECKS", "Subject"]

CHECKS = connection.CHECKS
SNAPSHOT_CHECKS = snapshots.CHECKS
IN_PLACE_RESTORE_CHECKS = in_place_restore.CHECKS
SQL_CHECKS = queries.CHECKS + schemas.CHECKS
