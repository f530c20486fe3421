"""Follows the statements of `db/schema.rb` and of migrations, and yields the changes that they make to a Schema.

Loops over literal lists are unrolled and methods of the same class are followed; `execute` goes to the SQL reader. What
depends on a live database is taken as if its condition held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from headwater.catalog import changes as c
from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.apply import SchemaDraft
from headwater.catalog.model import Column, Origin, Relation
from headwater.readers import SourceFile
from headwater.readers import _literals as s
from headwater.readers._inflections import Inflector
from headwater.readers.active_record.columns import DeclaredColumns, Declarer

_TRANSPARENT = frozenset({"up_only", "up", "reversible", "safety_assured", "suppress_messages", "say_with_time"})
_LOOPS = frozenset({"each", "each_with_index", "map", "each_pair"})
Changes = Iterator[c.Change]
# What a call does, by its name; `operations.py` fills both in.
OPERATIONS: dict[str, Callable[[SchemaScript, f.Call], Changes]] = {}
MEMBERS: dict[str, str] = {}


@dataclass
class SchemaScript:
    """One file that changes the schema: its functions, its constants, and the draft that it changes."""

    file: SourceFile
    draft: SchemaDraft
    inflector: Inflector
    functions: Mapping[str, f.Function] = field(default_factory=dict)
    constants: dict[str, f.Expr] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    depth: int = 0

    def run(self, body: Iterable[f.Stmt]) -> Changes:
        """Yield the changes that statements make, each applied to the draft."""
        for stmt in body:
            if isinstance(stmt, f.Assign):
                self.remember(stmt)
            if isinstance(stmt, f.Branch):
                yield from self.run(stmt.body)
                yield from self.run(() if _is_exclusive(stmt.test) else stmt.otherwise)
            elif isinstance(stmt, (f.Scope, f.Loop)):
                yield from self.run(stmt.body)
            elif isinstance(stmt, (f.Do, f.Return, f.Assign)) and stmt.value is not None:
                yield from self._expression(stmt.value)

    def remember(self, stmt: f.Assign) -> None:
        """Remember the value of a variable or constant."""
        name = q.last_name(stmt.targets[0])
        if stmt.value is not None and name and stmt.op in ("=", "||="):
            self.constants[name] = stmt.value

    def dump(self, call: f.Call) -> Changes:
        """Yield the changes of `ActiveRecord::Schema.define … do`."""
        block = call.args[-1] if call.args else None
        if q.last_name(call.func) == "define" and isinstance(block, f.Lambda):
            yield from self.run(block.body)

    def _expression(self, expr: f.Expr) -> Changes:
        if isinstance(expr, f.Attr):
            expr = f.Call(expr.start, expr.end, expr)
        if not isinstance(expr, f.Call):
            return
        name = q.last_name(expr.func)
        owner = expr.func.value if isinstance(expr.func, f.Attr) else None
        block = expr.args[-1] if expr.args and isinstance(expr.args[-1], f.Lambda) else None
        if name in _TRANSPARENT and block is not None:
            yield from self.run(block.body)
        elif name == "down":
            return
        elif owner is not None and name in _LOOPS and block is not None:
            yield from self._loop(owner, block)
        elif owner is not None and (table := self.tables.get(_variable(owner))):
            yield from self._applied(self.member(table, name, expr))
        elif name in OPERATIONS:
            yield from self._applied(OPERATIONS[name](self, expr))
        elif name in self.functions and self.depth < 4:
            yield from self._helper(self.functions[name], expr)

    def _applied(self, changes: Changes) -> Changes:
        for change in changes:
            self.draft.apply(change)
            yield change

    def _helper(self, function: f.Function, call: f.Call) -> Changes:
        params = (param.name for param in function.params)
        self.constants.update(zip(params, call.args, strict=False))
        self.depth += 1
        yield from list(self.run(function.body))
        self.depth -= 1

    def _loop(self, owner: f.Expr, block: f.Lambda) -> Changes:
        values = q.items(self.value(owner)) if owner is not None else ()
        for value in values:
            names = [param.name for param in block.params]
            parts = q.items(value) if len(names) > 1 else (value,)
            self.constants.update(zip(names, parts, strict=False))
            yield from self.run(block.body)

    def value(self, expr: f.Expr) -> f.Expr:
        """Return an expression, or the value of the constant or variable that it names."""
        name = q.last_name(expr.func) if isinstance(expr, f.Call) and not expr.args else q.last_name(expr)
        value = self.constants.get(name, expr)
        return value.value if isinstance(value, f.Attr) and value.name in ("freeze", "to_a", "dup") else value

    def text(self, expr: f.Expr | None) -> str | None:
        """Return the text of an expression."""
        return s.text(expr, self.constants)

    def argument(self, call: f.Call, position: int) -> str | None:
        """Return the text of a positional argument."""
        return self.text(call.args[position]) if len(call.args) > position else None

    def declarer(self) -> Declarer:
        """Return what turns calls into columns here."""
        return Declarer(self.inflector, self.file.path, self.file.source, self.constants)

    def without_table(self, call: f.Call, count: int = 1) -> f.Call:
        """Return a call without its first arguments."""
        return msgspec.structs.replace(call, args=call.args[count:])

    # -------------------------------------------------------------- operations

    def member(self, table: str, method: str, call: f.Call) -> Changes:
        """Yield the changes of `t.method(…)` inside of `create_table` and `change_table`."""
        operation = OPERATIONS.get(MEMBERS.get(method, ""))
        if operation is not None:
            first = f.Text(call.start, call.start, (f.Chunk(call.start, call.start, table),))
            yield from operation(self, msgspec.structs.replace(call, args=(first, *call.args)))
            return
        declared = self.declarer().from_method(method, call)
        if declared is not None:
            yield from added(table, declared)

    def table_of(self, call: f.Call, name: str) -> Relation:
        """Return the table of a `create_table` call, with its key and all that its block declares."""
        line = q.line_of(self.file.source, call.start)
        key = _key_columns(self, call, line)
        primary = tuple(column.name for column in key)
        if (names := s.texts(s.keyword(call, "primary_key"), self.constants)) and not key:
            primary = names
        comment = self.text(s.keyword(call, "comment"))
        origins = (Origin(self.file.path, line),)
        draft = SchemaDraft()
        draft.add(Relation(name, key, primary_key=primary, comment=comment, origins=origins))
        inner = SchemaScript(self.file, draft, self.inflector, self.functions, self.constants, depth=self.depth)
        for _ in inner.block(call, name):
            pass
        relation = draft.relation(name)
        assert relation is not None
        return relation

    def block(self, call: f.Call, table: str) -> Changes:
        """Yield the changes of the block of a call about a table."""
        block = call.args[-1] if call.args else None
        if isinstance(block, f.Lambda):
            for param in block.params[:1]:
                self.tables[param.name] = table
            yield from self.run(block.body)


def added(table: str, declared: DeclaredColumns) -> Changes:
    """Yield the changes that add what was declared to a table."""
    for column in declared.columns:
        yield c.AddColumn(table, None, column)
    if declared.primary:
        yield c.SetPrimaryKey(table, None, declared.primary)
    for key in declared.keys:
        yield c.AddForeignKey(table, None, key)


def _variable(expr: f.Expr) -> str:
    return q.last_name(expr.func) if isinstance(expr, f.Call) else q.last_name(expr)


def _is_exclusive(test: f.Expr) -> bool:
    """Return True if the other branch is for another database or for the way back."""
    return "adapter" in repr(test) or "postgresql?" in repr(test) or "mysql?" in repr(test)


def _key_columns(script: SchemaScript, call: f.Call, line: int) -> tuple[Column, ...]:
    """Return the key that `create_table` adds: `id`, or what its options say."""
    wish, named = s.keyword(call, "id"), s.keyword(call, "primary_key")
    if s.is_false(wish) or isinstance(named, f.SequenceExpr):
        return ()
    name = script.text(named) or "id"
    kind = script.text(wish) or script.text(s.entry(wish, "type")) or "bigint"
    limit = s.constant(s.entry(wish, "limit"))
    spelt = {"string": "varchar", "primary_key": "bigint", "serial": "integer"}.get(kind, kind)
    spelt += f"({limit})" if limit.isdigit() and spelt == "varchar" else ""
    identity = spelt in ("bigint", "integer")
    return (Column(name, spelt, nullable=False, identity=identity, origins=(Origin(script.file.path, line),)),)
