"""The grammar of Prisma schema files: blocks of fields with attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_BLOCK = re.compile(r"^[ \t]*(model|view|type|enum)[ \t]+(\w+)[ \t]*\{", re.MULTILINE)
_FIELD = re.compile(r"(\w+)[ \t]+(Unsupported\(\"[^\"]*\"\)|\w+)(\[\])?(\?)?")
_ATTRIBUTE = re.compile(r"(@@?[\w.]+)")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Attribute(msgspec.Struct, frozen=True):
    """`@name(args)`; a block attribute keeps its two @ signs."""

    name: str
    args: str = ""

    @property
    def text(self) -> str:
        """The first string among the arguments, or ""."""
        match = _STRING.search(self.args)
        return match[1] if match else ""

    def names(self, key: str = "") -> tuple[str, ...]:
        """Return the names in the list `key: [a, b]`, or in the first list when no key is given."""
        match = re.search((rf"\b{key}\s*:\s*" if key else "") + r"\[([^\]]*)\]", self.args)
        return tuple(name for name, _ in _listed(match[1] if match else ""))

    def terms(self) -> tuple[tuple[str, str], ...]:
        """Return the names in the first list with their options: `email(sort: Desc)`."""
        match = re.search(r"\[([^\]]*)\]", self.args)
        return tuple(_listed(match[1] if match else ""))


def _listed(text: str) -> Iterator[tuple[str, str]]:
    """Yield the names in a list, each with the text in its parentheses."""
    masked = _STRING.sub(lambda match: "x" * len(match[0]), text)
    for item in re.finditer(r"([\w.]+)[ \t\n]*(\((?:[^()]|\([^()]*\))*\))?[ \t\n]*(?:,|$)", masked):
        yield item[1], text[item.start(2) + 1 : item.end(2) - 1] if item[2] else ""


class PrismaField(msgspec.Struct, frozen=True):
    """One field of a model, or one value of an enum (with type "")."""

    name: str
    type: str
    many: bool
    optional: bool
    attributes: tuple[Attribute, ...]
    line: int
    comment: str | None = None

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, or None."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


class Block(msgspec.Struct, frozen=True):
    """A model, view, type or enum."""

    kind: str
    name: str
    path: str
    line: int
    fields: tuple[PrismaField, ...]
    attributes: tuple[Attribute, ...]

    def attribute(self, name: str) -> Attribute | None:
        """Return the block attribute of that name, or None."""
        return next((attribute for attribute in self.attributes if attribute.name == name), None)


def blocks(path: str, text: str) -> list[Block]:
    """Return the blocks of a schema file in order."""
    return [_block(path, text, opening) for opening in _BLOCK.finditer(text)]


def _block(path: str, text: str, opening: re.Match[str]) -> Block:
    end = re.compile(r"^[ \t]*\}", re.MULTILINE).search(text, opening.end())
    body = text[opening.end() : end.start() if end else len(text)]
    first = text.count("\n", 0, opening.start()) + 1
    fields: list[PrismaField] = []
    attributes: list[Attribute] = []
    for number, line in _lines(body, first):
        if line.startswith("@@"):
            attributes += _attributes(line)
        elif prisma_field := _field(line, number, enum=opening[1] == "enum"):
            fields.append(prisma_field)
    return Block(opening[1], opening[2], path, first, tuple(fields), tuple(attributes))


def _lines(body: str, first: int) -> Iterator[tuple[int, str]]:
    """Yield (line number, text without comment) for each line; an attribute over several lines is joined."""
    held, start = "", 0
    for offset, raw in enumerate(body.split("\n")):
        line = _without_comment(raw).strip()
        held, start = (f"{held} {line}", start) if held else (line, first + offset)
        if held.count("(") <= held.count(")"):
            if held:
                yield start, held
            held = ""


def _without_comment(line: str) -> str:
    masked = _STRING.sub(lambda match: "x" * len(match[0]), line)
    at = masked.find("//")
    return line if at < 0 else line[:at]


def _field(line: str, number: int, *, enum: bool) -> PrismaField | None:
    if enum:
        name = re.match(r"\w+", line)
        return PrismaField(name[0], "", False, False, tuple(_attributes(line)), number) if name else None
    match = _FIELD.match(line)
    if match is None:
        return None
    rest = tuple(_attributes(line[match.end() :]))
    return PrismaField(match[1], match[2], bool(match[3]), bool(match[4]), rest, number)


def _attributes(line: str) -> Iterator[Attribute]:
    position = 0
    while match := _ATTRIBUTE.search(line, position):
        position = match.end()
        args = ""
        if line[position : position + 1] == "(":
            close = _closing(line, position)
            args, position = line[position + 1 : close], close + 1
        yield Attribute(match[1], args)


def _closing(line: str, opening: int) -> int:
    masked = _STRING.sub(lambda match: "x" * len(match[0]), line)
    depth = 0
    for at in range(opening, len(masked)):
        depth += {"(": 1, ")": -1}.get(masked[at], 0)
        if depth == 0:
            return at
    return len(masked)
