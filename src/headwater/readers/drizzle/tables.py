"""Declarations of Drizzle tables: the variable, the physical name, and the columns with their types and keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import ASSUMED, Column, Enum, ForeignKey, Index, Origin, Relation
from headwater.catalog.names import snake
from headwater.readers import CodeProject

_TABLE = re.compile(r"(?:pg|mysql|sqlite|singlestore|gel|mssql|cockroach)(?:Table|View|MaterializedView)")
_CREATOR = re.compile(r"\w*TableCreator")
_SCHEMA = re.compile(r"(?:pg|mysql|gel|mssql)Schema")
_ENUM = re.compile(r"pgEnum|gelEnum|enum")
_AFTER = frozenset({"enableRLS", "existing", "as", "withRLS"})


class DrizzleColumn(msgspec.Struct, frozen=True):
    """A column: its key in the code, its physical name, and the calls that declare it, innermost first."""

    key: str
    name: str
    start: int
    path: str
    calls: tuple[f.Call, ...]
    enum: str = ""

    def call(self, name: str) -> f.Call | None:
        """Return the call of a column method, or None."""
        return next((call for call in self.calls if q.called_name(call) == name), None)


class DrizzleTable(msgspec.Struct):
    """A table declared in a file under a variable's name."""

    path: str
    variable: str
    start: int
    name: str
    schema: str | None
    kind: str
    columns: tuple[DrizzleColumn, ...]
    extras: tuple[f.Expr, ...] = ()
    tables: Mapping[str, DrizzleTable] = {}
    project: CodeProject | None = None

    @property
    def key(self) -> str:
        """The key of its model."""
        return f"{self.path}:{self.variable}"

    def column(self, key: str) -> str | None:
        """Return the physical name of a column by its key."""
        return next((column.name for column in self.columns if column.key == key), None)

    def target(self, expr: f.Expr | None, path: str) -> tuple[DrizzleTable, str] | None:
        """Return the table and physical column that `users.id` means in a file."""
        if not isinstance(expr, f.Attr):
            return None
        name = q.dotted_name(expr.value)
        table = self if name == self.variable and path == self.path else table_of(self, path, name)
        column = table.column(expr.name) if table else None
        return (table, column) if table and column else None

    def relation(self, sources: Mapping[str, bytes]) -> Relation:
        """Return the catalog's form of the table."""
        own = [column for column in self.columns if column.call("primaryKey")]
        keys, foreign, indexes = self._constraints()
        indexes += [Index(None, (column.name,), unique=True) for column in self.columns if column.call("unique")]
        return Relation(
            self.name,
            tuple(_column(column, sources) for column in self.columns),
            schema=self.schema,
            kind="view" if self.kind == "view" else "table",
            primary_key=keys or tuple(column.name for column in own),
            foreign_keys=(*self._references(), *foreign),
            indexes=tuple(indexes),
            origins=(_origin(self.path, self.start, sources),),
        )

    def _references(self) -> Iterator[ForeignKey]:
        for column in self.columns:
            call = column.call("references")
            place = self.target(q.returned_value(q.argument(call, 0)), column.path) if call else None
            if place:
                action = q.literal_text(q.options(q.argument(call, 1)).get("onDelete"))
                table, name = place
                yield ForeignKey((column.name,), table.name, (name,), ref_schema=table.schema, on_delete=action)

    def _constraints(self) -> tuple[tuple[str, ...], list[ForeignKey], list[Index]]:
        keys: tuple[str, ...] = ()
        foreign: list[ForeignKey] = []
        indexes: list[Index] = []
        for expr in self.extras:
            calls = chain(expr)
            names = {q.called_name(call): call for call in calls}
            if "primaryKey" in names:
                options = q.options(q.argument(names["primaryKey"], 0))
                keys = self._own(q.items(options.get("columns")) if options else names["primaryKey"].args)
            elif "foreignKey" in names:
                options = q.options(q.argument(names["foreignKey"], 0))
                places = [self.target(item, self.path) for item in q.items(options.get("foreignColumns"))]
                own = self._own(q.items(options.get("columns")))
                if own and places and all(places):
                    known = [place for place in places if place]
                    foreign.append(ForeignKey(own, known[0][0].name, tuple(column for _, column in known)))
            elif "on" in names:
                unique = bool({"uniqueIndex", "unique"} & set(names))
                terms = tuple(term for expr in names["on"].args if (term := self._term(expr)))
                where = self._condition(q.argument(names.get("where"), 0))
                if terms:
                    indexes.append(Index(q.literal_text(q.argument(calls[0], 0)), terms, unique=unique, where=where))
        return keys, foreign, indexes

    def _term(self, expr: f.Expr) -> str | None:
        """Return a column of an index, or an expression in parentheses."""
        if isinstance(expr, f.Attr):
            return self.column(expr.name)
        calls = chain(expr)
        base = calls[0].func if calls else None
        if isinstance(base, f.Attr) and base.name in ("asc", "desc") and isinstance(base.value, f.Attr):
            name = self.column(base.value.name)
            return f"({name} DESC)" if name and base.name == "desc" else name
        text = self._sql(expr)
        return f"({text})" if text else None

    def _condition(self, expr: f.Expr | None) -> str | None:
        """Return the condition of an index as SQL; what is written in functions keeps their names."""
        if expr is None:
            return None
        return self._sql(expr) or " ".join(filter(None, (q.called_name(expr), *map(self._word, _args(expr)))))

    def _word(self, expr: f.Expr) -> str:
        return (self.column(expr.name) or "") if isinstance(expr, f.Attr) else q.literal_text(expr) or ""

    def _sql(self, expr: f.Expr) -> str:
        """Return a template of SQL with the columns that are its holes."""
        template = next((arg for arg in (expr, *_args(expr)) if isinstance(arg, f.Text)), None)
        parts = template.parts if template is not None else ()
        return "".join(part.text if isinstance(part, f.Chunk) else self._word(part) for part in parts).strip()

    def _own(self, exprs: Iterable[f.Expr]) -> tuple[str, ...]:
        names = [self.column(expr.name) for expr in exprs if isinstance(expr, f.Attr)]
        return tuple(name for name in names if name)


