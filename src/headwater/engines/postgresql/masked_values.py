"""PostgreSQL statements without their values, told apart by PostgreSQL's own lexer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import postgast

from headwater.catalog.masked_values import LONGEST_READ, REST, MaskedStatement, Part, from_parts, is_ambiguous

_VALUES = frozenset({"SCONST", "USCONST", "BCONST", "XCONST", "ICONST", "FCONST"})
_NAMES = frozenset({"IDENT", "UIDENT"})
_COMMENTS = frozenset({"SQL_COMMENT", "C_COMMENT"})


def mask_postgresql(text: str) -> MaskedStatement:
    """Return a statement without its values; of one that the lexer refuses, only its first word."""
    text = text[:LONGEST_READ].replace("\0", "")
    try:
        result = postgast.scan(text)
    except postgast.PgQueryError:
        first = re.match(r"\s*([A-Za-z]+)", text)
        return MaskedStatement(f"{first[1]} {REST}" if first else REST, first[1].upper() if first else "", changes=True)
    return from_parts(_parts(text.encode(), result))


def _parts(source: bytes, result: postgast.pg_query_pb2.ScanResult) -> Iterator[Part]:
    kinds = postgast.pg_query_pb2.Token
    for token in result.tokens:
        name = kinds.Name(token.token) if token.token in kinds.values() else ""  # a character that is no token
        text = source[token.start : token.end].decode(errors="replace")
        if name in _COMMENTS:
            continue
        if name in _VALUES:
            if is_ambiguous(text, backslashes=False) and not text.startswith("$"):
                yield "unclear", "? …"
                return
            yield ("body", text.split("$", 2)[2].rsplit("$", 2)[0]) if text.startswith("$") else ("value", text)
        elif name in _NAMES and text.startswith(('"', "U&", "u&")):
            yield "name", text
        else:
            yield ("word" if text[:1].isalpha() or text[:1] in "_$" else "mark"), text
