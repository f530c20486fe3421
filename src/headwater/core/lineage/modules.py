"""The module graph: from a module name in an import to a file, for Python packages and for JavaScript paths."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from functools import cached_property

_PYTHON = (".py", ".pyi", ".pyw")
_SCRIPT = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".d.ts")
# How JavaScript projects commonly write "from the source root" in an import.
_ROOT_ALIASES = ("@/", "~/", "~~/", "#/", "#", "$/", "src/")
# The folders that hold the packages of a workspace.
_WORKSPACES = frozenset({"packages", "apps", "libs", "modules", "services", "plugins", "internal", "tooling", "shared"})


class ModuleGraph:
    """Finds modules among the files of a code base; caches its answers."""

    def __init__(self, files: Iterable[str]) -> None:
        self._files = frozenset(files)
        self._by_tail: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._found: dict[tuple[str, str], str | None] = {}
        for path in sorted(self._files):
            parts = _parts(path)
            if parts:
                self._by_tail.setdefault(parts[-1], []).append((parts, path))

    def find(self, importer: str, name: str, language: str) -> str | None:
        """Return the file of a module name that is imported in a file, or None."""
        folder = posixpath.dirname(importer)
        key = (folder if language != "python" or not name.startswith(".") else importer, name)
        if key not in self._found:
            find = self._python if language == "python" else self._script
            self._found[key] = find(importer, name)
        return self._found[key]

    def child(self, path: str, name: str) -> str | None:
        """Return the submodule of a Python package."""
        folder, _, file = path.rpartition("/")
        if file not in ("__init__.py", "__init__.pyi"):
            return None
        return self._first(f"{folder}/{name}" if folder else name, _PYTHON, "__init__")

    def _first(self, stem: str, suffixes: tuple[str, ...], index: str) -> str | None:
        stems = (stem, f"{stem}/{index}")
        return next((s + suffix for s in stems for suffix in suffixes if s + suffix in self._files), None)

    def _python(self, importer: str, name: str) -> str | None:
        if name.startswith("."):
            return self._relative(importer, name)
        parts = tuple(name.split("."))
        fitting = [
            (len(whole) - len(parts), path)
            for whole, path in self._by_tail.get(parts[-1], ())
            if whole[-len(parts) :] == parts
        ]
        return (
            max(fitting, key=lambda item: self._rank(importer, *item), default=(0, None))[1]
            if any(self._is_root(path, depth) for depth, path in fitting)
            else None
        )

    def _rank(self, importer: str, depth: int, path: str) -> tuple[bool, bool, int]:
        """Prefer source roots above the importer, the nearest first; otherwise the shallowest root."""
        root = "/".join(path.split("/")[:depth])
        above = not root or importer.startswith(root + "/")
        return self._is_root(path, depth), above, depth if above else -depth

    def _is_root(self, path: str, depth: int) -> bool:
        """Return True if the folder at this depth can be a source root: it is not a package itself."""
        root = "/".join(path.split("/")[:depth])
        return f"{root}/__init__.py".lstrip("/") not in self._files

    def _relative(self, importer: str, name: str) -> str | None:
        rest = name.lstrip(".")
        folder = posixpath.dirname(importer)
        for _ in range(len(name) - len(rest) - 1):
            folder = posixpath.dirname(folder)
        stem = posixpath.join(folder, *rest.split(".")) if rest else folder
        return self._first(stem, _PYTHON, "__init__")

    def _script(self, importer: str, name: str) -> str | None:
        if name.startswith("."):
            return self._script_file(posixpath.normpath(posixpath.join(posixpath.dirname(importer), name)))
        alias = next((a for a in _ROOT_ALIASES if name.startswith(a)), None)
        if alias is not None:
            return self._from_roots(importer, name[len(alias) :])
        # `@server/models` is another package of the workspace, or the folder `server` above.
        if not name.startswith("@"):
            return None
        return self._workspace(importer, name) or self._from_roots(importer, name[1:], scoped=True)

    def _from_roots(self, importer: str, rest: str, *, scoped: bool = False) -> str | None:
        """Return the file of a path that begins in a folder above the importer, the nearest first.

        The first part of a scoped name is no package of a workspace: `@prisma/client` is not `packages/prisma/client`.
        """
        folder = posixpath.dirname(importer)
        while True:
            is_workspace = scoped and posixpath.basename(folder) in _WORKSPACES
            for root in () if is_workspace else (folder, posixpath.join(folder, "src"), posixpath.join(folder, "app")):
                if file := self._script_file(posixpath.join(root, rest)):
                    return file
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def _workspace(self, importer: str, name: str) -> str | None:
        """Return the file of another package of a workspace: `@scope/name/rest` is in a folder of that name."""
        _, _, path = name.partition("/")
        package, _, rest = path.partition("/")
        folders = sorted(self._folders.get(package, ()), key=lambda folder: (-_shared(folder, importer), len(folder)))
        for folder in folders:
            for inner in (folder, f"{folder}/src", f"{folder}/lib"):
                if file := self._script_file(posixpath.join(inner, rest) if rest else inner):
                    return file
        return None

    @cached_property
    def _folders(self) -> dict[str, set[str]]:
        """The folders of packages in a workspace, by their last part."""
        folders: dict[str, set[str]] = {}
        for path in self._files:
            folder = posixpath.dirname(path) if path.endswith(_SCRIPT) else ""
            while folder:
                above = posixpath.dirname(folder)
                if posixpath.basename(above) in _WORKSPACES:
                    folders.setdefault(posixpath.basename(folder), set()).add(folder)
                folder = above
        return folders

    def _script_file(self, stem: str) -> str | None:
        if stem in self._files:
            return stem
        bare = stem.removesuffix(".js").removesuffix(".mjs")
        return self._first(stem, _SCRIPT, "index") or (self._first(bare, _SCRIPT, "index") if bare != stem else None)


def _shared(left: str, right: str) -> int:
    """Return how many folders two paths begin with in common."""
    pairs = zip(left.split("/"), right.split("/"), strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), 0)


def _parts(path: str) -> tuple[str, ...]:
    stem, dot, suffix = path.rpartition(".")
    if f".{suffix}" not in _PYTHON or not dot:
        return ()
    parts = tuple(stem.split("/"))
    return parts[:-1] if parts[-1] == "__init__" else parts