def table_of(table: DrizzleTable, path: str, name: str) -> DrizzleTable | None:
    """Return the table that a name means in a file."""
    known = table.project.resolve(path, name) if table.project and name else None
    if known and isinstance(known[1], f.Assign) and isinstance(known[1].targets[0], f.Name):
        return table.tables.get(f"{known[0]}:{known[1].targets[0].id}")
    return None


def enum_of(expr: f.Expr | None) -> tuple[str, tuple[str, ...]] | None:
    """Return name and values of `pgEnum("mood", ["ok", "sad"])`; no values if they are not literal."""
    if not isinstance(expr, f.Call) or not _ENUM.fullmatch(q.called_name(expr)):
        return None
    name = q.literal_text(q.argument(expr, 0))
    texts = [q.literal_text(item) for item in q.items(q.argument(expr, 1))]
    return (name, tuple(text for text in texts if text is not None)) if name else None


def _args(expr: f.Expr) -> tuple[f.Expr, ...]:
    return expr.args if isinstance(expr, f.Call) else ()


def chain(expr: f.Expr | None) -> list[f.Call]:
    """Return the calls of `integer("id").notNull().primaryKey()`, the innermost first."""
    calls: list[f.Call] = []
    while isinstance(expr, f.Call):
        calls.append(expr)
        func = expr.func.value if isinstance(expr.func, f.Subscript) else expr.func  # `.$type<string[]>()`
        expr = func.value if isinstance(func, f.Attr) else None
    return calls[::-1]


