"""HTTP endpoints of queries."""

from __future__ import annotations

from headwater.features.query.endpoints import builder, runs, saved, tables

ROUTERS = (runs.router, builder.router, saved.router, tables.router)
