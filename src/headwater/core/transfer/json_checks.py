"""Checks that only say that a text is JSON, as MariaDB writes its type."""

from __future__ import annotations

import re

from headwater.catalog.model import Check

_JSON_CHECK = re.compile(r"\(?json_valid\(`?(?P<name>[^`)]+)`?\)\)?", re.IGNORECASE)


def is_json_check(check: Check, column: str) -> bool:
    """Return True if a check only says that a column is JSON."""
    match = _JSON_CHECK.fullmatch(check.expression.strip())
    return bool(match and match["name"] == column)
