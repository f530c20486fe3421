"""Endpoints for machines: liveness, readiness, metrics, and the description of the API."""

from __future__ import annotations

import asyncio
import json
import shutil
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import FileResponse, JSONResponse, Response

from headwater.entrypoints.server.scrapes import Scrapes, check_token
from headwater.features.accounts.guard import AppState, Shared, public
from headwater.features.databases.supervisor import client
from headwater.features.jobs.service import workers
from headwater.kit.errors import HeadwaterError
from headwater.store import migrations

router = APIRouter(dependencies=[Depends(public)], include_in_schema=False)
# Below this, nothing can be relied on to be written.
LEAST_FREE_MB = 50
ASSETS = Path(__file__).parent / "assets"


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Report that the server is alive."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(server: Shared) -> Response:
    """Report whether the server is ready: store, migrations, a worker, the supervisor and the disk."""
    parts = await _parts(server)
    ready = all(part == "ok" for part in parts.values())
    return JSONResponse({"status": "ready" if ready else "not ready", **parts}, 200 if ready else 503)


async def _parts(server: AppState) -> dict[str, str]:
    parts = {"store": "does not answer", "migrations": "unknown", "worker": "unknown"}
    parts |= {"supervisor": await _supervisor(server), "disk": await asyncio.to_thread(_disk, server)}
    try:
        async with asyncio.timeout(3), server.database.engine.connect() as connection:
            parts["store"] = "ok"
            revision = await connection.run_sync(migrations.current)
            parts["migrations"] = "ok" if revision == migrations.head() else f"at {revision}"
            alive = await workers.alive(connection)
            parts["worker"] = "ok" if alive else "none alive"
    except (SQLAlchemyError, TimeoutError, OSError):
        return parts
    return parts


async def _supervisor(server: AppState) -> str:
    try:
        async with asyncio.timeout(3):
            await client.ping(server.settings)
    except (HeadwaterError, TimeoutError):
        return "does not answer"
    return "ok"


def _disk(server: AppState) -> str:
    free = shutil.disk_usage(server.settings.home_folder).free // 2**20
    return "ok" if free >= LEAST_FREE_MB else f"only {free} MB free"


@router.get("/metrics")
async def metrics(request: Request, server: Shared) -> Response:
    """Return the metrics for Prometheus."""
    check_token(server.settings, request.headers.get("authorization", ""))
    return Response(await server.context.service(Scrapes).text(server.context), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/openapi.json")
async def openapi(request: Request) -> Response:
    """Return the OpenAPI description of the HTTP API."""
    return Response(_description(request.app), media_type="application/json")


@cache
def _description(application: FastAPI) -> bytes:
    return json.dumps(application.openapi(), separators=(",", ":")).encode()


@router.get("/api/docs")
async def docs() -> Response:
    """Return the page that documents the HTTP API."""
    return FileResponse(ASSETS / "docs.html", headers={"cache-control": "no-cache"})


@router.get("/api/docs.js")
async def docs_script() -> Response:
    """Return the script of that page."""
    return FileResponse(ASSETS / "docs.js", headers={"cache-control": "no-cache"}, media_type="text/javascript")


@router.get("/api/docs.css")
async def docs_style() -> Response:
    """Return the stylesheet of that page."""
    return FileResponse(ASSETS / "docs.css", headers={"cache-control": "no-cache"}, media_type="text/css")
