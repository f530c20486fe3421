"""Source text and its facts: each case has both, separated by a line of equals signs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from headwater.catalog import facts
from headwater.languages import by_suffix

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
_HIDDEN = {"start", "end", "exported"}


def render(value: object) -> str:
    """Spell facts shortly: the node's name and what it holds, defaults left out."""
    if isinstance(value, tuple):
        return "[" + ", ".join(map(render, value)) + "]"
    if isinstance(value, facts.Name):
        return value.id
    if isinstance(value, facts.Const):
        return f"`{value.text}`"
    if isinstance(value, facts.Chunk):
        return repr(value.text)
    if isinstance(value, facts.Node):
        parts = []
        for field in msgspec.structs.fields(value):
            inner = getattr(value, field.name)
            if field.name not in _HIDDEN and inner != field.default and inner not in ((), None):
                parts.append(f"{field.name}={render(inner)}")
        return f"{type(value).__name__}({' '.join(parts)})"
    return str(value)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_facts_match_cases(case):
    source, expected = case.read_text("utf-8").split("=====\n")
    suffix = "." + case.stem.split("_")[0]
    module = by_suffix()[suffix].facts("file" + suffix, source.encode())
    assert [render(stmt) for stmt in module.body] == expected.splitlines()
    assert module.errors == 0


def test_syntax_errors_are_counted():
    source = b"def broken(:\n    pass\n\nclass Fine:\n    x = 1\n"
    module = by_suffix()[".py"].facts("a.py", source)
    assert module.errors > 0
    assert any(isinstance(stmt, facts.Class) and stmt.name == "Fine" for stmt in module.body)


def test_positions_are_bytes_of_the_name():
    source = 'größe = kunde.straße("é", name=1)\n'.encode()
    (assign,) = by_suffix()[".py"].facts("a.py", source).body
    call = assign.value
    assert source[call.func.start : call.func.end].decode() == "straße"
    assert source[call.keywords[0].start : call.keywords[0].end] == b"name"
    assert source[assign.targets[0].start : assign.targets[0].end].decode() == "größe"


def test_string_with_escapes_keeps_positions():
    source = b'x = "a\\n\\u00e9b" "c"\n'
    (assign,) = by_suffix()[".py"].facts("a.py", source).body
    assert [(part.text, source[part.start : part.end]) for part in assign.value.parts] == [
        ("a", b"a"),
        ("\n", b"\\n"),
        ("é", b"\\u00e9"),
        ("b", b"b"),
        ("c", b"c"),
    ]
