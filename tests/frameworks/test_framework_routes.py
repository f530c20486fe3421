"""Small code bases and their routes: each case ends with a file `expected`, one line per route."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headwater.kit import plugins
from headwater.testing.frameworks import routes_of

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def split(text: str) -> dict[str, str]:
    parts = re.split(r"^--- (\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def describe(route, texts) -> str:
    line = texts[route.file_path].encode()[: route.start].count(b"\n") + 1
    roots = " ".join(f"{path}:{name}" for path, name in route.roots)
    return f"{route.method} {route.path} {route.file_path}:{line} {route.handler or '-'} {roots}".rstrip()


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_routes_match_cases(case):
    files = split(case.read_text("utf-8"))
    expected = files.pop("expected").splitlines()
    named = [name for name in plugins.names("frameworks") if case.stem.startswith(name)]
    framework = plugins.load("frameworks", max(named, key=len))
    assert [describe(route, files) for route in routes_of(framework, files)] == expected


def test_every_framework_has_a_case():
    assert {name for name in plugins.names("frameworks") if any(c.stem.startswith(name) for c in CASES)} == set(
        plugins.names("frameworks")
    )
