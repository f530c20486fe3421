"""The tags of struct fields: `xorm:"pk autoincr 'user_id' varchar(20) notnull"`."""

from __future__ import annotations

import re

import msgspec

from headwater.catalog import facts as f

_TAG = re.compile(r'xorm:"((?:[^"\\]|\\.)*)"')
_WORD = re.compile(r"'[^']*'|[^\s(']+(?:\([^)]*\))?")
_KEYWORDS = frozenset(
    ("null", "not", "notnull", "pk", "autoincr", "default", "created", "updated", "deleted", "version", "utc", "local")
    + ("index", "unique", "cache", "nocache", "comment", "extends", "<-", "->", "-", "json", "jsonb", "collate")
)
_TYPES = frozenset(
    (
        "bit",
        "tinyint",
        "smallint",
        "mediumint",
        "int",
        "integer",
        "bigint",
        "unsigned",
        "enum",
        "set",
        "char",
        "varchar",
    )
    + ("varchar2", "nvarchar", "nchar", "tinytext", "text", "ntext", "mediumtext", "longtext", "uuid", "clob", "date")
    + ("sysname", "datetime", "time", "timestamp", "timestampz", "datetimeoffset", "smalldatetime", "year", "decimal")
    + ("numeric", "real", "float", "double", "money", "smallmoney", "binary", "varbinary", "tinyblob", "blob", "bytea")
    + ("mediumblob", "longblob", "bool", "boolean", "serial", "bigserial", "array")
)


class Tag(msgspec.Struct, frozen=True):
    """What a tag says; `words` are its keywords in lower case."""

    words: frozenset[str] = frozenset()
    name: str = ""
    type: str = ""


def tag_of(decorators: tuple[f.Expr, ...]) -> Tag | None:
    """Return the tag of a field, or None if it has none of xorm."""
    written = "".join(p.text for d in decorators for p in getattr(d, "parts", ()) if isinstance(p, f.Chunk))
    match = _TAG.search(written)
    if match is None:
        return None
    words: set[str] = set()
    name, kind = "", ""
    for word in _WORD.findall(match[1]):
        plain = word.partition("(")[0].lower()
        if word.startswith("'"):
            name = word.strip("'")
        elif plain in _KEYWORDS or "default" in words:
            words.discard("default")
            words.add(plain)
        elif plain in _TYPES:
            kind = word
        elif not name:
            name = word
    return Tag(frozenset(words), name, kind)
