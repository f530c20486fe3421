"""HTTP endpoints of databases."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.databases.endpoints import connections, databases, keys, metadata

router = APIRouter()
for part in (databases, connections, metadata, keys):
    router.include_router(part.router)
