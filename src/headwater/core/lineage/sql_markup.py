"""SQL with elements for its optional parts, as mapper documents write it: `<where>`, `<if>`, `<foreach>`, `<choose>`.

A text with elements stands for several statements. `variants` returns one for each branch of a choice, with all other
optional parts in it: together they name every column. Where such a statement cannot be parsed, because two of its parts
exclude each other, `reduced` returns those with as many parts as can be together. Positions are kept: the parts are cut
from the rope of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from headwater.catalog import markup
from headwater.catalog.markup import Mark, MarkupElement
from headwater.core.lineage.ropes import Flat, Lookup, Piece, Rope, cut, flatten, rope_of

_ELEMENTS = frozenset(
    {"script", "if", "where", "set", "foreach", "trim", "choose", "when", "otherwise", "include", "bind", "selectKey"}
    | {"property"}
)
_IS_MARKUP = re.compile(rf"</?(?:{'|'.join(sorted(_ELEMENTS))})\b")
_LEADING = {"where": "AND|OR", "set": ","}
_HEADS = {"where": "WHERE", "set": "SET"}
_SILENT = frozenset({"bind", "selectKey", "property"})
_OPTIONAL = frozenset({"if"})
_VALUE_NEXT = re.compile(r"\s+(?:#\{|\(|'?%?\$\{)")
_MAX_VARIANTS = 24
_MAX_OPTIONAL = 40
_MAX_DEPTH = 8
_BLANK = Piece(" ", -1, -1)


def is_markup(text: str) -> bool:
    """Return True if a text contains elements that make parts of SQL optional."""
    return "<" in text and _IS_MARKUP.search(text) is not None


class SqlMarkup:
    """One text with elements, and the statements that it stands for."""

    def __init__(self, rope: Rope, lookup: Lookup) -> None:
        self._lookup = lookup
        self.includes = False
        self._body = self._parsed(rope, 0)

    def variants(self) -> Iterator[tuple[int, Rope]]:
        """Yield the statements of all branches, each with its number."""
        count = min(_MAX_VARIANTS, max(1, self._body.branches()))
        return ((number, self._written(_Choice(number))) for number in range(count))

    def reduced(self, number: int, parses: Callable[[Rope], bool]) -> Iterator[Rope]:
        """Yield statements of a variant that parse and together have every optional part that can be in one.

        Each has as many parts as can be together: a part often needs another, such as the join of its table.
        """
        parts = [(part, self._around(part)) for part in self._optional()]
        bare = self._written(_Choice(number, frozenset()))
        if parses(bare):
            yield bare
        seen: frozenset[int] = frozenset()
        for part, needed in parts:
            if id(part) in seen or not parses(self._written(_Choice(number, needed))):
                continue
            present = needed
            for _, more in parts:
                if not more <= present and parses(self._written(_Choice(number, present | more))):
                    present |= more
            seen |= present
            yield self._written(_Choice(number, present))

    def _optional(self) -> list[_Part]:
        return [part for part in self._body.all_parts() if part.name in _OPTIONAL][:_MAX_OPTIONAL]

    def _around(self, part: _Part) -> frozenset[int]:
        """Return an optional part with those around it."""
        return frozenset(
            id(other)
            for other in self._optional()
            if other is part or any(inner is part for inner in other.all_parts())
        )

    def _written(self, choice: _Choice) -> Rope:
        return tuple(_write(self._body, choice))

    def _parsed(self, rope: Rope, depth: int) -> _Part:
        flat = flatten(rope, lambda before, after: "${}")
        root = _Part("", {}, [])
        self._fill(root, markup.parse(flat.text, _ELEMENTS), flat, {}, depth)
        return root

    def _fill(self, part: _Part, body: MarkupElement, flat: Flat, properties: dict[str, str], depth: int) -> None:
        for item in body.children:
            if isinstance(item, Mark):
                part.items += _plain(flat, item, properties)
            elif item.name == "include":
                part.items.append(self._included(item, depth))
            elif item.name not in _SILENT:
                inner = _Part(item.name, item.attributes, [])
                self._fill(inner, item, flat, properties, depth)
                part.items.append(inner)

    def _included(self, item: MarkupElement, depth: int) -> _Part:
        """Return the fragment that an element names; one of another file is unknown."""
        self.includes = True
        part = _Part("", {}, [])
        name = item.attributes.get("refid", "").rpartition(".")[2]
        value = self._lookup(name)
        rope = rope_of(value, self._lookup) if value is not None and depth < _MAX_DEPTH else None  # type: ignore[arg-type]
        if rope is None:
            part.items.append(Piece("", -1, -1, hole=True))
            return part
        properties = {
            inner.attributes.get("name", ""): inner.attributes.get("value", "")
            for inner in item.children
            if isinstance(inner, MarkupElement)
        }
        flat = flatten(rope)
        self._fill(part, markup.parse(flat.text, _ELEMENTS), flat, properties, depth + 1)
        return part


class _Choice(msgspec.Struct, frozen=True):
    """Which branches are taken, by number, and which optional parts are present (None: all)."""

    number: int
    present: frozenset[int] | None = None


class _Part(msgspec.Struct):
    """An element with its pieces and inner elements in order."""

    name: str
    attributes: dict[str, str]
    items: list[Piece | _Part]

    def branches(self) -> int:
        """Return the number of statements that are needed to have every branch in one of them."""
        inner = [item.branches() for item in self.items if isinstance(item, _Part)]
        return sum(inner) if self.name == "choose" else max(inner, default=1)

    def all_parts(self) -> Iterator[_Part]:
        """Yield the elements inside of this one."""
        for item in self.items:
            if isinstance(item, _Part):
                yield item
                yield from item.all_parts()


def _write(part: _Part, choice: _Choice) -> list[Piece]:
    if part.name in _OPTIONAL and choice.present is not None and id(part) not in choice.present:
        return []
    pieces: list[Piece] = []
    for item in _taken(part, choice.number):
        inner = [item] if isinstance(item, Piece) else _write(item[0], _Choice(item[1], choice.present))
        pieces += inner
    return [*_dressed(part, pieces), _BLANK] if part.name else pieces


def _taken(part: _Part, number: int) -> Iterator[Piece | tuple[_Part, int]]:
    """Yield the pieces and inner elements that a choice takes, the latter with the choice among their branches."""
    if part.name != "choose":
        for item in part.items:
            yield item if isinstance(item, Piece) else (item, number)
        return
    number %= max(1, part.branches())
    for item in part.items:
        if isinstance(item, _Part):
            count = item.branches()
            if number < count:
                yield item, number
                return
            number -= count


def _dressed(part: _Part, pieces: list[Piece]) -> list[Piece]:
    """Return the content of an element with what the element writes around it, and without what it removes."""
    given = part.attributes
    if part.name == "foreach":
        return [_literal(given.get("open", "")), *pieces, _literal(given.get("close", ""))]
    if not any(piece.hole or piece.text.strip() for piece in pieces):
        return []
    if part.name in _HEADS:
        stripped = _without(pieces, _LEADING[part.name], _LEADING[part.name] if part.name == "set" else "")
        return [_literal(_HEADS[part.name]), *stripped]
    if part.name == "trim":
        stripped = _without(pieces, _overrides(given, "prefixOverrides"), _overrides(given, "suffixOverrides"))
        return [_literal(given.get("prefix", "")), *stripped, _literal(given.get("suffix", ""))]
    return pieces


def _literal(text: str) -> Piece:
    return Piece(f" {text} ", -1, -1)


def _overrides(given: dict[str, str], key: str) -> str:
    words = (word.strip() for word in given.get(key, "").split("|"))
    return "|".join(re.escape(word) for word in words if word)


def _without(pieces: list[Piece], leading: str, trailing: str) -> list[Piece]:
    """Return pieces without the words that an element removes at their beginning and at their end."""
    result = list(pieces)
    if leading:
        _cut_at(result, 0, 1, re.compile(rf"\s*(?:{leading})(?!\w)", re.IGNORECASE))
    if trailing:
        _cut_at(result, len(result) - 1, -1, re.compile(rf"(?<!\w)(?:{trailing})\s*\Z", re.IGNORECASE))
    return result


def _cut_at(pieces: list[Piece], at: int, step: int, pattern: re.Pattern[str]) -> None:
    while 0 <= at < len(pieces) and not pieces[at].hole and not pieces[at].text.strip():
        at += step
    if not 0 <= at < len(pieces) or pieces[at].hole:
        return
    piece = pieces[at]
    match = pattern.match(piece.text) if step > 0 else pattern.search(piece.text)
    if match:
        first, last = (match.end(), len(piece.text)) if step > 0 else (0, match.start())
        pieces[at] = cut(piece, first, last)


def _plain(flat: Flat, mark: Mark, properties: dict[str, str]) -> list[Piece]:
    """Return the pieces of a text between elements, or of an entity or a placeholder."""
    if mark.kind == "hole":
        name = flat.text[mark.start + 2 : mark.end - 1].strip()
        if name in properties:
            return [Piece(properties[name], -1, -1)]
        is_operator = _VALUE_NEXT.match(flat.text, mark.end)
        hole = msgspec.structs.replace(flat.slice(mark.start, mark.start + 1)[0], text="", hole=True)
        return [hole, Piece(" = ", -1, -1)] if is_operator else [hole]
    if mark.kind == "entity":
        return [msgspec.structs.replace(flat.slice(mark.start, mark.end)[0], text=mark.text)]
    return list(flat.slice(mark.start, mark.end))
