"""Endpoints: the routes of a code base, and the code with usages that each one reaches.

`routes.py` asks the web frameworks, `call_graph.py` joins the references of all files, `reach.py` follows them,
`known.py` remembers where they lead.
"""

from __future__ import annotations

from headwater.core.lineage.endpoints.known import known_endpoints
from headwater.core.lineage.endpoints.model import ChainStep, HttpEndpoint, ReachedCode, endpoints_by_usage
from headwater.core.lineage.endpoints.routes import read_routes, spans_by_file

__all__ = [
    "ChainStep",
    "HttpEndpoint",
    "ReachedCode",
    "endpoints_by_usage",
    "known_endpoints",
    "read_routes",
    "spans_by_file",
]
