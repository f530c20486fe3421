"""Scopes that several files share: packages, folders and the global scope; see `headwater.languages`.

A shared scope has a key that stands where the path of a file stands elsewhere (`package:com.shop.model`), so that an
import of a package is like an import of a module. A class that several files define belongs to the first file that
defines it as a whole; the other definitions add members to it.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping

from headwater.catalog import facts as f
from headwater.core.lineage import go_modules, rust_modules
from headwater.core.lineage.file_names import Names, members, nested_classes
from headwater.languages import Scope, scope_of


class SharedScopes:
    """The shared scopes of a code base, built from the names of its files."""

    def __init__(self, files: Mapping[str, Names]) -> None:
        self._files = files
        self._kinds: dict[str, Scope] = {file.language: scope_of(file.language) for file in files.values()}
        self._definitions: dict[str, dict[str, list[tuple[str, f.Stmt]]]] = {}
        self._endings: dict[str, dict[str, set[str]]] = {}
        for path in sorted(files):
            for key in self.around(path)[:1]:
                self._add(key, path, files[path])
        self._go = self._go_folders() if "folder" in self._kinds.values() else {}

    def _add(self, key: str, path: str, file: Names) -> None:
        definitions = self._definitions.setdefault(key, defaultdict(list))
        for name, stmt in _definitions(file, nested=key.startswith("global:")):
            definitions[name].append((path, stmt))
            if "." in name:
                endings = self._endings.setdefault(key, defaultdict(set))
                endings[name.rsplit(".", 1)[-1]].add(name)

    def _go_folders(self) -> dict[str, str]:
        own = [path for path, file in self._files.items() if self._kinds[file.language] == "folder"]
        imports = (stmt for path in own for stmt in self._files[path].names.values() if isinstance(stmt, f.Import))
        stars = (star for path in own for star in self._files[path].stars)
        paths = (*(stmt.module for stmt in imports), *stars)
        return go_modules.folders_of(paths, {posixpath.dirname(path) for path in own} - {""})

    def kind(self, path: str) -> Scope:
        """Return where names of a file are looked for."""
        file = self._files.get(path)
        return self._kinds[file.language] if file else "file"

    def around(self, path: str) -> tuple[str, ...]:
        """Return the keys of the shared scopes that a file sees without an import, the nearest first."""
        kind = self.kind(path)
        if kind == "global":
            return (f"global:{self._files[path].language}",)
        if kind == "folder":
            return (f"folder:{posixpath.dirname(path)}",)
        if kind != "package":
            return ()
        package = self._files[path].package
        parts = package.split(".") if package else []
        return tuple("package:" + ".".join(parts[:count]) for count in range(len(parts), -1, -1))

    def find(self, importer: str, name: str) -> str | None:
        """Return the key of the shared scope, or the path of the file, that is imported; None for `file` scopes."""
        kind = self.kind(importer)
        if kind == "package":
            return f"package:{name}" if f"package:{name}" in self._definitions else None
        if kind == "folder":
            return f"folder:{self._go[name]}" if name in self._go else None
        return rust_modules.file_of(importer, name, self._files) if kind == "path" else None

    def has(self, key: str) -> bool:
        """Return True if this is the key of a shared scope."""
        return key in self._definitions

    def definitions(self, key: str, name: str) -> list[tuple[str, f.Stmt]]:
        """Return where a name is defined in a shared scope, as (path, statement), the whole definition first.

        In the global scope, the last part of a name is enough where it is unique.
        """
        known = self._definitions.get(key, {})
        places = known.get(name) or []
        if not places:
            names = self._endings.get(key, {}).get(name, set())
            places = known[next(iter(names))] if len(names) == 1 else []
        return sorted(places, key=_weight) if len(places) > 1 else places

    def full_name(self, key: str, name: str) -> str:
        """Return the name under which `definitions` knows a name."""
        names = self._endings.get(key, {}).get(name, set())
        return next(iter(names)) if name not in self._definitions.get(key, {}) and len(names) == 1 else name


def _definitions(file: Names, *, nested: bool) -> Iterator[tuple[str, f.Stmt]]:
    extensions = [(n, part) for n, parts in file.extensions.items() for part in parts if not _is_methods(part, file)]
    for name, stmt in (*file.names.items(), *extensions):
        if isinstance(stmt, (f.Class, f.Function, f.Assign)):
            yield name, stmt
        if nested and isinstance(stmt, f.Class):
            yield from nested_classes(members(stmt), f"{name}.")


def _is_methods(part: f.Class, file: Names) -> bool:
    """Return True if a part has only methods with a receiver in a language where such do not define a class."""
    methods = [member for member in part.body if isinstance(member, f.Function)]
    receivers = all(method.params and method.params[0].kind == "self" for method in methods)
    return scope_of(file.language) == "package" and bool(methods) and receivers


def _weight(definition: tuple[str, f.Stmt]) -> tuple[bool, bool, bool, str]:
    """Sort whole definitions before extensions, and those with bases and members before others."""
    path, stmt = definition
    if not isinstance(stmt, f.Class):
        return False, False, False, path
    return stmt.kind == "extension", not stmt.bases, not stmt.body, path
