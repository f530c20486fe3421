"""HTTP endpoints of codebases and of the results of their scans."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.codebases.endpoints import codebases, results

router = APIRouter()
for part in (codebases, results):
    router.include_router(part.router)
