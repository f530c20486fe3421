"""HTTP endpoints of queries."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.query.endpoints import builder, runs, saved, tables

router = APIRouter()
for part in (runs, builder, saved, tables):
    router.include_router(part.router)
