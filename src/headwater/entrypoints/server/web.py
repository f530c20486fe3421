"""Serves the web app: hashed assets, cached forever and compressed if the browser supports it, else the index."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

import headwater
from headwater.entrypoints.server.methods import allowed_methods
from headwater.features.accounts.guard import public

router = APIRouter(include_in_schema=False)
FOLDER = Path(headwater.__file__).parent / "web"
FOREVER = "public, max-age=31536000, immutable"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml; charset=utf-8",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".html": "text/html",
}
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Headwater</title>
<h1>Headwater is running</h1><p>The web app was not built into this installation. Run <code>make run</code>
in a checkout, or use the <a href="/api/docs">HTTP API</a> and the command line.</p></html>"""


@router.api_route("/{path:path}", methods=["GET", "HEAD"], dependencies=[Depends(public)])
async def file(path: str, request: Request) -> Response:
    """Return a file of the web app, or its index for addresses that the app itself resolves."""
    if path == "api" or (path.startswith(("api/", "assets/")) and _inside(path) is None):
        methods = allowed_methods(request.app, request.url.path)
        raise HTTPException(405 if methods else 404)
    target = _inside(path) or _inside("index.html")
    if target is None:
        return HTMLResponse(NOT_BUILT, 200 if path == "" else 404, headers={"cache-control": "no-cache"})
    return _send(target, request, path.startswith("assets/"))


def _inside(path: str) -> Path | None:
    if "\0" in path or not path:
        return None
    wanted = (FOLDER / path).resolve()
    return wanted if wanted.is_relative_to(FOLDER.resolve()) and wanted.is_file() else None


def _send(path: Path, request: Request, hashed: bool) -> Response:
    headers = {"cache-control": FOREVER if hashed else "no-cache", "vary": "accept-encoding"}
    media_type = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    accepted = request.headers.get("accept-encoding", "")
    for encoding, suffix in ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if encoding in accepted and packed.is_file():
            return FileResponse(packed, headers=headers | {"content-encoding": encoding}, media_type=media_type)
    return FileResponse(path, headers=headers, media_type=media_type)
