"""Parse trees of PostgreSQL's own grammar (libpg_query), and parts of them as text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import postgast
from google.protobuf.message import DecodeError
from postgast import PgQueryError, pg_query_pb2

# Messages of protobuf: their fields are described by PostgreSQL's headers (nodes/parsenodes.h).
Node = Any


class NotParsed(Exception):
    """PostgreSQL's grammar does not accept a statement; the message is PostgreSQL's."""


class TooDeep(NotParsed):
    """A statement is nested too deeply for its tree to be read."""


def parse(text: str) -> list[Node]:
    """Return the statements of a text as nodes.

    Raises:
        NotParsed: the text is not a statement of PostgreSQL.
    """
    if "\0" in text:
        raise NotParsed("the statement contains a zero character")
    try:
        return [raw.stmt for raw in postgast.parse(text).stmts]
    except PgQueryError as error:
        raise NotParsed(error.message) from error
    except DecodeError as error:
        raise TooDeep("the statement is nested too deeply") from error


def parse_block(text: str) -> list[dict[str, Any]]:
    """Return the tree of a DO statement's PL/pgSQL body.

    Raises:
        NotParsed: the body is not PL/pgSQL.
    """
    try:
        functions: list[dict[str, Any]] = postgast.parse_plpgsql(text)
    except PgQueryError as error:
        raise NotParsed(error.message) from error
    return functions


def kind_of(node: Node) -> str:
    """Return which kind of node a Node contains, such as `column_ref`; empty for none."""
    return node.WhichOneof("node") or ""


def inner(node: Node) -> Node:
    """Return what a Node contains."""
    return getattr(node, kind_of(node))


def strings(nodes: Iterable[Node]) -> tuple[str, ...]:
    """Return the texts of a list of String nodes."""
    return tuple([node.string.sval for node in nodes])  # a list first: twice as fast as a generator


def name_parts(nodes: Iterable[Node]) -> tuple[str | None, str]:
    """Return the (schema, name) of a dotted name; a database in front of it is ignored."""
    parts = strings(nodes)
    return (parts[-2] if len(parts) > 1 else None), parts[-1]


@cache
def enum_name(kind: str, value: int) -> str:
    """Return the name of a constant of PostgreSQL's, such as `CONSTR_CHECK` of `ConstrType`."""
    name: str = getattr(pg_query_pb2, kind).Name(value)
    return name


def option(options: Iterable[Node], name: str) -> Node | None:
    """Return the value of an option in a list of DefElem nodes, or None."""
    return next((node.def_elem.arg for node in options if node.def_elem.defname == name), None)


_SELECT: Final = "SELECT "


def deparsed(node: Node) -> str:
    """Return an expression as SQL, as PostgreSQL prints it."""
    tree = pg_query_pb2.ParseResult()
    statement = tree.stmts.add().stmt.select_stmt
    statement.target_list.add().res_target.val.CopyFrom(node)
    statement.limit_option = pg_query_pb2.LIMIT_OPTION_DEFAULT
    statement.op = pg_query_pb2.SETOP_NONE
    return str(postgast.deparse(tree)).removeprefix(_SELECT)


def literal(text: str) -> str:
    """Return a text as a string constant."""
    return "'" + text.replace("'", "''") + "'"


def statement(node: Node) -> str:
    """Return a statement as SQL, as PostgreSQL prints it."""
    tree = pg_query_pb2.ParseResult()
    tree.stmts.add().stmt.CopyFrom(node)
    return str(postgast.deparse(tree))


def descendants(node: Node, kind: str) -> list[Node]:
    """Return every node of a kind in a message, itself included, in the order of the text."""
    matches: list[Node] = []
    _collect(node, kind, matches)
    return matches


def _collect(message: Node, kind: str, matches: list[Node]) -> None:
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.name == kind:
            matches.append(value)
        for each in value if field.is_repeated else (value,):
            _collect(each, kind, matches)


def columns_in(node: Node) -> list[str]:
    """Return the names of the columns that an expression uses, without duplicates."""
    names = [
        strings([part])[0] for ref in descendants(node, "column_ref") if (part := ref.fields[-1]).HasField("string")
    ]
    return list(dict.fromkeys(names))
