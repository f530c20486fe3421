"""Laravel migrations as changes: each `up`, in the order of the file names, applied to a Schema.

Tests of what is in the schema (`Schema::hasColumn`) are answered from the tables so far; of other branches both are
followed, but one that depends on the engine. Loops over literal lists are unrolled, methods of the class are followed,
and `config('x.y')` is looked up in the files of `config/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from headwater.catalog import changes as c
from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.apply import SchemaDraft, created
from headwater.catalog.model import Column, Index, Origin, Relation
from headwater.readers import SourceFile, sql
from headwater.readers import _literals as s
from headwater.readers.eloquent.blueprint import Blueprint, BlueprintColumns, Chain, chain_of

_DEFINES = re.compile(r"\b(create|alter|drop|rename)\s+(\w+\s+){0,3}(table|view|type)\b", re.IGNORECASE)
_STATEMENTS = frozenset({"statement", "unprepared", "exec"})
_ENGINES = frozenset(
    {"getDriverName", "getConfig", "isMysql", "isSqlite", "isPostgres", "driver", "getDefaultConnection"}
)
Changes = Iterator[c.Change]


@dataclass
class LaravelMigration:
    """One migration: its methods, what its variables hold, and the draft that it changes."""

    file: SourceFile
    draft: SchemaDraft
    functions: Mapping[str, f.Function] = field(default_factory=dict)
    constants: dict[str, f.Expr] = field(default_factory=dict)
    config: Callable[[str], f.Expr | None] = lambda _key: None
    depth: int = 0

    def run(self, body: Iterable[f.Stmt]) -> Changes:
        """Yield the changes that statements make."""
        for stmt in body:
            if isinstance(stmt, f.Assign) and stmt.value is not None:
                self._remember(stmt.targets[0], stmt.value)
            if isinstance(stmt, f.Branch):
                holds = self._holds(stmt.test)
                yield from self.run(() if holds is False else stmt.body)
                yield from self.run(() if holds is True else stmt.otherwise)
                if holds is True and stmt.body and isinstance(stmt.body[-1], f.Return):
                    return
            elif isinstance(stmt, f.Loop):
                yield from self._loop(stmt)
            elif isinstance(stmt, f.Scope):
                yield from self.run(stmt.body)
            elif isinstance(stmt, (f.Do, f.Return)) and isinstance(stmt.value, f.Call):
                yield from self._call(stmt.value)

    def _remember(self, target: f.Expr, value: f.Expr) -> None:
        if name := q.last_name(target):
            self.constants[name] = self.value(value)

    def _loop(self, stmt: f.Loop) -> Changes:
        iterable = self.value(stmt.iterable) if stmt.iterable is not None else None
        values = iterable.items if isinstance(iterable, f.SequenceExpr) else ()
        if isinstance(iterable, f.Mapping):
            values = tuple(entry.value for entry in iterable.entries)
        for value in values:
            if stmt.target is not None:
                self._remember(stmt.target, value)
            yield from self.run(stmt.body)
        if not values and stmt.target is None:
            yield from self.run(stmt.body)

    def value(self, expr: f.Expr) -> f.Expr:
        """Return what an expression stands for: a constant, an entry of a constant, a setting."""
        if isinstance(expr, f.Subscript):
            inner = self.value(expr.value)
            known = s.entry(inner, s.text(expr.index, self.constants) or "")
            return known if known is not None else expr
        if isinstance(expr, f.Call) and q.last_name(expr.func) in ("config", "get") and expr.args:
            key = s.text(expr.args[0], self.constants)
            setting = self.config(key) if key else None
            return setting if setting is not None else expr
        if isinstance(expr, f.Call) and not expr.args and (helper := self.functions.get(q.last_name(expr.func))):
            returned = [stmt.value for stmt in helper.body if isinstance(stmt, f.Return) and stmt.value is not None]
            return returned[-1] if returned else expr
        name = q.last_name(expr)
        return self.constants.get(name, expr) if name else expr

    def text(self, expr: f.Expr | None) -> str | None:
        """Return the text of an expression."""
        if expr is None:
            return None
        return s.text(expr, self.constants) or s.text(self.value(expr), self.constants)

    def argument(self, call: f.Call, position: int) -> str | None:
        """Return the text of a positional argument."""
        return self.text(call.args[position]) if len(call.args) > position else None

    def _holds(self, test: f.Expr) -> bool | None:
        """Return whether a test holds; None if that is not known. What asks for an engine is taken to hold."""
        if isinstance(test, f.Unary) and test.op == "!":
            inner = self._holds(test.operand)
            return None if inner is None else not inner
        if isinstance(test, f.Binary) and test.op in ("==", "===", "!=", "!=="):
            called = {q.last_name(test.left.func)} if isinstance(test.left, f.Call) else {q.last_name(test.left)}
            other = (s.text(test.right) or "").lower()
            if called & _ENGINES or other in ("sqlite", "mysql", "pgsql", "sqlsrv", "mariadb"):
                return (other != "sqlite" and other != "sqlsrv") == (test.op[0] == "=")
        if not isinstance(test, f.Call):
            return None
        name, table = q.last_name(test.func), self.argument(test, 0)
        relation = self.draft.relation(table) if table else None
        if name == "hasTable" and table:
            return relation is not None
        if name in ("hasColumn", "hasColumns") and len(test.args) > 1 and relation is not None:
            columns = s.texts(test.args[1], self.constants)
            return all(relation.column(column) for column in columns) if columns else None
        return None

    def _call(self, call: f.Call) -> Changes:
        name = q.last_name(call.func)
        owner = call.func.value if isinstance(call.func, f.Attr) else None
        if owner is not None and _is_builder(owner) and name in _BUILDER:
            for change in _BUILDER[name](self, call):
                self.draft.apply(change)
                yield change
        elif owner is not None and name in _STATEMENTS and call.args:
            text = self.text(call.args[0])
            if text and _DEFINES.search(text):
                for change in sql.changes(text, self.draft.schema(), self.file.path):
                    self.draft.apply(change)
                    yield change
        elif name in self.functions and self.depth < 4:
            params = (param.name for param in self.functions[name].params)
            self.constants.update({param: self.value(arg) for param, arg in zip(params, call.args, strict=False)})
            self.depth += 1
            yield from list(self.run(self.functions[name].body))
            self.depth -= 1
        elif call.args and isinstance(call.args[-1], f.Lambda):
            block = call.args[-1]
            yield from self._each(owner, block) if name == "each" and owner is not None else self.run(block.body)

    def _each(self, owner: f.Expr, block: f.Lambda) -> Changes:
        inner = owner.args[0] if isinstance(owner, f.Call) and owner.args else owner
        for value in q.items(self.value(inner)):
            for param in block.params[:1]:
                self.constants[param.name] = value
            yield from self.run(block.body)

    def blueprint(self) -> Blueprint:
        """Return what turns the statements of a table's function into columns."""
        return Blueprint(self.file.path, self.file.source, self.constants)

    def table_changes(self, table: str, block: f.Expr | None) -> Changes:
        """Yield the changes that the function of `Schema::table` makes, those in its branches and loops included."""
        if not isinstance(block, f.Lambda):
            return
        variable = block.params[0].name if block.params else "table"
        yield from self._statements(block.body, table, variable)

    def _statements(self, body: Iterable[f.Stmt], table: str, variable: str) -> Changes:
        for stmt in body:
            if isinstance(stmt, f.Branch):
                holds = self._holds(stmt.test)
                yield from self._statements(() if holds is False else stmt.body, table, variable)
                yield from self._statements(() if holds is True else stmt.otherwise, table, variable)
            elif isinstance(stmt, (f.Scope, f.Loop)):
                values = q.items(self.value(stmt.iterable)) if isinstance(stmt, f.Loop) and stmt.iterable else (None,)
                for value in values:
                    if isinstance(stmt, f.Loop) and stmt.target is not None and value is not None:
                        self._remember(stmt.target, value)
                    yield from self._statements(stmt.body, table, variable)
            elif isinstance(stmt, f.Assign) and stmt.value is not None:
                self._remember(stmt.targets[0], stmt.value)
                yield from self._chain(stmt.value, table, variable)
            elif isinstance(stmt, (f.Do, f.Return)) and stmt.value is not None:
                yield from self._chain(stmt.value, table, variable)

    def _chain(self, expr: f.Expr, table: str, variable: str) -> Changes:
        chain = chain_of(expr, variable)
        if chain is not None:
            yield from chain_changes(self, table, chain)
        elif isinstance(expr, f.Call) and q.last_name(expr.func) in self.functions and self.depth < 4:
            function = self.functions[q.last_name(expr.func)]
            for param, arg in zip(function.params, expr.args, strict=False):
                if isinstance(arg, f.Name) and arg.id == variable:
                    self.depth += 1
                    yield from list(self._statements(function.body, table, param.name))
                    self.depth -= 1