class DrizzleReader:
    """Reads the declarations of tables in files."""

    def __init__(self, project: CodeProject, paths: Sequence[str], *, is_snake: bool) -> None:
        self._project, self._paths, self._is_snake = project, paths, is_snake

    def tables(self) -> dict[str, DrizzleTable]:
        """Return the tables by key."""
        tables: dict[str, DrizzleTable] = {}
        for path in self._paths:
            module = self._project.module(path)
            for stmt in module.body if module else ():
                table = self._table(path, stmt)
                if table:
                    table.tables, table.project = tables, self._project
                    tables[table.key] = table
        return tables

    def _table(self, path: str, stmt: f.Stmt) -> DrizzleTable | None:
        target = stmt.targets[0] if isinstance(stmt, f.Assign) and stmt.targets else None
        if not isinstance(stmt, f.Assign) or not isinstance(target, f.Name):
            return None
        calls = [call for call in chain(stmt.value) if q.called_name(call) not in _AFTER]
        known = self._declared(path, calls[-1]) if calls else None
        if known is None:
            return None
        schema, kind, prefix = known
        call = calls[-1]
        name = q.literal_text(q.argument(call, 0))
        columns = tuple(self._columns(path, q.argument(call, 1)))
        if name is None or (not columns and kind == "table"):
            return None
        third = q.argument(call, 2)
        extras = q.returned_value(third) or third
        listed = tuple(entry.value for entry in extras.entries) if isinstance(extras, f.Mapping) else q.items(extras)
        return DrizzleTable(path, target.id, target.start, prefix + name, schema, kind, columns, listed)

    def _declared(self, path: str, call: f.Call) -> tuple[str | None, str, str] | None:
        """Return the schema, the kind and the name's prefix of a table that a call declares; None for other calls."""
        name = q.last_name(call.func)
        if isinstance(call.func, f.Attr) and name in ("table", "view", "materializedView"):
            known = self._project.resolve(path, q.dotted_name(call.func.value))
            value = known[1].value if known and isinstance(known[1], f.Assign) else None
            if _SCHEMA.fullmatch(q.called_name(value)):
                return q.literal_text(q.argument(value, 0)), "table" if name == "table" else "view", ""
            return None
        if _TABLE.fullmatch(name):
            return None, "view" if name.endswith("View") else "table", ""
        known = self._project.resolve(path, name) if name else None
        value = known[1].value if known and isinstance(known[1], f.Assign) else None
        if isinstance(value, f.Call) and _CREATOR.fullmatch(q.called_name(value)):
            return None, "table", _prefix(q.returned_value(q.argument(value, 0)))
        return None

    def _columns(self, path: str, expr: f.Expr | None) -> Iterator[DrizzleColumn]:
        listed = q.returned_value(expr) or expr
        if isinstance(listed, f.Name):
            path, listed = self._constant(path, listed)
        if not isinstance(listed, f.Mapping):
            return
        for entry in listed.entries:
            key = q.literal_text(entry.key)
            if key is None:
                inner = entry.value.func if isinstance(entry.value, f.Call) else entry.value
                yield from self._columns(*self._constant(path, inner))
                continue
            where, value = self._constant(path, entry.value) if isinstance(entry.value, f.Name) else (path, entry.value)
            written = chain(value)
            enum = self._enum(where, written)
            calls = written if enum else self._opened(where, written)
            if calls:
                own = q.literal_text(q.argument(calls[0], 0))
                name = own or (snake(key) if self._is_snake else key)
                yield DrizzleColumn(key, name, entry.start, path, tuple(calls), enum)

    def _constant(self, path: str, expr: f.Expr) -> tuple[str, f.Expr | None]:
        """Return the value of a constant, or what a function returns, with the file in which it stands."""
        known = self._project.resolve(path, q.dotted_name(expr)) if q.dotted_name(expr) else None
        stmt = known[1] if known else None
        if known and isinstance(stmt, f.Assign):
            return known[0], q.returned_value(stmt.value) or stmt.value
        if known and isinstance(stmt, f.Function):
            returns = [inner.value for inner in stmt.body if isinstance(inner, f.Return)]
            return known[0], returns[0] if len(returns) == 1 else None
        return path, None

    def _enum(self, path: str, calls: list[f.Call]) -> str:
        """Return the enum type of a column whose type is a constant that is one, else an empty text."""
        _, value = self._constant(path, calls[0].func) if calls else (path, None)
        return declared[0] if (declared := enum_of(value)) else ""

    def enums(self) -> tuple[Enum, ...]:
        """Return the enum types that the files declare."""
        modules = (self._project.module(path) for path in self._paths)
        values = (stmt.value for module in modules if module for stmt in module.body if isinstance(stmt, f.Assign))
        return tuple(Enum(*declared) for value in values if (declared := enum_of(value)) and declared[1])

    def _opened(self, path: str, calls: list[f.Call]) -> list[f.Call]:
        """Return the calls with those of a helper of the code base that makes the column in its place."""
        _, value = self._constant(path, calls[0].func) if calls else (path, None)
        inner = chain(value)
        if not inner:
            return calls
        first = inner[0]
        name = self._passed(path, calls[0], q.argument(first, 0))
        if name is not None:
            first = msgspec.structs.replace(first, args=(name, *first.args[1:]))
        return [first, *inner[1:], *calls[1:]]

    def _passed(self, path: str, call: f.Call, name: f.Expr | None) -> f.Expr | None:
        """Return what a call of a helper passes for a parameter that is the column's name, or its default."""
        known = self._project.resolve(path, q.dotted_name(call.func)) if isinstance(name, f.Name) else None
        params = known[1].params if known and isinstance(known[1], f.Function) else ()
        for position, param in enumerate(params):
            if isinstance(name, f.Name) and param.name == name.id:
                return q.argument(call, position) or param.default
        return None


