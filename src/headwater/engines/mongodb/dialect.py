"""The dialect of MongoDB: its properties for the rest of Headwater."""

from __future__ import annotations

from headwater.catalog.dialect import Dialect, EditorHints
from headwater.engines.mongodb.type_mapping import TYPES

DIALECT = Dialect(
    display_name="MongoDB",
    data_model="document",
    types=TYPES,
    max_identifier_length=120,  # 255 bytes include the name of the database
    has_comments=False,
    unindexable="of JSON or arrays",
    timestamp_digits=3,
    max_row_megabytes=16,
    editor=EditorHints(editor_language="javascript", statement_unit="block", starter_query="show collections\n"),
)
