"""Operations of db-migrate, with which applications that query with Knex often change their tables.

`db.createTable("users", { id: { type: "int", primaryKey: true } })`, `db.addColumn("users", "name", { … })`; an
operation that is bound for later (`db.addColumn.bind(db, …)`) counts where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from headwater.catalog import changes as c
from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, Origin, Relation
from headwater.readers import SourceFile

_SPELT = {"string": "varchar", "int": "integer", "bigint": "bigint", "serial": "serial"}


def operation(call: f.Call) -> tuple[str, tuple[f.Expr, ...]] | None:
    """Return the name and the arguments of an operation on the object `db`, or None."""
    func, args = call.func, call.args
    if isinstance(func, f.Attr) and func.name == "bind" and isinstance(func.value, f.Attr):
        func, args = func.value, args[1:]
    is_one = isinstance(func, f.Attr) and q.last_name(func.value) == "db" and func.name in _OPERATIONS
    return (func.name, args) if is_one and isinstance(func, f.Attr) else None


def changes(name: str, args: tuple[f.Expr, ...], file: SourceFile) -> Iterator[c.Change]:
    """Yield the changes that an operation makes."""
    texts = tuple(q.literal_text(arg) or "" for arg in args[:3])
    if texts and texts[0]:
        yield from _OPERATIONS[name](texts, args, file)


def _column(name: str, start: int, spec: f.Expr | None, file: SourceFile) -> Column:
    options = q.options(spec)
    kind = q.literal_text(options.get("type") or spec) or ""
    is_required = any(q.literal_flag(options.get(key)) for key in ("notNull", "primaryKey"))
    origins = (Origin(file.path, q.line_of(file.source, start)),)
    return Column(name, _SPELT.get(kind, kind), nullable=not is_required, origins=origins)


def _create(texts: tuple[str, ...], args: tuple[f.Expr, ...], file: SourceFile) -> Iterator[c.Change]:
    spec = args[1] if len(args) > 1 else None
    spec = q.options(spec).get("columns", spec)
    entries = q.option_entries(spec)
    columns = tuple(_column(name, entry.start, entry.value, file) for entry, name in entries)
    keys = tuple(n for e, n in entries if q.literal_flag(q.options(e.value).get("primaryKey")))
    origins = (Origin(file.path, q.line_of(file.source, args[0].start)),)
    yield c.AddTable(texts[0], None, Relation(texts[0], columns, primary_key=keys, origins=origins))


def _add(texts: tuple[str, ...], args: tuple[f.Expr, ...], file: SourceFile) -> Iterator[c.Change]:
    if len(args) > 2 and texts[1]:
        yield c.AddColumn(texts[0], None, _column(texts[1], args[1].start, args[2], file))


def _remove(texts: tuple[str, ...], args: tuple[f.Expr, ...], file: SourceFile) -> Iterator[c.Change]:
    if len(texts) > 1 and texts[1]:
        yield c.DropColumn(texts[0], None, texts[1])


def _rename_column(texts: tuple[str, ...], args: tuple[f.Expr, ...], file: SourceFile) -> Iterator[c.Change]:
    if len(texts) > 2 and texts[1] and texts[2]:
        yield c.RenameColumn(texts[0], None, texts[1], texts[2])


def _rename(texts: tuple[str, ...], args: tuple[f.Expr, ...], file: SourceFile) -> Iterator[c.Change]:
    if len(texts) > 1 and texts[1]:
        yield c.RenameTable(texts[0], None, texts[1])


def _drop(texts: tuple[str, ...], args: tuple[f.Expr, ...], file: SourceFile) -> Iterator[c.Change]:
    yield c.DropTable(texts[0], None)


_OPERATIONS: dict[str, Callable[[tuple[str, ...], tuple[f.Expr, ...], SourceFile], Iterator[c.Change]]] = {
    "createTable": _create,
    "addColumn": _add,
    "removeColumn": _remove,
    "renameColumn": _rename_column,
    "renameTable": _rename,
    "dropTable": _drop,
}
