"""The conformance suite of database engines: requirements on every package in `headwater.engines`.

Each check takes a `Subject`, an engine with a place where it can create databases, and raises AssertionError.
Everything that is specific to the engine (its kinds of objects, its values, its ways to write) is data of the subject.
`CHECKS` lists the requirements on every engine, `SQL_CHECKS` those on SQL engines, `DUMP_CHECKS` those on engines with
snapshots, `REFILL_CHECKS` those on SQL engines with in-place restores.
"""

from __future__ import annotations

from headwater.testing.engines import connection, in_place_restore, queries, schemas, snapshots
from headwater.testing.engines.subject import Subject

__all__ = ["CHECKS", "IN_PLACE_RESTORE_CHECKS", "SNAPSHOT_CHECKS", "SQL_CHECKS", "Subject"]

CHECKS = connection.CHECKS
SNAPSHOT_CHECKS = snapshots.CHECKS
IN_PLACE_RESTORE_CHECKS = in_place_restore.CHECKS
SQL_CHECKS = queries.CHECKS + schemas.CHECKS
