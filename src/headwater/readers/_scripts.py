"""What readers of TypeScript and JavaScript share."""

from __future__ import annotations

import re

LANGUAGES = frozenset({"typescript", "javascript"})
_TEST = re.compile(r"(^|/)(tests?|__tests__|fixtures|examples?)/|\.(test|spec)\.[jt]s$", re.IGNORECASE)


def is_test(path: str) -> bool:
    """Return True for files of tests and examples: their tables are not those of the application."""
    return _TEST.search(path) is not None
