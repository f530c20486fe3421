"""What snapshots ask of engines, and how one that cannot do it says so."""

from __future__ import annotations

from headwater.engines import Dumps, Engine, Provisions, Refills
from headwater.kit.errors import BadInput


def dumps(engine: Engine) -> Dumps:
    """Return an engine as one of whose databases snapshots are taken."""
    if not isinstance(engine, Dumps):
        raise BadInput(f"{engine.NAME} has no snapshots yet.")
    return engine


def refills(engine: Engine) -> Refills:
    """Return an engine as one of which single tables are restored in place."""
    if not isinstance(engine, Refills):
        raise BadInput(
            f"Tables of {engine.NAME} that are there cannot be restored in place yet.",
            hint="Restore into a new or empty database, and copy from there.",
        )
    return engine


def check_made_here(engine: Engine) -> None:
    """Make sure that new databases of an engine can be made, as restores into one and drills need them."""
    if not isinstance(engine, Provisions):
        raise BadInput(
            f"Headwater makes no databases of {engine.NAME}.",
            hint="Connect an empty one, and restore into that: headwater snapshot restore SNAPSHOT --into NAME.",
        )
