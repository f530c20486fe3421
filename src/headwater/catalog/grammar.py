"""The SQL syntax differences between engines that matter for reading and editing the rows of a table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from headwater.catalog.results import Cell

_BYTES = re.compile(r"\\x((?:[0-9a-fA-F]{2})*)")


@dataclass(frozen=True, slots=True)
class Grammar:
    """The SQL syntax of one engine.

    Args:
        text: the type in a CAST to text.
        nulls_first: whether NULLs sort first in ascending order.
        compares_rows: whether `(a, b) > (1, 2)` can use an index.
        hex_bytes: whether bytes are written `x'00ff'`; else their text `\\x00ff` is one of their spellings.
        backslashes: whether a backslash in a text is an escape character; texts are then split as MySQL does.
        nested_comments: whether comments can contain comments.
        client: the program of the database that people use.
        command_mark: how a line begins that is a command of this program, not SQL.
        command_hints: what to do instead of such a command, by the beginning of its name.
        begin: starts a transaction that writes.
        lock: the clause that locks the rows of a SELECT.
        no_values: follows the table's name in an INSERT of only defaults.
        transactional_ddl: whether schema changes can be rolled back.
        folds_names: whether unquoted names are folded to lower case, and quoted names are not.
        has_ilike: whether LIKE has a form that ignores case.
        orders_nulls: whether ORDER BY supports NULLS FIRST and NULLS LAST.
        needs_limit: whether an OFFSET needs a LIMIT before it.
    """

    text: str = "text"
    nulls_first: bool = False
    compares_rows: bool = True
    hex_bytes: bool = False
    backslashes: bool = False
    nested_comments: bool = False
    client: str = ""
    command_mark: str = ""
    command_hints: tuple[tuple[str, str], ...] = ()
    begin: str = "BEGIN"
    lock: str = ""
    no_values: str = "DEFAULT VALUES"
    transactional_ddl: bool = True
    folds_names: bool = False
    has_ilike: bool = False
    orders_nulls: bool = True
    needs_limit: bool = True

    def literal(self, value: Cell, type_: str = "") -> str:
        """Return a cell of a column of this type as an SQL literal."""
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, int | float):
            return str(value)
        if (hexadecimal := self.bytes_of(value, type_)) is not None:
            return f"x'{hexadecimal}'"
        text = value.replace("\\", "\\\\") if self.backslashes else value
        return "'" + text.replace("'", "''") + "'"

    def bytes_of(self, value: Cell, type_: str) -> str | None:
        """Return the digits of a cell that can only be a hexadecimal literal; None if it can be a parameter."""
        binary = self.hex_bytes and isinstance(value, str) and re.search("blob|binary", type_, re.IGNORECASE)
        match = _BYTES.fullmatch(str(value)) if binary else None
        return match[1].lower() if match else None
