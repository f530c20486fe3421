"""Libraries that no reader reads yet are recognised in the files that use them, and in no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.readers import _unread, all_readers, unread_uses

ROWS = [
    line.split("|")
    for line in (Path(__file__).parent / "cases" / "unread_libraries.psv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize(("language", "line", "library"), ROWS, ids=[row[1] for row in ROWS])
def test_use_of_a_library_is_recognised(language: str, line: str, library: str) -> None:
    source = f"first line\n{line}\nlast line\n".encode()
    uses = unread_uses(language, source)
    assert [(use.library.name, use.line, use.text) for use in uses] == ([(library, 2, line.strip())] if library else [])


def test_a_library_with_a_reader_is_not_reported_as_unread() -> None:
    assert _unread.libraries().isdisjoint(reader.NAME for reader in all_readers().values())


def test_every_library_has_a_case() -> None:
    assert {row[2] for row in ROWS} - {""} == _unread.libraries()
