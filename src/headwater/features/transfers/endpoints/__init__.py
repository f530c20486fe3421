"""HTTP endpoints of transfers."""

from __future__ import annotations

from headwater.features.transfers.endpoints import copies, files

ROUTERS = (copies.router, files.router)
