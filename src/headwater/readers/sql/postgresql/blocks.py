"""DO blocks: the statements of a PL/pgSQL body that do not depend on what is in the database.

`IF [NOT] EXISTS (…) THEN` is taken as run: a migration says so that it can run twice. Handlers of exceptions are not
run. What depends on variables, and SQL that is put together when it runs, is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from headwater.readers.sql.postgresql.tree import kind_of, parse, parse_block

_DEFINES: Final = re.compile(r"\b(?:create|alter|drop|rename)\b", re.IGNORECASE)
_EXISTS: Final = re.compile(
    r"\(*\s*(?:not\s+)?\(*\s*exists\b|\(*\s*(?:select\s+)?(?:not\s+)?\(?\s*(?:exists|true)\b", re.IGNORECASE
)
_LITERAL: Final = re.compile(r"\s*(?:E?'(?:[^']|'')*'|\$(\w*)\$.*\$\1\$)\s*", re.DOTALL | re.IGNORECASE)


@dataclass(slots=True)
class Body:
    """The statements of a block, and the reasons why others are left out."""

    statements: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def body_of(text: str) -> Body:
    """Return what a DO statement runs.

    Raises:
        NotParsed: the body is not PL/pgSQL.
    """
    body = Body()
    for function in parse_block(text):
        for name, node in _parts(function.get("PLpgSQL_function", {}).get("action", {})):
            _visit(name, node, body)
    return body


def _parts(statement: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from statement.items()


def _visit(name: str, node: Mapping[str, Any], body: Body) -> None:
    """Visit one statement of PL/pgSQL."""
    match name:
        case "PLpgSQL_stmt_block":
            _visit_all(node.get("body", ()), body)
        case "PLpgSQL_stmt_execsql":
            body.statements.append(_query(node["sqlstmt"]))
        case "PLpgSQL_stmt_perform":
            pass
        case "PLpgSQL_stmt_if":
            _visit_if(node, body)
        case "PLpgSQL_stmt_dynexecute":
            _execute(_query(node["query"]), body)
        case _:
            _visit_other(node, body)


def _visit_all(statements: Any, body: Body) -> None:
    for statement in statements:
        for name, node in _parts(statement):
            _visit(name, node, body)


def _visit_if(node: Mapping[str, Any], body: Body) -> None:
    condition = _query(node["cond"])
    if _EXISTS.match(condition):
        _visit_all(node.get("then_body", ()), body)
    elif _DEFINES.search(_text_of(node)):
        body.unread.append(f"Whether it runs depends on {condition.strip()}.")


def _execute(expression: str, body: Body) -> None:
    """Add the statement of an EXECUTE if it is a constant."""
    if _LITERAL.fullmatch(expression):
        target = parse(f"SELECT {expression}")[0].select_stmt.target_list[0].res_target.val
        if kind_of(target) == "a_const":
            body.statements.append(target.a_const.sval.sval)
            return
    if _DEFINES.search(expression) or not expression.lstrip().startswith("'"):
        body.unread.append(f"The statement of EXECUTE {expression.strip()} is not known before it runs.")


def _visit_other(node: Any, body: Body) -> None:
    """Report a loop or a branch that defines something: what of it runs is not known."""
    if _DEFINES.search(_text_of(node)):
        body.unread.append("What a loop or branch of PL/pgSQL runs depends on the database.")


def _query(node: Mapping[str, Any]) -> str:
    return str(node.get("PLpgSQL_expr", {}).get("query", ""))


def _text_of(node: Any) -> str:
    """Return all SQL in a part of a tree."""
    if isinstance(node, Mapping):
        own = [str(node["query"])] if isinstance(node.get("query"), str) else []
        return "\n".join([*own, *(_text_of(value) for value in node.values())])
    if isinstance(node, list):
        return "\n".join(_text_of(each) for each in node)
    return ""
