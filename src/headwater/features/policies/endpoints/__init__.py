"""HTTP of policies and alerts."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.policies.endpoints import alerts, policies

router = APIRouter()
for part in (policies, alerts):
    router.include_router(part.router)
