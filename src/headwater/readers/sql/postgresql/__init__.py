"""PostgreSQL's statements, read by PostgreSQL's own grammar, as changes of the catalog: one function for each kind.

`run` applies one statement of a script. A statement that the grammar accepts and that no function is for
changes no table, column, key or type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from headwater.catalog import changes as c
from headwater.catalog.model import Origin
from headwater.readers.sql.postgresql import alter, objects, queries, renames, tables
from headwater.readers.sql.postgresql.blocks import body_of
from headwater.readers.sql.postgresql.script_state import ScriptState
from headwater.readers.sql.postgresql.tables import full_name
from headwater.readers.sql.postgresql.tree import Node, NotParsed, TooDeep, kind_of, option, parse

__all__ = ["NotParsed", "ScriptState", "TooDeep", "count_traits", "full_name", "is_relevant", "run"]

_RELEVANT: Final = re.compile(
    r"(?:create|alter|drop|comment|do|set|reset|import)\b|(?:select|with)\b.*?(?:\binto\b|\bset_config\s*\()",
    re.IGNORECASE | re.DOTALL,
)
_TRAITS: Final = re.compile(
    r"::|\$\w*\$|\b(?:(?:big|small)?serial|jsonb|timestamptz|bytea|tsvector|plpgsql|pg_catalog|regclass)\b"
    r"|\bowner\s+to\b|\bcreate\s+(?:extension|type|domain)\b|\bcomment\s+on\b|\busing\s+(?:gin|gist|btree|brin)\b"
    r"|\bnextval\s*\(|\bgenerated\s+(?:always|by\s+default)\s+as\s+identity\b|\w\[\]",
    re.IGNORECASE,
)


def is_relevant(text: str) -> bool:
    """Return True if a statement may define something, or say where."""
    return _RELEVANT.match(text) is not None


def count_traits(text: str) -> int:
    """Return how often SQL has what only PostgreSQL has, such as `::` or `serial`."""
    return sum(1 for _ in _TRAITS.finditer(text))


def run(state: ScriptState, text: str, origin: Origin) -> list[c.Change]:
    """Apply one statement, and return its changes; `state.unread` then says what of it was not understood.

    Raises:
        NotParsed: PostgreSQL's grammar does not accept it.
    """
    state.unread, state.source = [], text.encode("utf-8")
    changes: list[c.Change] = []
    try:
        for node in parse(text):
            for change in _changes(state, node, text, origin):
                state.draft.apply(change)
                changes.append(change)
    except (IndexError, KeyError, ValueError):  # the grammar accepts some statements that no server runs
        state.unread.append("PostgreSQL's grammar accepts the statement, but it is not complete.")
    return changes


def _changes(state: ScriptState, node: Node, text: str, origin: Origin) -> Iterator[c.Change]:
    kind = kind_of(node)
    if kind == "do_stmt":
        yield from _do(state, node.do_stmt, text, origin)
    elif handler := _HANDLERS.get(kind):
        yield from handler(state, getattr(node, kind), origin)


def _do(state: ScriptState, node: Node, text: str, origin: Origin) -> Iterator[c.Change]:
    """Yield the changes of a DO block: of each statement that it runs whatever the database contains."""
    language = option(node.args, "language")
    if language is not None and language.string.sval != "plpgsql":
        state.unread.append(f"A DO block in {language.string.sval} is not read.")
        return
    body = body_of(text)
    state.unread += body.unread
    state.source = b""  # positions of nodes are those of the statements in the block
    for statement in body.statements:
        if not is_relevant(statement.lstrip()):
            continue
        try:
            nodes = parse(statement)
        except NotParsed as error:
            state.unread.append(f"In a DO block: {error}.")
            continue
        for each in nodes:
            yield from _changes(state, each, statement, origin)


def _select(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    objects.call_functions(state, node)
    yield from queries.select_into(state, node, origin)


def _create_schema(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the changes of the statements inside CREATE SCHEMA; they create in the new schema."""
    if node.schemaname not in state.schemas:
        state.schemas.append(node.schemaname)
    before, state.search_path = state.search_path, (node.schemaname, *state.search_path)
    for each in node.schema_elts:
        yield from _changes(state, each, "", origin)
    state.search_path = before


def _create_extension(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    schema = option(node.options, "schema")
    state.extensions[node.extname] = schema.string.sval if schema is not None else "public"
    yield from ()


def _import(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    state.unread.append("The tables of IMPORT FOREIGN SCHEMA are only known to the foreign server.")
    yield from ()


_HANDLERS: Final[dict[str, Callable[[ScriptState, Any, Origin], Iterator[c.Change]]]] = {
    "create_stmt": tables.create_table,
    "create_foreign_table_stmt": tables.create_foreign_table,
    "composite_type_stmt": tables.create_type,
    "index_stmt": tables.create_index,
    "alter_table_stmt": alter.alter_table,
    "view_stmt": queries.create_view,
    "create_table_as_stmt": queries.create_table_as,
    "select_stmt": _select,
    "rename_stmt": renames.rename,
    "alter_object_schema_stmt": renames.set_schema,
    "drop_stmt": objects.drop,
    "comment_stmt": objects.comment,
    "create_enum_stmt": objects.create_enum,
    "alter_enum_stmt": objects.alter_enum,
    "create_domain_stmt": objects.create_domain,
    "alter_domain_stmt": objects.alter_domain,
    "create_seq_stmt": objects.create_sequence,
    "alter_seq_stmt": objects.alter_sequence,
    "variable_set_stmt": objects.set_variable,
    "create_schema_stmt": _create_schema,
    "create_extension_stmt": _create_extension,
    "import_foreign_schema_stmt": _import,
}
