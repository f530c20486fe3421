"""HTTP endpoints of transfers."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.transfers.endpoints import copies, files

router = APIRouter()
for part in (copies, files):
    router.include_router(part.router)
