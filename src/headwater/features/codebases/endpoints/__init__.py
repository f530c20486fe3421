"""HTTP endpoints of codebases and of the results of their scans."""

from __future__ import annotations

from headwater.features.codebases.endpoints import codebases, http_endpoints, impact, questions, results

ROUTERS = (codebases.router, results.router, http_endpoints.router, impact.router, questions.router)
