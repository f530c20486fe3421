"""What snapshots ask of engines, and how one that cannot do it says so."""

from __future__ import annotations

from headwater.engines import Engine, InPlaceRestoreSupport, SnapshotSupport
from headwater.kit.errors import BadInput


def snapshots_of(engine: Engine) -> SnapshotSupport:
    """Return how snapshots of an engine's databases are taken, or raise BadInput."""
    if engine.snapshots is None:
        raise BadInput(f"{engine.display_name} has no snapshots yet.")
    return engine.snapshots


def in_place_restore_of(engine: Engine) -> InPlaceRestoreSupport:
    """Return how single tables of an engine's databases are restored in place, or raise BadInput."""
    if engine.in_place_restore is None:
        raise BadInput(
            f"Tables of {engine.display_name} that are there cannot be restored in place yet.",
            hint="Restore into a new or empty database, and copy from there.",
        )
    return engine.in_place_restore


def check_made_here(engine: Engine) -> None:
    """Make sure that new databases of an engine can be made, as restores into one and drills need them."""
    if engine.provisioning is None:
        raise BadInput(
            f"Headwater makes no databases of {engine.display_name}.",
            hint="Connect an empty one, and restore into that: headwater snapshot restore SNAPSHOT --into NAME.",
        )
