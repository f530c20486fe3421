"""Web frameworks, one file or folder each, found by listing: facts of a code base in, its routes out.

A framework module contains:

    NAME: str                                   as shown to users, for instance "FastAPI"
    LANGUAGES: frozenset[str]                   the languages in which its routes are declared
    detects(file: SourceFile) -> bool           a cheap test of one file: does it use this framework?
    routes(project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]     `files` are those it detected

A framework may name in `MESSAGE_HANDLERS` the generic interfaces and decorators of classes that handle the messages
of a type: who makes such a message runs the handler.

A framework says where requests come in. Which functions are called from there on, and which columns these use, is found
by `core/lineage`, from the same interpretation of code that finds usages. What frameworks have in common is in
`_routers.py` (routers, groups, mounts), `_controllers.py` (classes with annotations) and `_url_paths.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Protocol, cast

import msgspec

from headwater.kit import plugins
from headwater.readers import CodeProject, SourceFile

ANY = "ANY"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class Route(msgspec.Struct, frozen=True):
    """An HTTP method and a path, and the code that answers.

    `method` is `ANY` if every method is answered. In `path`, a parameter is `{name}` whatever the framework writes.
    The bytes `start:end` of the file declare the route: whatever is called there belongs to it, for instance an
    anonymous function. `roots` are further functions and classes that answer, as (path, dotted name).
    """

    method: str
    path: str
    file_path: str
    start: int
    end: int
    handler: str
    roots: tuple[tuple[str, str], ...] = ()


class Framework(Protocol):
    """The interface of a framework module."""

    NAME: str
    LANGUAGES: frozenset[str]

    def detects(self, file: SourceFile) -> bool:
        """Return True if this file uses the framework."""

    def routes(self, project: CodeProject, files: Sequence[SourceFile]) -> Iterable[Route]:
        """Return the routes of a code base.

        Args:
            project: the code base, with its facts; `project.files()` are all of its files.
            files: those that `detects` accepted, sorted by path.
        """


@cache
def all_frameworks() -> dict[str, Framework]:
    """Return every framework by its module name."""
    return cast(dict[str, Framework], plugins.load_all("frameworks"))
