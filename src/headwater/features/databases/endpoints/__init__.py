"""HTTP of databases."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.databases.endpoints import connections, databases, knowledge

router = APIRouter()
for part in (databases, connections, knowledge):
    router.include_router(part.router)
