"""The conformance suite of database engines: what every package found in `headwater.engines` must hold to.

Each check takes a `Subject`, an engine with a place where it may make databases, and raises AssertionError. What only
the engine can spell (its kinds of objects, its values, its tricks to write) comes with the subject as data. `CHECKS`
lists what engines of any language hold to, `SQL_CHECKS` what those that speak SQL do, `DUMP_CHECKS` what those do of
whose databases snapshots are taken, `REFILL_CHECKS` what those do that speak SQL and restore tables in place.
"""

from __future__ import annotations

from headwater.testing.engines import connecting, dumping, refilling, running, schemas
from headwater.testing.engines.subject import Subject

__all__ = ["CHECKS", "DUMP_CHECKS", "REFILL_CHECKS", "SQL_CHECKS", "Subject"]

CHECKS = connecting.CHECKS
DUMP_CHECKS = dumping.CHECKS
REFILL_CHECKS = refilling.CHECKS
SQL_CHECKS = running.CHECKS + schemas.CHECKS
