"""Decides what a text may do: SQLite calls this authorizer while it compiles each statement.

No statement can access another file (ATTACH, VACUUM INTO), load code, or change settings that affect files, memory or
the schema text. In a read-only run only reading is allowed, and `query_only` is set as well.
"""

from __future__ import annotations

import sqlite3

_READS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_WRITES = {sqlite3.SQLITE_INSERT: "INSERT", sqlite3.SQLITE_UPDATE: "UPDATE", sqlite3.SQLITE_DELETE: "DELETE"}
_TEMPORARY = frozenset(
    {
        sqlite3.SQLITE_CREATE_TEMP_INDEX,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
    }
)
# Pragmas that can be read, and those that can also be set; others are refused.
_ASKED_NAMES = """
application_id auto_vacuum cache_size collation_list compile_options data_version encoding foreign_key_check
foreign_key_list foreign_keys freelist_count function_list index_info index_list index_xinfo integrity_check
journal_mode max_page_count module_list page_count page_size pragma_list quick_check schema_version synchronous
table_info table_list table_xinfo user_version
"""
ASKED = frozenset(_ASKED_NAMES.split())
GIVEN_TO_LOOK_UP = frozenset(
    {
        "foreign_key_check",
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
    }
)
SET = frozenset(
    {
        "application_id",
        "case_sensitive_like",
        "defer_foreign_keys",
        "foreign_keys",
        "incremental_vacuum",
        "legacy_alter_table",
        "optimize",
        "recursive_triggers",
        "reverse_unordered_selects",
        "user_version",
        "wal_checkpoint",
    }
)
MODULES = frozenset({"fts3", "fts4", "fts5", "fts5vocab", "rtree", "rtree_i32", "geopoly"})
FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"})


class Authorizer:
    """Answers SQLite's authorization requests; `writes` are the tables that the last compiled statement writes."""

    def __init__(self) -> None:
        self.read_only = False
        self.own = False  # our own statements are allowed
        self.vacuum = False
        self.changed_session = False  # a setting or a temporary table: lasts as long as the connection
        self.writes: list[str] = []

    def begin(self, text: str) -> None:
        """Reset before a statement is compiled."""
        self.writes = []
        self.vacuum = text[:6].upper() == "VACUUM"

    def __call__(self, action: int, first: str | None, second: str | None, *_: object) -> int:
        """Return True if a statement may do something."""
        if self.own:
            return sqlite3.SQLITE_OK
        if self._allows(action, first, second):
            self.changed_session |= action in _TEMPORARY or (action == sqlite3.SQLITE_PRAGMA and second is not None)
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def _allows(self, action: int, first: str | None, second: str | None) -> bool:
        if action == sqlite3.SQLITE_FUNCTION:
            return second not in FUNCTIONS
        if action in _READS:
            return True
        if action == sqlite3.SQLITE_PRAGMA:
            return self._allows_pragma((first or "").lower(), second)
        if action in _WRITES:
            if first in {"sqlite_master", "sqlite_schema"}:
                return True  # from CREATE statements; direct writes by users need writable_schema
            self.writes.append(_WRITES[action])
        if self.read_only:
            return False
        if action in {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}:
            return self.vacuum and (action == sqlite3.SQLITE_DETACH or not first)
        return action != sqlite3.SQLITE_CREATE_VTABLE or (second or "").lower() in MODULES

    def _allows_pragma(self, name: str, value: str | None) -> bool:
        if value is None:
            return name in ASKED or (name in SET and not self.read_only)
        return name in GIVEN_TO_LOOK_UP or (name in SET and not self.read_only)
