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
_IMPORT = re.compile(
    rb"""(?:\bfrom|\brequire\s*\(|\bimport\s*\(?)\s*["'`](?:express|express-promise-router)["'`]""",
)
_DECLARES = re.compile(rb"\.(?:use|route|get|post|put|patch|delete|all)\(")
# Methods of maps, clients and promises are called alike: one word or text alone, or an object first, declares nothing.
_DECLARES_SURELY = re.compile(
    rb"""\.(?:(?:use|route)\(|(?<!Promise\.)(?:get|post|put|patch|delete|all)\("""
    rb"""(?!\s*(?:\{|[\w$.?!]*\s*\)|"[^"\n]*"\s*\)|'[^'\n]*'\s*\))))"""
)
_ROUTER = re.compile(rb"\b(?:app|router|Express|Application|I?Router)\b")


def detects(file: SourceFile) -> bool:
    """Return True if a file imports the framework."""
    return file.language in LANGUAGES and b"express" in file.source and _IMPORT.search(file.source) is not None


def routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]:
    """Return the routes of applications and routers; a file that gets a router as a parameter imports nothing."""
    own = [f for f in project.files() if f.language in LANGUAGES and _may_declare(f.source)]
    return router_routes(project, {file.path: file for file in (*own, *files)}.values(), _WORDS)


def _may_declare(source: bytes) -> bool:
    """Return True if a file may declare or mount routes, or may pass on a router that it gets as a parameter."""
    if _DECLARES.search(source) is None:
        return False
    return _DECLARES_SURELY.search(source) is not None or _ROUTER.search(source) is not None
