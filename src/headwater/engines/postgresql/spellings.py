"""Spellings of types and expressions that mean the same in PostgreSQL."""

from __future__ import annotations

import re
from functools import lru_cache

from headwater.catalog import spellings as s

_TYPES = s.rules(
    (r"(?:pg_catalog|public)\.(.+)", r"\1"),
    (r"int4?|serial4?", "integer"),
    (r"int8|bigserial|serial8", "bigint"),
    (r"int2|smallserial|serial2", "smallint"),
    (r"bool", "boolean"),
    (r"float8?|double|float\((?:2[5-9]|[345]\d)\)", "double precision"),
    (r"float4|float\((?:\d|1\d|2[0-4])\)", "real"),
    (r"(?:decimal|dec|numeric)(\(\d+\))?", r"numeric\1"),
    (r"numeric\((\d+)\)", r"numeric(\1,0)"),
    (r"(?:decimal|dec)(\(.*\))", r"numeric\1"),
    (r"(?:varchar|char varying)(\(\d+\))?", r"character varying\1"),
    (r"(?:char|bpchar)(\(\d+\))", r"character\1"),
    (r"char|character", "character(1)"),
    (r"bit", "bit(1)"),
    (r"varbit(\(\d+\))?", r"bit varying\1"),
    (r"(timestamp|time)tz(\(\d\))?", r"\1\2 with time zone"),
    (r"(timestamp|time)(\(\d\))?", r"\1\2 without time zone"),
    (r"(timestamp|time)\(6\) (with(?:out)? time zone)", r"\1 \2"),
    (r"interval\(6\)", "interval"),
)
_WORDS = r"(?: varying| precision|(?:\(\d\))? with(?:out)? time zone)?"
_CAST = re.compile(rf"::\s*[a-z_][\w.]*{_WORDS}(?:\(\d+(?:,\d+)?\))?(?:\[\])*")
# How servers before version 10 print CURRENT_TIMESTAMP.
_NOW = re.compile(r"\(?'now'::text\)?::timestamp.*")
_ANY = re.compile(r"=any\(*array\[((?:[^\[\]']|'(?:[^']|'')*')*)\]\)*")
_NONE = re.compile(r"<>all\(*array\[((?:[^\[\]']|'(?:[^']|'')*')*)\]\)*")


@lru_cache(maxsize=65536)
def canonical_type(written: str) -> str:
    """Return the one spelling of a type, as the server itself spells it, without the schema `public`."""
    return s.canonical_type(written, _TYPES)


@lru_cache(maxsize=65536)
def canonical_expression(text: str) -> str:
    """Return an expression without the casts that the server adds."""
    plain = s.plain_expression(text)
    if _NOW.fullmatch(plain):
        return "current_timestamp"
    bare = s.without_parentheses(s.outside_texts(plain, lambda part: _CAST.sub("", part)))
    listed = _NONE.sub(r" not in(\1)", _ANY.sub(r" in(\1)", bare))
    return s.outside_texts(listed, lambda part: part.replace("~~*", " ilike ").replace("~~", " like "))
