"""The dialect of Redis: its properties for the rest of Headwater."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect, EditorHints

DIALECT = Dialect(
    display_name="Redis",
    data_model="key_value",
    has_comments=False,
    editor=EditorHints(
        editor_language="redis",
        statement_unit="line",
        starter_query="# One command per line.\nSCAN 0 COUNT 100\n",
    ),
)
