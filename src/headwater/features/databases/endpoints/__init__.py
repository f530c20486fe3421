"""HTTP endpoints of databases."""

from __future__ import annotations

from headwater.features.databases.endpoints import connections, databases, keys, metadata

ROUTERS = (databases.router, connections.router, metadata.router, keys.router)
