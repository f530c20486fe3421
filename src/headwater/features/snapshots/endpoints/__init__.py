"""HTTP of snapshots."""

from __future__ import annotations

from headwater.features.snapshots.endpoints import restores, snapshots, vaults

ROUTERS = (snapshots.router, restores.router, vaults.router)
