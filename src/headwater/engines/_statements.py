"""Helpers for engines that speak SQL: splitting texts into statements, and binding parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from headwater.catalog.grammar import Grammar
from headwater.catalog.results import Cell, QueryError
from headwater.catalog.statements import Statement, split
from headwater.engines._session import Parameters
from headwater.kit.errors import BadInput

# Possessive quantifiers (`++`): a literal of bytes may have millions of characters.
_STANDARD = r"--[^\n]*|/\*.*?\*/|'(?:[^']++|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`"
_ESCAPED = r"'(?:[^'\\]++|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\""
_BACKSLASHES = rf"--[ \t][^\n]*|\#[^\n]*|/\*.*?\*/|{_ESCAPED}|`(?:[^`]|``)*`|(?<=\w)[$:]\w+|:="
_MARKS = r"|(?<![\w:$]):(?P<name>[A-Za-z_]\w*)|(?<![\w$])\$(?P<number>\d+)"
_PLACEHOLDER: Final = re.compile(_STANDARD + r"|\[[^\]]*\]" + _MARKS, re.DOTALL)
_BACKSLASH_PLACEHOLDER: Final = re.compile(_BACKSLASHES + _MARKS, re.DOTALL)


def statements(text: str, grammar: Grammar, parameters: Parameters = None) -> list[Statement]:
    """Return the statements of a text.

    Raises:
        QueryError: there is none, there are several with parameters, one is no SQL, or the text cannot be sent.
    """
    # A NUL ends a text for most servers: the rest, for example a condition, would be ignored.
    if "\0" in text:
        raise QueryError("The text contains a NUL character.", hint="Remove it.", position=text.index("\0"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError(
            "The text contains an incomplete character.", hint="Remove it.", position=error.start
        ) from None
    parts = list(split(text, grammar))
    if not parts:
        raise QueryError("There is nothing to run.", hint="Type a statement, such as SELECT 1.")
    _refuse_commands(parts, grammar)
    if parameters and len(parts) > 1:
        raise QueryError("Parameters can be used only with a single statement.")
    return parts


def _refuse_commands(parts: list[Statement], grammar: Grammar) -> None:
    """Raise QueryError if there is a command of the database's own program; nothing has run then."""
    for number, part in enumerate(parts):
        if grammar.command_mark and part.text.startswith(grammar.command_mark):
            word = part.text.split()[0]
            name = word.removeprefix(grammar.command_mark)
            hints = (hint for start, hint in grammar.command_hints if name.startswith(start))
            raise QueryError(
                f"{word} is a command of the program {grammar.client}, not SQL.",
                hint=next(hints, "Remove it: only SQL can be run here."),
                position=part.start,
                statement=number,
            )


def notices(first: Sequence[str], more: int) -> tuple[str, ...]:
    """Return the first notices of a statement, and a line that says how many more there were."""
    if not more:
        return tuple(first)
    return (*first, f"{more:,} more {'notice is' if more == 1 else 'notices are'} not shown.")


def _placeholder(grammar: Grammar) -> re.Pattern[str]:
    return _BACKSLASH_PLACEHOLDER if grammar.backslashes else _PLACEHOLDER


def bind(text: str, parameters: Parameters, grammar: Grammar, mark: Callable[[Cell], str]) -> str:
    """Return a statement with every `$1` and `:name` replaced by `mark(value)`.

    Raises:
        BadInput: a placeholder without a value, or a value without a placeholder.
    """
    named = parameters if isinstance(parameters, Mapping) else {}
    placed = [] if isinstance(parameters, Mapping) else list(parameters or ())
    used: set[str | int] = set()

    def put(match: re.Match[str]) -> str:
        if name := match["name"]:
            if name not in named:
                raise BadInput(f"There is no value for :{name}.", hint=f"Given: {', '.join(named) or 'none'}.")
            used.add(name)
            return mark(named[name])
        if number := match["number"]:
            position = int(number)
            if not 1 <= position <= len(placed):
                raise BadInput(
                    f"There is no value for ${position}.", hint=f"{len(placed)} values are given, starting with $1."
                )
            used.add(position)
            return mark(placed[position - 1])
        return match[0]

    done = _placeholder(grammar).sub(put, text)
    if placed and len(used) < len(placed):
        raise BadInput(f"{len(placed)} values are given, {len(used)} are used.", hint="Placeholders are $1, $2 …")
    return done


def replace_placeholders(text: str, grammar: Grammar, mark: str) -> tuple[str, int]:
    """Return a statement with every placeholder replaced by `mark`, and the number of placeholders."""
    count = 0

    def put(match: re.Match[str]) -> str:
        nonlocal count
        if not match["name"] and not match["number"]:
            return match[0]
        count += 1
        return mark.ljust(len(match[0]))

    return _placeholder(grammar).sub(put, text), count
