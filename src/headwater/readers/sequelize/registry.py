"""What stands outside of the files of models: the options of the connection, and the object that holds all models."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.readers import CodeProject
from headwater.readers._scripts import LANGUAGES

_SETTINGS = re.compile(rb"\bdefine[\"']?\s*:\s*\{[^{}]*\b(?:freezeTableName|underscored|timestamps|tableName)\b")


def settings(project: CodeProject) -> dict[str, f.Expr]:
    """Return the options under `define` in a file of settings: those of all models."""
    for file in project.files():
        if file.language in LANGUAGES and _SETTINGS.search(file.source):
            module = project.module(file.path)
            for mapping in _mappings(module.body if module else ()):
                known = q.options(mapping).get("define")
                if known is not None and q.options(known):
                    return q.options(known)
    return {}


def titles(project: CodeProject, models: Mapping[str, str]) -> dict[str, str]:
    """Return the names under which models are held: `db.User = require("./user")(sequelize)`, `{ User: define(…) }`.

    Args:
        project: the code base.
        models: the key of the model that each file defines.
    """
    names: dict[str, str] = {}
    for file in project.files():
        if file.language not in LANGUAGES or b"sequelize" not in file.source.lower():
            continue
        module = project.module(file.path)
        for name, call in _named_calls(module.body if module else ()):
            key = models.get(_defining_file(project, file.path, call))
            if key and name[:1].isupper():
                names.setdefault(key, name)
    return names


def _named_calls(body: tuple[f.Stmt, ...]) -> Iterator[tuple[str, f.Call]]:
    """Yield calls at the top level of a file with the name or key that holds their values."""
    for stmt in body:
        if isinstance(stmt, f.Assign) and isinstance(stmt.value, f.Call):
            yield q.last_name(stmt.targets[0]), stmt.value
    for mapping in _mappings(body):
        for entry, name in q.option_entries(mapping):
            if isinstance(entry.value, f.Call):
                yield name, entry.value


def _defining_file(project: CodeProject, path: str, call: f.Call) -> str:
    """Return the file of the function that is called, which may be required where it is called."""
    func = call.func
    name = q.last_name(func) if isinstance(func, (f.Name, f.Attr)) else ""
    known = project.resolve(path, name) if name else None
    return known[0] if known else ""


def _mappings(body: tuple[f.Stmt, ...]) -> list[f.Mapping]:
    """Return all mappings in a body, in the order of the source."""
    return sorted((node for node in q.nodes(body) if isinstance(node, f.Mapping)), key=lambda node: node.start)
