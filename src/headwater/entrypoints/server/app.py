"""The HTTP application: collects the routes of every feature."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.routing import APIRoute

from headwater import version
from headwater.entrypoints.server import probes, problems, web
from headwater.entrypoints.server.admission import Admission
from headwater.entrypoints.server.middleware import RequestMiddleware
from headwater.features import collect

API = "/api/v1"


def build() -> FastAPI:
    """Return the application; until `state.server` is set it can only describe itself (OpenAPI)."""
    app = FastAPI(
        title="Headwater",
        version=version(),
        summary="From every column to every line of code that touches it.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    problems.install(app)
    problems.describe(app)
    app.add_middleware(Admission)
    app.add_middleware(RequestMiddleware)
    app.include_router(probes.router)
    # One level only: FastAPI looks at the routes of a router that is included twice anew at each level.
    for module in collect("endpoints").values():
        for router in getattr(module, "ROUTERS", None) or (module.router,):
            app.include_router(router, prefix=API)
    app.include_router(web.router)
    app.state.server = None
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
