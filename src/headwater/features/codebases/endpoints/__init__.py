"""HTTP endpoints of codebases and of the results of their scans."""

from __future__ import annotations

from headwater.features.codebases.endpoints import codebases, git_sources, http_endpoints, impact, questions, results

ROUTERS = (codebases.router, git_sources.router, results.router, http_endpoints.router, impact.router, questions.router)
