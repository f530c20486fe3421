"""Checks statements by PostgreSQL's grammar alone, where the server cannot say anything without running them."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.catalog.results import QueryError
from headwater.catalog.statements import Statement
from headwater.engines.postgresql.placeholders import strip_placeholders

# The version of the grammar; a later server knows clauses that it does not.
_GRAMMAR = 180_000
_SYNTAX_ERROR = "42601"


def error_of(statements: Sequence[Statement], number: int, server_version: int) -> QueryError | None:
    """Return the first syntax error of some statements; `number` is that of the first one in its text."""
    if server_version // 10_000 > _GRAMMAR // 10_000:
        return None
    import postgast
    from postgast import PgQueryError

    for index, statement in enumerate(statements, number):
        try:
            postgast.parse(strip_placeholders(statement.text))
        except PgQueryError as error:
            position = statement.start + error.cursorpos - 1 if error.cursorpos else None
            return QueryError(error.message, sqlstate=_SYNTAX_ERROR, position=position, statement=index)
    return None
