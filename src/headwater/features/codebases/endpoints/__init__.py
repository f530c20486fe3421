"""HTTP endpoints of codebases and of the results of their scans."""

from __future__ import annotations

from headwater.features.codebases.endpoints import codebases, results

ROUTERS = (codebases.router, results.router)
