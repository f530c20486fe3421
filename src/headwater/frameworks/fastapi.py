"""FastAPI: decorated functions, routers with prefixes, and routers inside of others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from headwater.frameworks import METHODS, Route
from headwater.frameworks._routers import Mount, RouterWords, router_routes
from headwater.readers import CodeProject, SourceFile

NAME = "FastAPI"
LANGUAGES = frozenset({"python"})

_WORDS = RouterWords(
    packages=("fastapi",),
    constructors={"FastAPI": "", "APIRouter": "prefix"},
    types=frozenset({"FastAPI", "APIRouter"}),
    verbs={method.lower(): method for method in METHODS} | {"api_route": "", "add_api_route": ""},
    method_key="methods",
    default=("GET",),
    mounts={"include_router": Mount(0, keyword="prefix"), "mount": Mount(1, path=0)},
)
_DECLARES = re.compile(rb"include_router|^ *@[\w.]+\.(?:get|post|put|patch|delete|head|api_route)\(", re.MULTILINE)


def detects(file: SourceFile) -> bool:
    """Return True if a file imports the framework."""
    return file.language == "python" and b"fastapi" in file.source


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]:
    """Return the routes of all routers; files that only hand routers on name no framework."""
    own = [file for file in project.files() if file.language == "python" and _DECLARES.search(file.source)]
    return router_routes(project, {file.path: file for file in (*own, *files)}.values(), _WORDS)
