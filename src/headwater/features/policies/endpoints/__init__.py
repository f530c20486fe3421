"""HTTP of policies and alerts."""

from __future__ import annotations

from headwater.features.policies.endpoints import alerts, policies

ROUTERS = (policies.router, alerts.router)
