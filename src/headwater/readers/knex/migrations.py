"""Knex migrations as changes: each `up`, in the order of the file names, applied to a Schema.

Tests of what is in the schema (`hasTable`, `hasColumn`) are answered from the tables so far; of other branches both are
followed. Loops over literal lists are unrolled, and functions of the code base that get the builder are followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from headwater.catalog import changes as c
from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.apply import SchemaDraft, created
from headwater.catalog.model import Origin, Relation
from headwater.readers import CodeProject, SourceFile, sql
from headwater.readers import _literals as s
from headwater.readers.knex import db_migrate
from headwater.readers.knex.builder import TableBuilder, chain_of
from headwater.readers.knex.operations import chain_changes, column_of

_DEFINES = re.compile(r"\b(create|alter|drop|rename)\s+(\w+\s+){0,3}(table|view|type)\b", re.IGNORECASE)
_CREATES = frozenset({"createTable", "createTableIfNotExists"})
_ALTERS = frozenset({"alterTable", "table"})
_DROPS = frozenset({"dropTable", "dropTableIfExists"})
_STATEMENTS = frozenset({"raw", "runSql", "unsafe"})
_MAX_DEPTH = 6
Changes = Iterator[c.Change]


@dataclass
class KnexMigration:
    """One migration: what its names hold, the draft that it changes, and the calls that it is inside of."""

    project: CodeProject
    file: SourceFile
    draft: SchemaDraft
    constants: dict[str, f.Expr] = field(default_factory=dict)
    functions: dict[str, f.Function | f.Lambda] = field(default_factory=dict)
    depth: int = 0

    def learn(self, body: Iterable[f.Stmt]) -> None:
        """Remember the constants and functions of a file."""
        for stmt in body:
            if isinstance(stmt, f.Function):
                self.functions[stmt.name] = stmt
            elif isinstance(stmt, f.Assign) and stmt.value is not None and (name := q.last_name(stmt.targets[0])):
                if isinstance(stmt.value, f.Lambda):
                    self.functions[name] = stmt.value
                else:
                    self.constants[name] = stmt.value

    def run(self, body: Iterable[f.Stmt]) -> Changes:
        """Yield the changes that statements make."""
        for stmt in body:
            if isinstance(stmt, f.Assign) and stmt.value is not None:
                yield from self.call(stmt.value)
                if name := q.last_name(stmt.targets[0]):
                    self.constants[name] = stmt.value
            elif isinstance(stmt, f.Branch):
                holds = self._holds(stmt.test)
                yield from self.run(() if holds is False else stmt.body)
                yield from self.run(() if holds is True else stmt.otherwise)
                if holds is True and stmt.body and isinstance(stmt.body[-1], f.Return):
                    return
            elif isinstance(stmt, f.Loop):
                for _ in self._each(stmt):
                    yield from self.run(stmt.body)
            elif isinstance(stmt, f.Scope):
                yield from self.run(stmt.body)
            elif isinstance(stmt, (f.Do, f.Return)) and stmt.value is not None:
                yield from self.call(stmt.value)

    def _each(self, stmt: f.Loop) -> Iterator[None]:
        """Bind the variable of a loop to each item of a literal list in turn; an unknown list has one round."""
        iterable = self.value(stmt.iterable)
        if not isinstance(iterable, f.SequenceExpr):
            yield None
            return
        for item in iterable.items:
            if stmt.target is not None and (name := q.last_name(stmt.target)):
                self.constants[name] = item
            yield None

    def value(self, expr: f.Expr | None) -> f.Expr | None:
        """Return what an expression stands for: a constant, an entry of a constant, a member of an enum."""
        if isinstance(expr, f.Name):
            return self.constants.get(expr.id) or self._imported(expr.id, expr)
        if isinstance(expr, f.Attr):
            known = s.entry(self.value(expr.value), expr.name)
            return known if known is not None else self._imported(q.dotted_name(expr), expr)
        if isinstance(expr, f.Cast):
            return self.value(expr.value)
        return expr

    def _imported(self, name: str, expr: f.Expr) -> f.Expr:
        known = self.project.resolve(self.file.path, name) if name else None
        if known and isinstance(known[1], f.Assign) and known[1].value is not None:
            return known[1].value
        owner, _, member = name.rpartition(".")
        around = self.project.resolve(self.file.path, owner) if owner else None
        if around and isinstance(around[1], f.Class):
            for stmt in around[1].body:
                if isinstance(stmt, f.Assign) and q.last_name(stmt.targets[0]) == member and stmt.value is not None:
                    return stmt.value
        return expr

    def texts(self, expr: f.Expr | None) -> tuple[str, ...]:
        """Return the texts of a list, or of a single text."""
        given = q.items(self.value(expr))
        known = (s.text(item, self.constants) or s.text(self.value(item), self.constants) for item in given)
        return tuple(text for text in known if text is not None)

    def text(self, expr: f.Expr | None) -> str | None:
        """Return the text of an expression, or None."""
        given = self.texts(expr)
        return given[0] if len(given) == 1 else None

    def _holds(self, test: f.Expr | None, depth: int = 0) -> bool | None:
        """Return whether a test holds; None if that is not known."""
        if depth > _MAX_DEPTH:
            return None
        if isinstance(test, f.Unary) and test.op == "!":
            inner = self._holds(test.operand, depth + 1)
            return None if inner is None else not inner
        if isinstance(test, f.Binary) and test.op in ("&&", "||"):
            sides = self._holds(test.left, depth + 1), self._holds(test.right, depth + 1)
            decisive = test.op == "||"
            return decisive if decisive in sides else None if None in sides else not decisive
        if isinstance(test, f.Name) and test.id in self.constants:
            return self._holds(self.constants[test.id], depth + 1)
        if not isinstance(test, f.Call):
            return q.literal_flag(test)
        name, table = q.called_name(test), self.text(q.argument(test, 0))
        relation = self.draft.relation(table) if table else None
        if name == "hasTable" and table:
            return relation is not None
        if name == "hasColumn" and relation is not None:
            column = self.text(q.argument(test, 1))
            return relation.column(column) is not None if column else None
        return None

    def call(self, expr: f.Expr | None) -> Changes:
        """Yield the changes of a call and of the calls before it in its chain."""
        if isinstance(expr, f.SequenceExpr):  # Promise.all([…])
            for item in expr.items:
                yield from self.call(item)
        if isinstance(expr, f.Bind):
            yield from self.call(expr.value)
        if not isinstance(expr, f.Call) or self.depth > _MAX_DEPTH:
            return
        if isinstance(expr.func, f.Lambda):
            yield from self.run(expr.func.body)
            return
        owner = expr.func.value if isinstance(expr.func, f.Attr) else None
        yield from self.call(owner)
        name = q.called_name(expr)
        if (operation := db_migrate.operation(expr)) is not None:
            yield from self._applied(db_migrate.changes(*operation, self.file))
        elif owner is not None and name in _SCHEMA and _is_builder(owner):
            yield from self._applied(_SCHEMA[name](self, expr))
        elif owner is not None and name in _STATEMENTS:
            yield from self._applied(self._statement(expr))
        elif name in self.functions or self._is_function(name):
            yield from self._followed(name, expr)
        else:
            yield from self._callbacks(owner, name, expr)

    def _applied(self, changes: Changes) -> Changes:
        for change in changes:
            if not self._is_known(change):
                self.draft.apply(change)
                yield change

    def _is_known(self, change: c.Change) -> bool:
        """Return True if a column is already there that a change adds, as when a dump contains later migrations."""
        name = change.column.name if isinstance(change, c.AddColumn) else None
        name = change.new_name if isinstance(change, c.RenameColumn) else name
        return name is not None and column_of(self, change.table, name) is not None

    def _statement(self, call: f.Call) -> Changes:
        text = self.text(q.argument(call, 0))
        if text and _DEFINES.search(text):
            yield from sql.changes(text, self.draft.schema(), self.file.path)

    def _callbacks(self, owner: f.Expr | None, name: str, call: f.Call) -> Changes:
        """Yield the changes of the functions in the arguments: `then`, `forEach`, `transaction`."""
        asked = self._holds(owner) if isinstance(owner, f.Call) else None
        for arg in call.args:
            if not isinstance(arg, f.Lambda):
                yield from self.call(arg)
                continue
            if name == "then" and asked is not None and arg.params:
                self.constants[arg.params[0].name] = f.Const(0, 0, str(asked).lower())
            values = q.items(self.value(owner)) if name in ("forEach", "map") else (None,)
            for value in values:
                if value is not None and arg.params:
                    self.constants[arg.params[0].name] = value
                yield from self.run(arg.body)

    def _is_function(self, name: str) -> bool:
        known = self.project.resolve(self.file.path, name) if name else None
        function = known[1].value if known and isinstance(known[1], f.Assign) else known[1] if known else None
        if not isinstance(function, (f.Function, f.Lambda)):
            return False
        self.functions[name] = function
        return True

    def _followed(self, name: str, call: f.Call) -> Changes:
        function = self.functions[name]
        given = {p.name: value for p, a in zip(function.params, call.args, strict=False) if (value := self.value(a))}
        inner = replace(self, constants=self.constants | given, depth=self.depth + 1)
        yield from inner.run(function.body)

    def table_changes(self, table: str, function: f.Expr | None) -> Changes:
        """Yield the changes that the function of `alterTable` makes, those in its branches and loops included."""
        known = self.functions.get(q.last_name(function)) if isinstance(function, f.Name) else function
        if isinstance(known, (f.Lambda, f.Function)):
            names = {param.name for param in known.params[:1]} | {"this"}
            yield from self._statements(known.body, table, frozenset(names))

    def _statements(self, body: Iterable[f.Stmt], table: str, variables: frozenset[str]) -> Changes:
        for stmt in body:
            if isinstance(stmt, f.Branch):
                holds = self._holds(stmt.test)
                yield from self._statements(() if holds is False else stmt.body, table, variables)
                yield from self._statements(() if holds is True else stmt.otherwise, table, variables)
            elif isinstance(stmt, f.Loop):
                for _ in self._each(stmt):
                    yield from self._statements(stmt.body, table, variables)
            elif isinstance(stmt, f.Scope):
                yield from self._statements(stmt.body, table, variables)
            elif isinstance(stmt, f.Assign):
                if (name := q.last_name(stmt.targets[0])) and stmt.value is not None:
                    self.constants[name] = stmt.value
            elif isinstance(stmt, (f.Do, f.Return)) and stmt.value is not None:
                yield from self._chain(stmt.value, table, variables)

    def _chain(self, expr: f.Expr, table: str, variables: frozenset[str]) -> Changes:
        chain = chain_of(expr, variables)
        if chain is not None:
            yield from chain_changes(self, table, chain)
            return
        if not isinstance(expr, f.Call) or self.depth > _MAX_DEPTH:
            return
        name = q.called_name(expr)
        function = self.functions[name] if name in self.functions or self._is_function(name) else None
        for position, arg in enumerate(expr.args):
            if isinstance(arg, f.Lambda) and name == "forEach" and isinstance(expr.func, f.Attr):
                for item in q.items(self.value(expr.func.value)):
                    self.constants.update({param.name: item for param in arg.params[:1]})
                    yield from self._statements(arg.body, table, variables)
            elif function and isinstance(arg, f.Name) and arg.id in variables and position < len(function.params):
                inner = replace(self, depth=self.depth + 1, constants=dict(self.constants))
                names = frozenset({function.params[position].name})
                yield from inner._statements(function.body, table, names)

    def builder(self) -> TableBuilder:
        """Return what turns the statements of a table's function into columns."""
        return TableBuilder(self.file.path, self.file.source, self.texts)


