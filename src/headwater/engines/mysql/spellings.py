"""Spellings of types and expressions that mean the same in MySQL and MariaDB."""

from __future__ import annotations

import re
from functools import lru_cache

from headwater.catalog import spellings as s

_TYPES = s.rules(
    (r"(.*?)(?: (?:character set|charset|collate) \w+)+", r"\1"),
    (r"serial", "bigint unsigned"),
    (r"(.+?) signed", r"\1"),
    (r"(.+?)(?: unsigned)?( zerofill)", r"\1 unsigned\2"),
    (r"bool|boolean", "tinyint(1)"),
    (r"(?:int|integer|int4)(?:\(\d+\))?( .*)?", r"int\1"),
    (r"(small|medium|big)int(?:\(\d+\))?( .*)?", r"\1int\2"),
    (r"tinyint(?:\((?!1\))\d+\))?( .*)?", r"tinyint\1"),
    (r"(?:dec|fixed|numeric|decimal)(\(.*\))?( .*)?", r"decimal\1\2"),
    (r"decimal( .*)?", r"decimal(10,0)\1"),
    (r"decimal\((\d+)\)( .*)?", r"decimal(\1,0)\2"),
    (r"(?:double precision|real|float8)( .*)?", r"double\1"),
    (r"float4( .*)?", r"float\1"),
    (r"(?:n|national )?(?:char|character)(\(\d+\))?", r"char\1"),
    (r"(?:nvarchar|character varying|national varchar|char varying)(\(\d+\))", r"varchar\1"),
    (r"(char|binary|bit)", r"\1(1)"),
    (r"year\(4\)", "year"),
    (r"(datetime|timestamp|time)\(0\)", r"\1"),
    (r"long(?: varchar)?", "mediumtext"),
)
_DEFAULT = re.compile(r"\b_(?:utf8mb[34]|utf8|latin1|binary)\s*(?=')", re.IGNORECASE)


@lru_cache(maxsize=65536)
def canonical_type(written: str) -> str:
    """Return the one spelling of a type, as the server itself spells it, without display widths."""
    return s.canonical_type(written, _TYPES)


@lru_cache(maxsize=65536)
def canonical_expression(text: str) -> str:
    """Return an expression without the character sets that the server writes before texts."""
    plain = s.plain_expression(_DEFAULT.sub("", text).replace("\\'", "''"))
    return s.outside_texts(plain, lambda part: part.replace("curdate()", "current_date").replace("uuid( )", "uuid()"))
