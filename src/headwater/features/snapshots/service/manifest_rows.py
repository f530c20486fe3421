"""What the row of a snapshot repeats of its manifest, so that lists need not read the vault."""

from __future__ import annotations

import uuid
from typing import Any

from headwater.core.snapshots import manifest_tables
from headwater.core.snapshots.manifest_tables import total
from headwater.vault.manifest import Manifest


def values(manifest: Manifest) -> dict[str, Any]:
    """Return the values of the columns of a complete snapshot; `contents` has its tables and its losses."""
    return {
        "status": "complete",
        "product": manifest.product,
        "moment": dict(manifest.moment),
        "parent_id": _uuid(manifest.parent),
        "tables": len(manifest.tables),
        "rows": total(manifest, "rows"),
        "raw_bytes": total(manifest, "raw"),
        "stored_bytes": total(manifest, "stored"),
        "new_bytes": total(manifest, "new"),
        "taken_at": manifest.started,
        "finished_at": manifest.finished,
        "contents": {
            "tables": [manifest_tables.to_dict(table) for table in manifest.tables],
            "losses": list(manifest.losses),
        },
    }


def seconds(manifest: Manifest) -> float:
    """Return how long the snapshot took."""
    return max((manifest.finished - manifest.started).total_seconds(), 0.0)


def _uuid(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