def _is_builder(owner: f.Expr) -> bool:
    """Return True for `knex.schema`, what its methods return, and a variable of that name."""
    while isinstance(owner, f.Call):
        if not isinstance(owner.func, f.Attr):
            return False
        owner = owner.func.value
        if isinstance(owner, f.Attr) and owner.name == "schema":
            return True
    return q.last_name(owner).lower().endswith("schema")


# ------------------------------------------------------------- the schema builder


def _create(script: KnexMigration, call: f.Call) -> Changes:
    name = script.text(q.argument(call, 0))
    if (
        not name
        or len(call.args) < 2
        or (q.called_name(call) == "createTableIfNotExists" and script.draft.relation(name))
    ):
        return
    origins = (Origin(script.file.path, q.line_of(script.file.source, call.args[0].start)),)
    body = call.args[-1]
    yield from created(
        Relation(name, origins=origins), lambda draft: replace(script, draft=draft).table_changes(name, body)
    )


def _alter(script: KnexMigration, call: f.Call) -> Changes:
    name = script.text(q.argument(call, 0))
    if name:
        yield from script.table_changes(name, call.args[-1])


def _rename(script: KnexMigration, call: f.Call) -> Changes:
    old, new = script.text(q.argument(call, 0)), script.text(q.argument(call, 1))
    if old and new:
        yield c.RenameTable(old, None, new)


def _drop(script: KnexMigration, call: f.Call) -> Changes:
    name = script.text(q.argument(call, 0))
    if name:
        yield c.DropTable(name, None, script.draft.relation(name))


_SCHEMA: dict[str, Callable[[KnexMigration, f.Call], Changes]] = {
    **dict.fromkeys(_CREATES, _create),
    **dict.fromkeys(_ALTERS, _alter),
    **dict.fromkeys(_DROPS, _drop),
    "renameTable": _rename,
}
