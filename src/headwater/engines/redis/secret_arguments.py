"""Masks passwords among the arguments of Redis commands, for the history and the logs."""

from __future__ import annotations

import re

from headwater.catalog.secret_text import MASK, MaskedText

_CANDIDATE = re.compile(r"pass|auth|secret|setuser", re.IGNORECASE)
_ARGUMENT = re.compile(r"\"(?:[^\"\\]|\\.?)*+(?:\"|\Z)|'(?:[^'\\]|\\.?)*+(?:'|\Z)|[^\s\"']\S*")
_SECRET_PARAMETER = re.compile(r"pass|auth|secret", re.IGNORECASE)


def mask_commands(text: str) -> MaskedText:
    """Return the text of commands, one on each line, with the secrets among their arguments masked."""
    if not _CANDIDATE.search(text):
        return MaskedText(text)
    secrets: set[str] = set()
    lines = [_masked_line(line, secrets) for line in text.split("\n")]
    return MaskedText("\n".join(lines), frozenset(secrets))


def _masked_line(line: str, secrets: set[str]) -> str:
    begin = len(line) - len(line.lstrip("# \t"))
    spans = [match.span() for match in _ARGUMENT.finditer(line, begin)]
    words = [line[start:end] for start, end in spans]
    parts, position = [], 0
    for number in sorted(_secret_arguments([word.strip("\"'").upper() for word in words])):
        start, end = spans[number]
        secrets.add(words[number].strip("\"'"))
        parts += [line[position:start], MASK]
        position = end
    return "".join([*parts, line[position:]])


def _secret_arguments(words: list[str]) -> set[int]:
    """Return which words of a command are secrets."""
    verb, sub = (*words, "", "")[:2]
    if verb == "AUTH":
        return set(range(2 if len(words) == 3 else 1, len(words)))
    if verb in {"HELLO", "MIGRATE"}:
        named = {number + 2 for number, word in enumerate(words) if word == ("AUTH" if verb == "HELLO" else "AUTH2")}
        alone = {number + 1 for number, word in enumerate(words) if word == "AUTH" and verb == "MIGRATE"}
        return {number for number in named | alone if number < len(words)}
    if (verb, sub) in {("CONFIG", "SET"), ("SENTINEL", "SET"), ("SENTINEL", "CONFIG")}:
        return {number + 1 for number in range(2, len(words) - 1) if _SECRET_PARAMETER.search(words[number])}
    if (verb, sub) == ("ACL", "SETUSER"):
        return {number for number in range(3, len(words)) if words[number][:1] in set("><#!")}
    return set()