def _is_builder(owner: f.Expr) -> bool:
    if isinstance(owner, f.Call):
        return q.last_name(owner.func) in ("connection", "getSchemaBuilder", "schema", "setConnection", "builder")
    return q.last_name(owner).lower() in ("schema", "schemabuilder", "builder")


def chain_changes(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    """Yield the changes of one statement about a table."""
    operation = _TABLE.get(chain.method)
    if operation is not None:
        yield from operation(script, table, chain)
        return
    blueprint = script.blueprint()
    declared = blueprint.declared(chain)
    if declared is None:
        return
    if "change" in chain.after:
        yield from _changed(script, table, declared)
        return
    for column in declared.columns:
        yield c.AddColumn(table, None, column)
    if declared.primary:
        yield c.SetPrimaryKey(table, None, declared.primary)
    for key in declared.keys:
        yield c.AddForeignKey(table, None, key)
    if "unique" in chain.after:
        yield c.AddIndex(table, None, Index(None, tuple(col.name for col in declared.columns), True))


def _changed(script: LaravelMigration, table: str, declared: BlueprintColumns) -> Changes:
    for column in declared.columns:
        was = _known(script, table, column.name)
        yield c.AlterType(table, None, column.name, column.type, was.type if was else None)
        yield c.SetNullable(table, None, column.name, column.nullable)


def _known(script: LaravelMigration, table: str, column: str) -> Column | None:
    relation = script.draft.relation(table)
    return relation.column(column) if relation else None


# ------------------------------------------------------------- the schema builder


def _create(script: LaravelMigration, call: f.Call) -> Changes:
    name = script.argument(call, 0)
    if not name:
        return
    origins = (Origin(script.file.path, q.line_of(script.file.source, call.start)),)
    body = call.args[-1]
    yield from created(
        Relation(name, origins=origins), lambda draft: replace(script, draft=draft).table_changes(name, body)
    )


def _table(script: LaravelMigration, call: f.Call) -> Changes:
    name = script.argument(call, 0)
    if name:
        yield from script.table_changes(name, call.args[-1])


def _rename(script: LaravelMigration, call: f.Call) -> Changes:
    old, new = script.argument(call, 0), script.argument(call, 1)
    if old and new:
        yield c.RenameTable(old, None, new)


def _drop(script: LaravelMigration, call: f.Call) -> Changes:
    name = script.argument(call, 0)
    if name:
        yield c.DropTable(name, None, script.draft.relation(name))


def _drop_columns(script: LaravelMigration, call: f.Call) -> Changes:
    table = script.argument(call, 0)
    for name in s.texts(f.SequenceExpr(0, 0, _flat(call.args[1:])), script.constants) if table else ():
        yield c.DropColumn(table or "", None, name, _known(script, table or "", name))


_BUILDER: dict[str, Callable[[LaravelMigration, f.Call], Changes]] = {
    "create": _create,
    "createIfNotExists": _create,
    "table": _table,
    "rename": _rename,
    "drop": _drop,
    "dropIfExists": _drop,
    "dropColumns": _drop_columns,
}


# ------------------------------------------------------------ statements of a table


def _flat(args: Iterable[f.Expr]) -> tuple[f.Expr, ...]:
    return tuple(item for arg in args for item in q.items(arg))


def _dropped(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    args = tuple(script.value(arg) for arg in chain.call.args)
    for name in s.texts(f.SequenceExpr(0, 0, _flat(args)), script.constants):
        yield c.DropColumn(table, None, name, _known(script, table, name))


def _named_drop(*names: str) -> Callable[[LaravelMigration, str, Chain], Changes]:
    def drop(script: LaravelMigration, table: str, chain: Chain) -> Changes:
        given = script.argument(chain.call, 0)
        for name in names:
            column = name.replace("*", given) if given else name
            if "*" not in column:
                yield c.DropColumn(table, None, column, _known(script, table, column))

    return drop


def _drop_soft(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    name = script.argument(chain.call, 0) or "deleted_at"
    yield c.DropColumn(table, None, name, _known(script, table, name))


def _rename_column(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    old, new = script.argument(chain.call, 0), script.argument(chain.call, 1)
    if old and new:
        yield c.RenameColumn(table, None, old.strip("`"), new.strip("`"))


def _rename_table(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    new = script.argument(chain.call, 0)
    if new:
        yield c.RenameTable(table, None, new)


def _drop_table(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    yield c.DropTable(table, None, script.draft.relation(table))


def _primary(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    columns = s.texts(chain.call.args[0], script.constants) if chain.call.args else ()
    if columns:
        yield c.SetPrimaryKey(table, None, columns)


def _index(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    columns = s.texts(chain.call.args[0], script.constants) if chain.call.args else ()
    if columns:
        name = script.argument(chain.call, 1)
        yield c.AddIndex(table, None, Index(name, columns, chain.method == "unique"))


def _drop_index(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    name = script.argument(chain.call, 0)
    if name and not isinstance(chain.call.args[0], f.SequenceExpr):
        yield c.DropIndex(table, None, name)


def _foreign(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    columns = s.texts(chain.call.args[0], script.constants) if chain.call.args else ()
    key = script.blueprint().referring(columns, chain) if columns else None
    if key:
        yield c.AddForeignKey(table, None, key)


def _drop_foreign(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    given = chain.call.args[0] if chain.call.args else None
    if isinstance(given, f.SequenceExpr):
        yield c.DropForeignKey(table, None, None, s.texts(given, script.constants))
    elif name := script.text(given):
        column = name.removeprefix(f"{table}_").removesuffix("_foreign")
        yield c.DropForeignKey(table, None, None, (column,))


def _drop_constrained(script: LaravelMigration, table: str, chain: Chain) -> Changes:
    name = script.argument(chain.call, 0)
    if name:
        yield c.DropForeignKey(table, None, None, (name,))
        yield c.DropColumn(table, None, name, _known(script, table, name))


_TABLE: dict[str, Callable[[LaravelMigration, str, Chain], Changes]] = {
    "dropColumn": _dropped,
    "removeColumn": _dropped,
    "dropTimestamps": _named_drop("created_at", "updated_at"),
    "dropTimestampsTz": _named_drop("created_at", "updated_at"),
    "dropSoftDeletes": _drop_soft,
    "dropSoftDeletesTz": _drop_soft,
    "dropRememberToken": _named_drop("remember_token"),
    "dropMorphs": _named_drop("*_type", "*_id"),
    "dropConstrainedForeignId": _drop_constrained,
    "renameColumn": _rename_column,
    "rename": _rename_table,
    "drop": _drop_table,
    "dropIfExists": _drop_table,
    "primary": _primary,
    "index": _index,
    "unique": _index,
    "dropIndex": _drop_index,
    "dropUnique": _drop_index,
    "foreign": _foreign,
    "dropForeign": _drop_foreign,
}
