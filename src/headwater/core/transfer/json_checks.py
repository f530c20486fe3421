"""Recognises checks that only require a text to be JSON, as MariaDB writes its JSON type."""

from __future__ import annotations

import re

from headwater.catalog.model import Check

_JSON_CHECK = re.compile(r"\(?json_valid\(`?(?P<name>[^`)]+)`?\)\)?", re.IGNORECASE)


def is_json_check(check: Check, column: str) -> bool:
    """Return True if a check only requires a column to be JSON."""
    match = _JSON_CHECK.fullmatch(check.expression.strip())
    return bool(match and match["name"] == column)
