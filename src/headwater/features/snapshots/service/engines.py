"""The snapshot capabilities of engines, with an error for engines that lack them."""

from __future__ import annotations

from headwater.engines import Engine, InPlaceRestoreSupport, SnapshotSupport
from headwater.kit.errors import BadInput


def snapshots_of(engine: Engine) -> SnapshotSupport:
    """Return the snapshot support of an engine, or raise BadInput."""
    if engine.snapshots is None:
        raise BadInput(f"Snapshots of {engine.display_name} databases are not supported yet.")
    return engine.snapshots


def in_place_restore_of(engine: Engine) -> InPlaceRestoreSupport:
    """Return the in-place restore support of an engine, or raise BadInput."""
    if engine.in_place_restore is None:
        raise BadInput(
            f"Restoring into existing tables is not supported for {engine.display_name} yet.",
            hint="Restore into a new or empty database, and copy the tables from there.",
        )
    return engine.in_place_restore


def check_made_here(engine: Engine) -> None:
    """Raise BadInput if Headwater cannot create databases of an engine, which restores into a new one need."""
    if engine.provisioning is None:
        raise BadInput(
            f"Headwater cannot create {engine.display_name} databases.",
            hint="Connect an empty database and restore into it: headwater snapshot restore SNAPSHOT --into NAME.",
        )
