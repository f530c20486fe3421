"""Which table the class of a query's rows stands for: the one in its SQL that has most of its properties as columns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import calls, items, last_name, line_of
from headwater.readers import CodeProject, Model, SourceFile
from headwater.readers._row_tables import columns_of, declared_tables
from headwater.readers.dapper.vocabulary import ASKED
from headwater.readers.ef_core.clrtypes import SCALARS, ClrType, ClrTypes

_ASKS = re.compile(rb"\b(?:Query|Read)\w*\s*<")
_STORES = re.compile(rb"\b(?:insert\s+(?:into\s+)?|update\s+)(?:\[?\w+\]?\.)?[\[\"`]?(\w+)", re.IGNORECASE)


class DapperMapping:
    """The classes of one code base that receive rows."""

    def __init__(self, project: CodeProject) -> None:
        self._project = project
        self._types = ClrTypes(project)
        self._declared = declared_tables(project.files())
        self._files = [file for file in project.files() if file.language == "csharp"]
        self._sources: Mapping[str, SourceFile] = {file.path: file for file in self._files}

    def models(self) -> tuple[Model, ...]:
        """Return a model for each class whose table is known."""
        texts: dict[str, list[str]] = defaultdict(list)
        known: dict[str, ClrType] = {}
        for file in self._files:
            for clr, text in self._asked(file) if _ASKS.search(file.source) else ():
                known[clr.key] = clr
                texts[clr.key].append(text)
        stored = {m[1].decode().lower() for file in self._files for m in _STORES.finditer(file.source)}
        models = (self._model(clr, texts[key], stored) for key, clr in known.items())
        return tuple(model for model in models if model is not None)

    def _asked(self, file: SourceFile) -> Iterator[tuple[ClrType, str]]:
        """Yield the classes that queries in a file are asked for, with their SQL."""
        module = self._project.module(file.path)
        for call in calls(module.body) if module else ():
            func = call.func
            if isinstance(func, f.Subscript) and last_name(func.value) in ASKED and call.args:
                text = _text(call.args[0], module.body) if module else ""
                for typed in items(func.index):
                    clr = self._types.find(file.path, typed) if last_name(typed) not in SCALARS else None
                    if clr is not None and clr.kind != "enum":
                        yield clr, text

    def _model(self, clr: ClrType, texts: list[str], stored: set[str]) -> Model | None:
        names = list(dict.fromkeys(p.name for member in self._types.chain(clr) for p in self._types.properties(member)))
        row = columns_of(clr.short, texts, {name: name for name in names}, self._declared)
        if row is None:
            return None
        path, stmt = clr.parts[0]
        line = line_of(self._sources[path].source, stmt.start)
        stores: Literal["write", ""] = "write" if row.table.lower() in stored else ""
        return Model(clr.key, clr.short, "dapper", path, line, row.table, None, row.fields(), row.inherited(), stores)


def _text(expr: f.Expr, body: tuple[f.Stmt, ...], depth: int = 3) -> str:
    """Return the text of SQL, also of one that a name in the file stands for."""
    if isinstance(expr, f.Text):
        return "".join(part.text for part in expr.parts if isinstance(part, f.Chunk))
    if isinstance(expr, f.Binary):
        return _text(expr.left, body, depth) + _text(expr.right, body, depth)
    if isinstance(expr, f.Name) and depth:
        values = (stmt.value for stmt in _assigned(body, expr.id) if stmt.value is not None)
        return " ".join(_text(value, body, depth - 1) for value in values)
    return ""


def _assigned(body: tuple[f.Stmt, ...], name: str) -> Iterator[f.Assign]:
    for stmt in body:
        if isinstance(stmt, f.Assign):
            if any(isinstance(target, f.Name) and target.id == name for target in stmt.targets):
                yield stmt
        else:
            yield from _assigned(getattr(stmt, "body", ()), name)
            yield from _assigned(getattr(stmt, "otherwise", ()), name)
