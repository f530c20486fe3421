"""Alembic migrations as changes: each revision's `upgrade`, in the order of the revision graph, applied to a Schema.

Loops over literal lists are unrolled and functions of the same file are followed; code that depends on a live database
is skipped. SQL in `op.execute` goes to the SQL reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from headwater.catalog import changes as c
from headwater.catalog import facts as f
from headwater.catalog.apply import apply_all
from headwater.catalog.model import Check, Column, ForeignKey, Index, Relation, Schema
from headwater.readers import CodeProject, Reading, SourceFile, sql
from headwater.readers.sqlalchemy import syntax as s
from headwater.readers.sqlalchemy.columns import from_call, maker
from headwater.readers.sqlalchemy.relations import Builder
from headwater.readers.sqlalchemy.sqltypes import spell

NAME = "Alembic"
BOOKKEEPING = ("alembic_version",)
_DEFINES = re.compile(r"\b(create|alter|drop|rename)\s+(\w+\s+){0,3}(table|view|type)\b|\bsp_rename\b", re.IGNORECASE)


def detects(file: SourceFile) -> bool:
    """Return True if a file is an Alembic revision."""
    return file.language == "python" and b"down_revision" in file.source and b"def upgrade" in file.source


def is_migration(file: SourceFile) -> bool:
    """Return True: every revision changes the schema."""
    return True


def read(project: CodeProject, files: Sequence[SourceFile]) -> Reading:
    """Return the Schema after all revisions, and the changes that lead to it."""
    revisions = [revision for file in files if (revision := _revision(project, file))]
    schema, steps = Schema(), []
    for revision in in_order(revisions):
        run = _Run(project, revision.file, revision.functions)
        for change in run.changes(revision.functions["upgrade"].body, schema):
            schema = apply_all(schema, (change,))
            steps.append(change)
    return Reading(schema, steps=tuple(steps))


@dataclass(frozen=True)
class Revision:
    """One migration file: its id, its predecessors, and its functions."""

    id: str
    after: tuple[str, ...]
    file: SourceFile
    functions: Mapping[str, f.Function]


def in_order(revisions: Iterable[Revision]) -> list[Revision]:
    """Sort revisions so that each comes after its predecessors; by path where the graph allows several orders."""
    waiting = sorted(revisions, key=lambda revision: revision.file.path)
    known = {revision.id for revision in waiting}
    done: set[str] = set()
    ordered: list[Revision] = []
    while waiting:
        ready = [r for r in waiting if all(p in done or p not in known for p in r.after)] or waiting[:1]
        ordered.extend(ready)
        done.update(revision.id for revision in ready)
        waiting = [revision for revision in waiting if revision not in ready]
    return ordered


def _revision(project: CodeProject, file: SourceFile) -> Revision | None:
    module = project.module(file.path)
    if module is None:
        return None
    values: dict[str, f.Expr] = {}
    functions: dict[str, f.Function] = {}
    for stmt in module.body:
        if isinstance(stmt, f.Assign) and stmt.value is not None:
            values.update({s.last(target): stmt.value for target in stmt.targets})
        elif isinstance(stmt, f.Function):
            functions[stmt.name] = stmt
    revision = s.text_of(values.get("revision"))
    after = tuple(t for item in s.items(values.get("down_revision")) if (t := s.text_of(item)))
    needs = tuple(t for item in s.items(values.get("depends_on")) if (t := s.text_of(item)))
    if revision is None or "upgrade" not in functions:
        return None
    return Revision(revision, after + needs, file, functions)


@dataclass
class _Call:
    """One operation: its arguments without the table's name, which a batch has already."""

    call: f.Call
    table: str
    schema: str | None
    rest: tuple[f.Expr, ...]


