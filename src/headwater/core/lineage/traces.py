"""Remembers what readers and frameworks return, by what they looked at: their results are those of pure functions.

A result is found along a chain of keys. What is stored under a key is either the result, or what else was looked at,
whose digests make the next key; so nothing that is stored is ever replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, TypeVar, cast

from headwater.catalog import facts
from headwater.core.lineage import pickles
from headwater.core.lineage.cache import Cache, key_of
from headwater.core.lineage.project import ScannedProject
from headwater.readers import SourceFile

Result = TypeVar("Result")
# What was looked at: the `source` or the `facts` of the file of a path, or the `names` of all files.
Look = tuple[Literal["source", "facts", "names"], str]
_RESULT, _LOOKS = b"=", b"+"


class TracedFile:
    """A source file that notes when its text is read."""

    __slots__ = ("_file", "_looks", "language", "path")

    def __init__(self, file: SourceFile, looks: dict[Look, None]) -> None:
        self.path, self.language = file.path, file.language
        self._file, self._looks = file, looks

    @property
    def source(self) -> bytes:
        """The text of the file."""
        self._looks["source", self.path] = None
        return self._file.source


class TracedProject:
    """A code base that notes what is looked at; the paths and languages of files are known to all who ask."""

    def __init__(self, project: ScannedProject) -> None:
        self._project = project
        self.looks: dict[Look, None] = {}
        self._files = {file.path: cast(SourceFile, TracedFile(file, self.looks)) for file in project.files()}

    def traced(self, files: Iterable[SourceFile]) -> Sequence[SourceFile]:
        """Return these files as files of this project."""
        return [self._files[file.path] for file in files]

    def files(self) -> Iterable[SourceFile]:
        """Return all source files, by path."""
        return self._files.values()

    def module(self, path: str) -> facts.Module | None:
        """Return the facts of a file."""
        self.looks["facts", path] = None
        return self._project.module(path)

    def resolve(self, path: str, name: str) -> tuple[str, facts.Stmt] | None:
        """Return where a dotted name used in a file is defined."""
        return self._resolved(self._project.resolve(path, name))

    def resolve_import(self, path: str, stmt: facts.Import) -> tuple[str, facts.Stmt] | None:
        """Return where a name that an import in a file names is defined, or None."""
        return self._resolved(self._project.resolve_import(path, stmt))

    def _resolved(self, definition: tuple[str, facts.Stmt] | None) -> tuple[str, facts.Stmt] | None:
        """Note that a name was resolved: by the names of all files, to a definition in the facts of one."""
        self.looks["names", ""] = None
        if definition is not None:
            self.looks["facts", definition[0]] = None
        return definition


def remembered(
    what: str, project: ScannedProject, files: Sequence[SourceFile], cache: Cache, compute: Callable[..., Result]
) -> Result:
    """Return the result of a pure function of a code base: a known one if all that it looked at is unchanged.

    Args:
        what: names the function.
        project: the code base.
        files: its files to begin with.
        cache: results of earlier scans.
        compute: takes a project and files.
    """
    key = key_of(what, project.listing_key, *(file.path.encode() for file in files))
    seen: set[Look] = set()
    while value := cache.get_many([key]).get(key):
        if value.startswith(_RESULT):
            return cast(Result, pickles.loads(value[1:]))
        looks: list[Look] = pickles.loads(value[1:])
        seen.update(looks)
        key = _next(key, project, looks)
    traced = TracedProject(project)
    result = compute(traced, traced.traced(files))
    if more := [look for look in traced.looks if look not in seen]:
        cache.put_many({key: _LOOKS + pickles.dumps(more)})
        key = _next(key, project, more)
    cache.put_many({key: _RESULT + pickles.dumps(result)})
    return result


def _next(key: bytes, project: ScannedProject, looks: Iterable[Look]) -> bytes:
    return key_of("looks", key, *(project.digest_of(*look) for look in looks))
