"""A history of SQL files, applied in their order: by PostgreSQL's own grammar, or by sqlglot for the other dialects.

Which dialect a history is written in shows while it is read: PostgreSQL's grammar refuses what another dialect has,
such as backticks. Then all of it is read by sqlglot, unless it has what only PostgreSQL has.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from headwater.catalog.apply import SchemaDraft
from headwater.catalog.changes import AddTable, Change
from headwater.catalog.migration_sections import sections_of
from headwater.catalog.model import DIALECT, Origin, Relation, Schema
from headwater.catalog.sqltext import DIALECTS, count_traits, dialect_of, likely_dialects
from headwater.catalog.statements import split
from headwater.catalog.usages import NotUnderstood
from headwater.readers import SourceFile
from headwater.readers.sql import postgresql
from headwater.readers.sql.order import is_reverse, natural_key
from headwater.readers.sql.statements import changes_of, is_definition
from headwater.readers.sql.tolerant import statements_within, table_of

_EXCERPT = 200
# The engine of each dialect of sqlglot.
_ENGINES = {"postgres": "postgresql", "mysql": "mysql", "sqlite": "sqlite"}
_NO_DIALECT = "No supported SQL dialect can parse this definition."


class OtherDialect(Exception):
    """A statement is written in another dialect than PostgreSQL's."""


@dataclass(slots=True)
class History:
    """A Schema under construction, the changes so far, and the statements that could not be understood.

    `idle` are the definitions that changed nothing, such as those of tables that are not known.
    """

    draft: SchemaDraft
    steps: list[Change] = field(default_factory=list)
    missed: list[NotUnderstood] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)

    def schema(self) -> Schema:
        """Return the Schema as it is now: tables after those that they are partitions or children of."""
        schema = self.draft.schema()
        attributes = dict(schema.attrs) | self.attributes
        in_order = sorted(schema.relations, key=_generation(schema))
        return replace(schema, relations=tuple(in_order), attrs=tuple(sorted(attributes.items())))

    def add(self, changes: Sequence[Change]) -> None:
        """Apply changes."""
        for change in changes:
            self.draft.apply(change)
        self.steps += changes

    def miss(self, origin: Origin, text: str, reason: str) -> None:
        """Record a statement that was not understood."""
        self.missed.append(NotUnderstood(origin.file, origin.line, text[:_EXCERPT], reason))


def _generation(schema: Schema) -> Callable[[Relation], int]:
    """Return a function that counts the ancestors of a table."""
    by_name = {postgresql.full_name(relation): relation for relation in schema}

    def count(relation: Relation, depth: int = 0) -> int:
        attributes = dict(relation.attrs)
        parents = attributes.get("partition_of") or attributes.get("inherits")
        parent = by_name.get(parents.split(", ")[0]) if parents else None
        return count(parent, depth + 1) if parent and depth < len(by_name) else depth

    return count


def read_history(files: Sequence[SourceFile], schema: Schema | None = None) -> History:
    """Return the Schema after the files, on top of one from before."""
    scripts = [
        (file.path, sections_of(file.source.decode("utf-8", "replace"), keep_lines=True))
        for file in sorted(files, key=lambda file: natural_key(file.path))
    ]
    texts = [(path, sections.up) for path, sections in scripts if sections.is_marked or not is_reverse(path)]
    with _no_collection():
        try:
            return _by_own_grammar(texts, schema)
        except OtherDialect:
            return _by_sqlglot(texts, schema)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the search for cycles: a Schema has none, and each search would visit all of it again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _statements(texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Origin]]:
    """Yield the statements of all files with their origins."""
    for path, text in texts:
        line, position = 1, 0
        for statement in split(text):
            line += text.count("\n", position, statement.start)
            position = statement.start
            yield statement.text, Origin(path, line)


def _by_own_grammar(texts: Sequence[tuple[str, str]], schema: Schema | None) -> History:
    history = History(SchemaDraft(schema))
    state = postgresql.ScriptState(history.draft)
    certain: bool | None = None
    for text, origin in _statements(texts):
        if not postgresql.is_relevant(text) and not is_definition(text):
            continue
        try:
            steps = postgresql.run(state, text, origin)
            history.steps += steps
            history.idle += [] if steps else [text[:_EXCERPT]]
            for reason in state.unread:
                history.miss(origin, text, reason)
        except postgresql.NotParsed as error:
            if not is_definition(text):
                continue
            if certain is None:
                certain = _is_for_postgresql("\n".join(each for _, each in texts))
            _read_otherwise(history, text, origin, error, certain=certain)
    history.attributes = state.attributes() | {DIALECT: _ENGINES[DIALECTS[0]]}
    return history


def _is_for_postgresql(text: str) -> bool:
    """Return True if a text has more of PostgreSQL than of any other dialect."""
    own = postgresql.count_traits(text)
    return own > 0 and own >= max(count_traits(text).values())


def _read_otherwise(history: History, text: str, origin: Origin, error: postgresql.NotParsed, *, certain: bool) -> None:
    """Read a statement that PostgreSQL's grammar refuses.

    Raises:
        OtherDialect: another dialect explains it, and nothing says that the history is for PostgreSQL.
    """
    changes = changes_of(text, history.draft, origin, None if certain else _others(text))
    deep = isinstance(error, postgresql.TooDeep)
    if not certain and not deep and (changes is not None or table_of(text, history.draft, origin, _others(text))):
        raise OtherDialect from error
    if changes is None:
        history.miss(origin, text, f"PostgreSQL: {error}." if certain else _NO_DIALECT)
        return
    history.add(changes)
    if not deep:
        history.miss(origin, text, f"PostgreSQL: {error}. The statement was read all the same, and may be misread.")


def _by_sqlglot(texts: Sequence[tuple[str, str]], schema: Schema | None) -> History:
    history = History(SchemaDraft(schema))
    dialect = dialect_of("\n".join(text for _, text in texts))
    for text, origin in _statements(texts):
        for statement in (text,) if is_definition(text) else statements_within(text):
            _read_by_sqlglot(history, statement, origin, _others(statement, dialect))
    history.attributes = {DIALECT: _ENGINES[dialect]} if dialect in _ENGINES else {}
    return history


def _read_by_sqlglot(history: History, text: str, origin: Origin, dialects: tuple[str, ...]) -> None:
    changes = changes_of(text, history.draft, origin, dialects)
    if changes is not None:
        history.add(changes)
        history.idle += [] if changes else [text[:_EXCERPT]]
        return
    table = table_of(text, history.draft, origin, dialects)
    if table is None or not table.relation.columns:
        history.miss(origin, text, _NO_DIALECT)
        return
    history.add([AddTable(table.relation.name, table.relation.schema, table.relation)])
    clauses = "; ".join(" ".join(clause.split()) for clause in table.missed)
    history.miss(origin, text, f"{table.relation.name} is partly read. Not understood: {clauses}.")


def _others(text: str, usual: str = "") -> tuple[str, ...]:
    """Return the dialects to try for SQL that is not PostgreSQL's, likeliest first; PostgreSQL's comes last.

    Args:
        text: the statement.
        usual: the dialect of the history; it decides if it is known.
    """
    return tuple(sorted(likely_dialects(text), key=lambda dialect: (dialect == DIALECTS[0], dialect != usual)))
