"""Finds the file of a Rust module path, by the rules of the Rust reference ("Modules", module source filenames)."""

from __future__ import annotations

import posixpath
from collections.abc import Collection


def file_of(importer: str, name: str, files: Collection[str]) -> str | None:
    """Return the file of a module path with dots, or None if it is outside the code base.

    Args:
        importer: the file in which the path stands.
        name: for instance `crate.db.models`, `super.schema`, `my_crate.db`.
        files: the paths of all files.
    """
    head, *rest = name.split(".")
    if head == "crate":
        return _file(_root(importer, files), rest, files)
    if head in ("self", "super"):
        folder = _inner_folder(importer)
        for step in (head, *rest):
            folder = posixpath.dirname(folder) if step == "super" else folder
        return _file(folder, [step for step in rest if step not in ("self", "super")], files)
    crate = _crate_folder(head, files)
    return _file(crate, rest, files) if crate else _file(_inner_folder(importer), [head, *rest], files)


def _file(folder: str, names: list[str], files: Collection[str]) -> str | None:
    stem = posixpath.join(folder, *names)
    choices = [f"{stem}.rs", f"{stem}/mod.rs"]
    if not names:
        choices += [f"{stem}/lib.rs", f"{stem}/main.rs"]
    return next((choice for choice in map(_plain, choices) if choice in files), None)


def _plain(path: str) -> str:
    return posixpath.normpath(path.lstrip("/"))


def _root(path: str, files: Collection[str]) -> str:
    """Return the folder of the root module of a file's crate."""
    folder = posixpath.dirname(path)
    while folder:
        if f"{folder}/lib.rs" in files or f"{folder}/main.rs" in files:
            return folder
        folder = posixpath.dirname(folder)
    return ""


def _inner_folder(path: str) -> str:
    """Return the folder in which the modules inside of a file's module lie."""
    folder, _, name = path.rpartition("/")
    return folder if name in ("mod.rs", "lib.rs", "main.rs") else posixpath.join(folder, name.removesuffix(".rs"))


def _crate_folder(name: str, files: Collection[str]) -> str | None:
    """Return the source folder of another crate of the workspace.

    Cargo's crate names are those of folders mostly, also with a prefix that all crates of a workspace share.
    """
    best, length = None, 0
    for path in files:
        if path.endswith("/src/lib.rs"):
            folder = path.removesuffix("/src/lib.rs")
            title = posixpath.basename(folder).replace("-", "_")
            if len(title) > length and (name == title or name.endswith(f"_{title}")):
                best, length = f"{folder}/src", len(title)
    return best