@dataclass
class _Run:
    """Follows the statements of one revision; `constants` are loop variables with literal values."""

    project: CodeProject
    file: SourceFile
    functions: Mapping[str, f.Function]
    constants: dict[str, f.Expr] = field(default_factory=dict)
    batches: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    depth: int = 0

    def __post_init__(self) -> None:
        """Create the builder of tables, which knows the lines of the file."""
        self.builder = Builder(self.project, [self.file], lambda _path, _name: None, lambda _path, _name: None)

    def changes(self, body: Iterable[f.Stmt], schema: Schema) -> Iterator[c.Change]:
        """Yield the changes that statements make."""
        for stmt in body:
            if isinstance(stmt, f.Scope):
                self._open_batches(stmt.items)
                yield from self.changes(stmt.body, schema)
            elif isinstance(stmt, f.Branch):
                yield from self.changes((*stmt.body, *stmt.otherwise), schema)
            elif isinstance(stmt, f.Loop):
                yield from self._loop(stmt, schema)
            elif isinstance(stmt, (f.Do, f.Assign)) and isinstance(stmt.value, f.Call):
                yield from self._call(stmt.value, schema)

    def _open_batches(self, items: Iterable[f.Expr]) -> None:
        for item in items:
            if isinstance(item, f.Binary) and s.called(item.left) == "batch_alter_table":
                call = item.left
                name = self.text(call.args[0] if isinstance(call, f.Call) and call.args else None)
                if isinstance(call, f.Call) and name:
                    self.batches[s.last(item.right)] = name, self.text(s.keyword(call, "schema"))

    def _loop(self, stmt: f.Loop, schema: Schema) -> Iterator[c.Change]:
        values = stmt.iterable.items if isinstance(stmt.iterable, f.SequenceExpr) else ()
        for value in values:
            names = s.items(stmt.target)
            parts = s.items(value) if len(names) > 1 else (value,)
            self.constants.update({s.last(n): part for n, part in zip(names, parts, strict=False)})
            yield from self.changes(stmt.body, schema)

    def _call(self, call: f.Call, schema: Schema) -> Iterator[c.Change]:
        if isinstance(call.func, f.Name):
            helper = self.functions.get(call.func.id)
            if helper is not None and self.depth < 4:
                named = zip((param.name for param in helper.params), call.args, strict=False)
                self.constants.update(dict(named))
                self.depth += 1
                yield from self.changes(helper.body, schema)
                self.depth -= 1
            return
        operation = _OPERATIONS.get(s.last(call.func))
        if operation is None or not isinstance(call.func, f.Attr):
            return
        yield from operation(self, self._operation(call, s.last(call.func.value)), schema)

    def _operation(self, call: f.Call, receiver: str) -> _Call:
        space = self.text(s.keyword(call, "schema"))
        if receiver in self.batches:
            batched, batch_schema = self.batches[receiver]
            return _Call(call, batched, batch_schema, call.args)
        position = 1 if s.last(call.func) in _NAMED_FIRST else 0
        keyed = s.keyword(call, "table_name") or s.keyword(call, "source_table")
        if keyed is not None:
            return _Call(call, self.text(keyed) or "", space, call.args)
        table = self.text(call.args[position]) if len(call.args) > position else None
        rest = call.args[:position] + call.args[position + 1 :]
        return _Call(call, table or "", space, rest)

    def text(self, expr: f.Expr | None) -> str | None:
        """Return the text value of an expression: a literal, a constant, a loop variable."""
        if isinstance(expr, f.Name) and expr.id in self.constants:
            value = self.constants[expr.id]
            return None if value is expr else self.text(value)
        if isinstance(expr, f.Call) and s.called(expr) in ("f", "text", "quoted_name") and expr.args:
            return self.text(expr.args[0])
        if isinstance(expr, f.Text):
            parts = [p.text if isinstance(p, f.Chunk) else self.text(p) for p in expr.parts]
            known = [part for part in parts if part is not None]
            return "".join(known) if len(known) == len(parts) else None
        return s.constant(self.project, self.file.path, expr)

    def texts(self, expr: f.Expr | None) -> tuple[str, ...]:
        """Return the texts of a list."""
        return tuple(text for item in s.items(expr) if (text := self.text(item)))

    def relation(self, name: str, schema: str | None, parts: Iterable[f.Expr], at: int) -> Relation:
        """Build a table from columns and constraints as `create_table` takes them."""
        path = self.file.path
        builder = self.builder
        calls = [(part, call) for part in parts if (call := maker(self.project, path, part))]
        columns = [from_call(self.project, path, "", call, None, part.start) for part, call in calls]
        builder.add(name, schema, [column for column in columns if column.name], path, at)
        taken = {id(part) for part, _ in calls}
        rest = [part for part in parts if isinstance(part, f.Call) and id(part) not in taken]
        builder.constrain(name, schema, rest, path)
        builder.finish()
        return builder.relations.pop((schema, name))


_Operation = Callable[[_Run, _Call, Schema], Iterator[c.Change]]


def _argument(run: _Run, call: _Call, position: int, name: str) -> f.Expr | None:
    keyword = s.keyword(call.call, name)
    return keyword if keyword is not None else call.rest[position] if len(call.rest) > position else None


