"""Values for a statement's placeholders, as the server's text: `$1` by position, or `:name` by name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from headwater.catalog.results import Cell
from headwater.engines import Parameters
from headwater.kit.errors import BadInput

# A comment that contains comments that contain comments.
_COMMENT = "%"
for _ in range(3):
    _COMMENT = _COMMENT.replace("%", r"/\*(?:[^*/]++|\*(?!/)|/(?!\*)|%)*+\*/")
_PLACEHOLDER = re.compile(
    rf"--[^\n]*|{_COMMENT.replace('|%', '')}"
    r"|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|::|(?<![\w:]):(?P<name>[A-Za-z_]\w*)",
    re.DOTALL,
)


def bind(text: str, parameters: Parameters) -> tuple[str, list[bytes | None]]:
    """Return a statement with `$n` placeholders, and their values as text."""
    if not parameters:
        return text, []
    if not isinstance(parameters, Mapping):
        return text, [_value(value) for value in parameters]
    order: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name not in parameters:
            raise BadInput(f"There is no value for :{name}.", hint=f"Given: {', '.join(parameters)}.")
        if name not in order:
            order.append(name)
        return f"${order.index(name) + 1}"

    numbered_text = _PLACEHOLDER.sub(numbered, text)
    return numbered_text, [_value(parameters[name]) for name in order]


def strip_placeholders(text: str) -> str:
    """Return a statement with every `:name` as a numbered placeholder, for the parser."""
    names: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name not in names:
            names.append(name)
        # As long as the name, so that all positions stay the same.
        return f"${names.index(name) + 1}".ljust(len(name) + 1)

    return _PLACEHOLDER.sub(numbered, text)


def _value(value: Cell) -> bytes | None:
    if value is None:
        return None
    return (str(value).lower() if isinstance(value, bool) else str(value)).encode()
