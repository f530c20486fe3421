"""Undocumented is failing: reference pages equal what the code says, and links lead somewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from docs.generate import FOLDER, PAGES  # noqa: E402  (the folder is no package of ours)

MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_says(name):
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{target} in {page.name}"


def test_architecture_is_one_page_that_names_every_floor():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert len(text.splitlines()) <= 90
    folders = {path.name for path in (ROOT / "src" / "headwater").iterdir() if path.is_dir()}
    assert not [name for name in folders - {"web", "__pycache__"} if f"{name}/" not in text]


def test_the_glossary_names_what_is_there():
    """A term that was renamed without its glossary sends the reader to nothing."""
    rows = re.findall(r"^\| `(\w+)` \| `([\w/.]+)` \|", (FOLDER / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert rows
    for name, where in rows:
        path = ROOT / "src" / "headwater" / where
        assert path.exists() and re.search(rf"\b{name}\b", path.read_text("utf-8")), f"{name} in {where}"


def test_a_decision_is_one_page_with_the_four_parts():
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        text = page.read_text("utf-8")
        assert len(text.splitlines()) <= 60
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequences", "Alternatives")), page.name
