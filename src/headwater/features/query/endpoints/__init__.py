"""HTTP of queries."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.query.endpoints import running, saved, tables

router = APIRouter()
for part in (running, saved, tables):
    router.include_router(part.router)
