"""What snapshots ask of engines, and how one that cannot do it says so."""

from __future__ import annotations

from headwater.engines import Dumps, Engine, Refills
from headwater.kit.errors import BadInput


def dumps(found: Engine) -> Dumps:
    """Return an engine as one of whose databases snapshots are taken."""
    if not isinstance(found, Dumps):
        raise BadInput(f"{found.NAME} has no snapshots yet.")
    return found


def refills(engine: Engine) -> Refills:
    """Return an engine as one of which single tables are restored in place."""
    if not isinstance(engine, Refills):
        raise BadInput(
            f"Tables of {engine.NAME} that are there cannot be restored in place yet.",
            hint="Restore into a new database, and copy from there.",
        )
    return engine
