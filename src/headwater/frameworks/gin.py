"""Gin for Go: methods of engines and groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.frameworks import ANY, METHODS, Route
from headwater.frameworks._routers import RouterWords, router_routes
from headwater.readers import CodeProject, SourceFile

NAME = "Gin"
LANGUAGES = frozenset({"go"})

_WORDS = RouterWords(
    packages=("github.com/gin-gonic/gin",),
    constructors={"Default": "", "New": ""},
    types=frozenset({"Engine", "RouterGroup", "IRouter", "IRoutes"}),
    verbs={method: method for method in METHODS} | {"Any": ANY},
    groups={"Group": 0},
)


def detects(file: SourceFile) -> bool:
    """Return True if a file imports the framework."""
    return file.language == "go" and b"gin-gonic/gin" in file.source


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]:
    """Return the routes of engines and groups."""
    return router_routes(project, files, _WORDS)
