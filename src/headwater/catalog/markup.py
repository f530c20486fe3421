"""Elements in text: a tolerant parser for documents, and for texts that have elements in them.

It knows comments, sections (`CDATA`), entities and placeholders (`${…}`); what is no element that is asked for stays
text, so that `a < b` is no error. Positions are those of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

_TOKEN = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>"
    r"|<!\[CDATA\[(?P<section>.*?)\]\]>"
    r"|<(?P<close>/)?(?P<name>[A-Za-z][\w.:-]*)(?P<attributes>(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(?P<empty>/)?>"
    r"|&(?P<entity>lt|gt|amp|quot|apos);"
    r"|\$(?P<hole>\{[^{}]*\})",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


class Mark(msgspec.Struct, frozen=True):
    """Text between elements: itself, the character of an entity, or a placeholder."""

    start: int
    end: int
    kind: Literal["text", "entity", "hole"] = "text"
    text: str = ""


class MarkupElement(msgspec.Struct):
    """An element; `start` and `end` enclose its content, `at` is where its tag begins."""

    name: str
    attributes: dict[str, str]
    at: int
    start: int
    end: int
    children: list[Mark | MarkupElement]

    def inside(self, *names: str) -> Iterator[MarkupElement]:
        """Yield the elements of these names inside of this one, but not inside of each other."""
        for child in self.children:
            if isinstance(child, MarkupElement):
                if child.name in names:
                    yield child
                else:
                    yield from child.inside(*names)


def parse(text: str, names: frozenset[str] | None = None) -> MarkupElement:
    """Return the elements of a text below one without a name.

    Args:
        text: any text.
        names: the elements to look for; others are text. None means all.
    """
    root = MarkupElement("", {}, 0, 0, len(text), [])
    stack = [root]
    position = 0
    for match in _TOKEN.finditer(text):
        name = match["name"]
        if name is not None and names is not None and name not in names:
            continue
        _add_text(stack[-1], position, match.start())
        position = match.end()
        if name is not None:
            _tag(stack, match)
        elif match["section"] is not None:
            _add_text(stack[-1], *match.span("section"))
        elif match["entity"]:
            stack[-1].children.append(Mark(*match.span(), "entity", _ENTITIES[match["entity"]]))
        elif match["hole"]:
            stack[-1].children.append(Mark(*match.span(), "hole"))
    _add_text(stack[-1], position, len(text))
    return root


def _add_text(element: MarkupElement, start: int, end: int) -> None:
    if start < end:
        element.children.append(Mark(start, end))


def _tag(stack: list[MarkupElement], match: re.Match[str]) -> None:
    """Open or close an element; a closing tag without its opening one is left out."""
    name = match["name"]
    if match["close"]:
        if any(element.name == name for element in stack[1:]):
            while stack[-1].name != name:
                stack.pop().end = match.start()
            stack.pop().end = match.start()
        return
    given = {key: double or single for key, double, single in _ATTRIBUTE.findall(match["attributes"] or "")}
    element = MarkupElement(name, given, match.start(), match.end(), match.end(), [])
    stack[-1].children.append(element)
    if not match["empty"]:
        stack.append(element)
