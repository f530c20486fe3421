"""Express: methods of applications and routers, and routers that others use below a path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from headwater.frameworks import ANY, METHODS, Route
from headwater.frameworks._routers import Mount, RouterWords, router_routes
from headwater.readers import CodeProject, SourceFile

NAME = "Express"
LANGUAGES = frozenset({"typescript", "javascript"})

_WORDS = RouterWords(
    packages=("express",),
    constructors={"express": "", "Router": ""},
    types=frozenset({"Express", "Application", "Router", "IRouter"}),
    names=frozenset({"app", "router"}),
    verbs={method.lower(): method for method in METHODS} | {"all": ANY},
    mounts={"use": Mount(None, path=0)},
    sections=frozenset({"route"}),
    strips_slash=True,
)
_DECLARES = re.compile(rb"\.(?:use|route|get|post|put|patch|delete|all)\(")


def detects(file: SourceFile) -> bool:
    """Return True if a file imports the framework."""
    words = (b'"express"', b"'express'", b"express-promise-router")
    return file.language in LANGUAGES and any(word in file.source for word in words)


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]:
    """Return the routes of applications and routers; a file that gets a router as a parameter imports nothing."""
    own = [f for f in project.files() if f.language in LANGUAGES and _DECLARES.search(f.source)]
    return router_routes(project, {file.path: file for file in (*own, *files)}.values(), _WORDS)
