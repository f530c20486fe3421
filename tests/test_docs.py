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


SECURITY = (ROOT / "docs" / "security.md").read_text("utf-8")
ANSWERS = ("met", "partly", "not", "not applicable")
# A requirement, or a range of them that has one answer: `10.4.1 to 10.4.11`.
ANSWER_ROW = re.compile(r"^\| (\d+\.\d+)\.(\d+)(?: to \1\.(\d+))? \| ([a-z ]+) \| (.+) \|$", re.MULTILINE)


def answered() -> list[tuple[str, str, str]]:
    """Return each requirement that the page answers, with its answer and how."""
    return [
        (f"{section}.{number}", answer, how)
        for section, first, last, answer, how in ANSWER_ROW.findall(SECURITY)
        for number in range(int(first), int(last or first) + 1)
    ]


def test_each_requirement_of_the_standard_is_answered_once():
    lines = (ROOT / "tests" / "asvs_level_2.txt").read_text("utf-8").splitlines()
    required = [line for line in lines if not line.startswith("#")]
    assert len(required) == 253
    assert [number for number, _, _ in answered()] == required, "in the order of the standard, each once"
    assert {answer for _, answer, _ in answered()} <= set(ANSWERS)


def test_the_summary_counts_the_answers():
    for chapter in range(1, 18):
        of_chapter = [answer for number, answer, _ in answered() if number.split(".")[0] == str(chapter)]
        counts = " | ".join(str(of_chapter.count(answer)) for answer in ANSWERS)
        assert re.search(rf"^\| \[V{chapter} [^|]+\) \| {re.escape(counts)} \|$", SECURITY, re.MULTILINE), (
            f"V{chapter}: {counts}"
        )


def test_what_the_security_page_names_exists():
    """A test that was renamed shows nothing any more; what is met is shown by a test, by code, or by a section."""
    named = re.findall(r"`([\w-][\w/-]*\.(?:py|tsx?|json|toml|lock))(?:::(\w+))?`", SECURITY)
    assert len(named) > 200
    for path, test in named:
        is_test = Path(path).name.startswith("test_")
        candidates = [ROOT / path] if "/" not in path or path.startswith("ui/") else []
        candidates += [ROOT / "tests" / path] if is_test else [ROOT / "src" / "headwater" / path]
        file = next((candidate for candidate in candidates if candidate.is_file()), None)
        assert file, path
        assert not test or re.search(rf"^(?:async )?def {test}\(", file.read_text("utf-8"), re.MULTILINE), (
            f"{path}::{test}"
        )


def test_what_is_met_says_by_what():
    for number, answer, how in answered():
        if answer == "met":
            assert re.search(r"`[\w/-]+\.(py|tsx?|json|lock)(::\w+)?`|\]\((#|howto/|decisions/)", how), (
                f"{number} names neither test nor code"
            )


def test_links_within_the_security_page_lead_to_its_sections():
    sections = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", SECURITY, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", SECURITY)) <= sections
