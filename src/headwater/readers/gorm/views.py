"""Structs that receive rows without being tables: `db.Model(&User{}).Joins(…).Scan(&results)`.

Their fields are columns of the tables that the query names, found by GORM's names for them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import calls
from headwater.catalog.model import Relation
from headwater.readers import Field, Model
from headwater.readers._go import Packages, Struct
from headwater.readers.gorm import evidence
from headwater.readers.gorm.fields import FieldReader, GormColumn

_TARGETS = frozenset({"Scan", "Find", "First", "Last", "Take"})
_TABLE = re.compile(r"(?:\bfrom\s+|\bjoin\s+|^\s*)[`\"]?(\w+)[`\"]?", re.IGNORECASE)
_NAMED = frozenset({"Table", "Joins", "InnerJoins", "Raw"})


class Views:
    """Finds the structs that receive rows, and makes models of them that nothing is written through."""

    def __init__(
        self,
        packages: Packages,
        reader: FieldReader,
        models: Mapping[str, Model],
        relations: Mapping[str, Relation],
        line: Callable[[str, int], int],
    ) -> None:
        self._line = line
        self._packages = packages
        self._reader = reader
        self._models = models
        self._relations = relations

    def models(self) -> Iterator[Model]:
        """Yield a model for each such struct."""
        sources: dict[str, tuple[Struct, list[str]]] = {}
        for path, function in evidence.functions_with_gorm(self._packages):
            local = evidence.local_types(function)
            chain = list(calls(function.body))
            tables = list(dict.fromkeys(self._tables(path, chain, local)))
            for struct in self._targets(path, chain, local) if tables else ():
                if struct.key not in self._models:
                    sources.setdefault(struct.key, (struct, []))[1].extend(tables)
        for struct, tables in sources.values():
            yield from self._model(struct, list(dict.fromkeys(tables)))

    def _targets(self, path: str, chain: Iterable[f.Call], local: Mapping[str, f.Expr]) -> Iterator[Struct]:
        for call in chain:
            if isinstance(call.func, f.Attr) and call.func.name in _TARGETS and call.args:
                arg = call.args[0]
                struct = self._packages.struct(path, local.get(arg.id)) if isinstance(arg, f.Name) else None
                if struct is not None and struct.stmt.kind == "struct":
                    yield struct

    def _tables(self, path: str, chain: Iterable[f.Call], local: Mapping[str, f.Expr]) -> Iterator[str]:
        """Yield the tables that the queries of a function name."""
        for call in chain:
            name = call.func.name if isinstance(call.func, f.Attr) else ""
            if name == "Model":
                for kind in evidence.argument_types(call, local):
                    struct = self._packages.struct(path, kind)
                    model = self._models.get(struct.key) if struct is not None else None
                    if model is not None:
                        yield model.table
            elif name in _NAMED and call.args:
                text = self._packages.text(path, call.args[0]) or _literal(call.args[0])
                yield from (table for table in _TABLE.findall(text) if table in self._relations)

    def _model(self, struct: Struct, tables: list[str]) -> Iterator[Model]:
        fields: list[Field] = []
        joined: dict[str, tuple[str, str]] = {}
        for part in self._reader.columns(struct):
            if not isinstance(part, GormColumn) or not part.promoted:
                continue
            table = next((t for t in tables if self._relations[t].column(part.name)), None)
            if table == tables[0]:
                fields.append(Field(part.attribute, part.name))
            elif table is not None:
                joined[part.attribute] = (table, part.name)
        if fields or joined:
            title = struct.stmt.name
            line = self._line(struct.path, struct.stmt.start)
            yield Model(struct.key, title, "gorm", struct.path, line, tables[0], None, tuple(fields), joined, "")


def _literal(expr: f.Expr) -> str:
    """Return the literal parts of a text."""
    parts = expr.parts if isinstance(expr, f.Text) else ()
    return " ".join(part.text for part in parts if isinstance(part, f.Chunk))