def _create_table(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    if call.table:
        yield c.AddTable(call.table, call.schema, run.relation(call.table, call.schema, call.rest, call.call.start))


def _drop_table(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    if call.table:
        yield c.DropTable(call.table, call.schema, schema.relation(call.table, call.schema))


def _rename_table(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    new = run.text(_argument(run, call, 0, "new_table_name"))
    if call.table and new:
        yield c.RenameTable(call.table, call.schema, new)


def _add_column(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    column = _argument(run, call, 0, "column")
    alone = run.relation(call.table, call.schema, (column,) if column is not None else (), call.call.start)
    for added in alone.columns:
        yield c.AddColumn(call.table, call.schema, added)
    for key in alone.foreign_keys:
        yield c.AddForeignKey(call.table, call.schema, key)


def _drop_column(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    name = run.text(_argument(run, call, 0, "column_name"))
    if name:
        yield c.DropColumn(call.table, call.schema, name, _known(schema, call, name))


def _known(schema: Schema, call: _Call, column: str) -> Column | None:
    relation = schema.relation(call.table, call.schema)
    return relation.column(column) if relation else None


def _alter_column(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    name = run.text(_argument(run, call, 0, "column_name"))
    if not name:
        return
    was = _known(schema, call, name)
    type_ = s.keyword(call.call, "type_")
    if type_ is not None:
        text = s.dotted(type_) or run.file.source[type_.start : type_.end].decode(errors="replace")
        yield c.AlterType(call.table, call.schema, name, spell(" ".join(text.split())), was.type if was else None)
    nullable = s.keyword(call.call, "nullable")
    if nullable is not None:
        yield c.SetNullable(call.table, call.schema, name, s.is_true(nullable))
    new = run.text(s.keyword(call.call, "new_column_name"))
    if new:
        yield c.RenameColumn(call.table, call.schema, name, new)


def _create_index(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    name = run.text(_argument(run, call, 0, "index_name"))
    columns = run.texts(_argument(run, call, 1, "columns"))
    yield c.AddIndex(call.table, call.schema, Index(name, columns, s.is_true(s.keyword(call.call, "unique"))))


def _drop_index(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    name = run.text(_argument(run, call, 0, "index_name"))
    if name:
        yield c.DropIndex(call.table, call.schema, name)


def _create_unique(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    name = run.text(_argument(run, call, 0, "constraint_name"))
    columns = run.texts(_argument(run, call, 1, "columns"))
    yield c.AddIndex(call.table, call.schema, Index(name, columns, True))


def _create_key(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    name = run.text(_argument(run, call, 0, "constraint_name"))
    other = run.text(_argument(run, call, 1, "referent_table"))
    columns = run.texts(_argument(run, call, 2, "local_cols"))
    refs = run.texts(_argument(run, call, 3, "remote_cols"))
    if other and columns:
        rule = run.text(s.keyword(call.call, "ondelete"))
        yield c.AddForeignKey(call.table, call.schema, ForeignKey(columns, other, refs, name, on_delete=rule))


def _create_primary(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    columns = run.texts(_argument(run, call, 1, "columns"))
    if columns:
        yield c.SetPrimaryKey(call.table, call.schema, columns)


def _create_check(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    condition = run.text(_argument(run, call, 1, "condition"))
    if condition:
        name = run.text(_argument(run, call, 0, "constraint_name"))
        yield c.AddCheck(call.table, call.schema, Check(condition, name))


def _drop_constraint(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    name = run.text(_argument(run, call, 0, "constraint_name"))
    if name:
        yield c.DropCheck(call.table, call.schema, name)


def _execute(run: _Run, call: _Call, schema: Schema) -> Iterator[c.Change]:
    text = run.text(call.call.args[0]) if call.call.args else None
    if text and _DEFINES.search(text):
        yield from sql.changes(text, schema, run.file.path)


# Operations whose first argument is the constraint's name, and the table's the second.
_NAMED_FIRST = frozenset(
    {"create_index", "drop_index", "create_unique_constraint", "create_foreign_key", "create_primary_key"}
    | {"create_check_constraint", "drop_constraint"}
)
_OPERATIONS: dict[str, _Operation] = {
    "create_table": _create_table,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column": _alter_column,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "create_unique_constraint": _create_unique,
    "create_foreign_key": _create_key,
    "create_primary_key": _create_primary,
    "create_check_constraint": _create_check,
    "drop_constraint": _drop_constraint,
    "execute": _execute,
}
