"""HTTP of snapshots."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.snapshots.endpoints import restores, snapshots, vaults

router = APIRouter()
for part in (snapshots, restores, vaults):
    router.include_router(part.router)