def _prefix(template: f.Expr | None) -> str:
    """Return what a table creator puts before a name: app_ for `name => `app_${name}``."""
    first = template.parts[0] if isinstance(template, f.Text) and template.parts else None
    return first.text if isinstance(first, f.Chunk) else ""


def _origin(path: str, start: int, sources: Mapping[str, bytes]) -> Origin:
    return Origin(path, q.line_of(sources[path], start) if path in sources else 0)


def _default(column: DrizzleColumn) -> tuple[str | None, bool]:
    """Return the default as SQL, and False if it is one that cannot be read."""
    if column.call("defaultNow") is not None:
        return "now()", True
    if column.call("defaultRandom") is not None:
        return "gen_random_uuid()", True
    call = column.call("default")
    value = q.argument(call, 0) if call is not None else None
    if isinstance(value, f.Const):
        return value.text, True
    text = q.literal_text(value)
    if text is not None:
        return "'" + text.replace("'", "''") + "'", True
    text = q.literal_text(q.argument(value, 0)) if q.called_name(value) == "sql" else None
    return text, text is not None or call is None


def _zone(column: DrizzleColumn) -> str:
    options = [q.options(arg) for arg in column.calls[0].args]
    return " with time zone" if any(q.literal_flag(each.get("withTimezone")) for each in options) else ""


def _spelt(kind: str) -> str:
    """Return a type as SQL spells it: `doublePrecision` is two words."""
    return "double precision" if kind == "doublePrecision" else snake(kind)


def _column(column: DrizzleColumn, sources: Mapping[str, bytes]) -> Column:
    kind = q.called_name(column.calls[0])
    args = column.calls[0].args
    length = next((size for arg in args if isinstance(size := q.options(arg).get("length"), f.Const)), None)
    is_array = column.call("array") is not None
    default, is_known = _default(column)
    digits = f"({length.text})" if length is not None else ""
    return Column(
        column.name,
        (column.enum or _spelt(kind) + digits + _zone(column)) + ("[]" if is_array else ""),
        nullable=column.call("notNull") is None and column.call("primaryKey") is None and not kind.endswith("serial"),
        default=default,
        identity=kind.endswith("serial") or column.call("autoincrement") is not None,
        origins=(_origin(column.path, column.start, sources),),
        attrs=() if is_known else ((ASSUMED, "default"),),
    )
