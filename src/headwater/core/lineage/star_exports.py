"""The names that files pass on whole: `export * from "./user"`, `from .user import *`.

A file of a large code base is often asked for names that none of the files behind its stars defines: the set of all
names behind them answers that at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from headwater.core.lineage.file_names import Names


class StarExports:
    """The star imports of files whose names are looked for in the file itself and in what it imports."""

    def __init__(self, files: Mapping[str, Names], module: Callable[[str, str], str | None]) -> None:
        self._files = files
        self._module = module
        self._own: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._behind: dict[str, tuple[frozenset[str], str | None]] = {}

    def targets(self, path: str, name: str) -> list[str]:
        """Return the files behind a file's own stars that define a name, or pass on one that does."""
        if name not in self._closure(path)[0]:
            return []
        own, _ = self._stars(path)
        return [target for target in own if name in self._files[target].names or name in self._closure(target)[0]]

    def library(self, path: str) -> str | None:
        """Return the library all of whose names a script passes on, itself or by another: `export * from "zod"`."""
        return self._closure(path)[1]

    def _closure(self, path: str) -> tuple[frozenset[str], str | None]:
        """Return the names of all files behind a file's stars, and the nearest library among what is behind them."""
        if path not in self._behind:
            own, libraries = self._stars(path)
            names: set[str] = set()
            todo, seen, outside = list(own), {path}, list(libraries)
            for target in todo:  # grows while it is read
                if target not in seen:
                    seen.add(target)
                    names.update(self._files[target].names)
                    more, libraries = self._stars(target)
                    todo += more
                    outside += libraries
            self._behind[path] = frozenset(names), outside[0] if outside else None
        return self._behind[path]

    def _stars(self, path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the files behind a file's own stars, and in a script the libraries."""
        if path not in self._own:
            stars = {star: self._module(path, star) for star in self._files[path].stars}
            files = tuple(target for target in stars.values() if target in self._files and target)
            is_script = self._files[path].language != "python"
            outside = (star for star, target in stars.items() if target is None and not star.startswith("."))
            self._own[path] = files, tuple(outside) if is_script else ()
        return self._own[path]
