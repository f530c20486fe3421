"""The up and down sections of a migration file: goose, sql-migrate, dbmate and others write both into one file.

Sources: goose's README ("SQL migrations"), sql-migrate's README ("Writing migrations"), dbmate's README ("Command-line
options"), Play's "Evolutions", MyBatis Migrations' reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(
    r"^[ \t]*--[ \t]*(?:\+(?:goose|migrate)[ \t]+(?P<go>up|down)\b|migrate:(?P<dbmate>up|down)\b"
    r"|!(?P<play>ups|downs)\b|//@(?P<undo>undo)\b|(?P<rollback>rollback)(?=[ \t]*:?[ \t]*\r?$))"
    r"(?P<options>[^\n]*)(?:\n|\Z)",
    re.IGNORECASE | re.MULTILINE,
)
_ALONE = re.compile(r"transaction:\s*false|notransaction", re.IGNORECASE)
_ALL_ALONE = re.compile(r"^[ \t]*--[ \t]*\+goose[ \t]+no[ \t]+transaction\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MigrationSections:
    """The sections of a file.

    `down` is None if there is none. `is_marked` says that a comment begins the up section. The last two say whether a
    section runs in a transaction.
    """

    up: str
    down: str | None = None
    is_marked: bool = False
    up_in_transaction: bool = True
    down_in_transaction: bool = True


def sections_of(text: str, *, keep_lines: bool = False) -> MigrationSections:
    """Return the sections of a migration file; a file without comments that begin one is one up section.

    Args:
        text: the file.
        keep_lines: put empty lines in the place of everything else, so that line numbers stay right.
    """
    marks = list(_MARK.finditer(text))
    if not marks:
        return MigrationSections(text)
    is_marked = any(_is_up(mark) for mark in marks)
    spans: list[tuple[bool | None, int, int]] = [(None if is_marked else True, 0, marks[0].start())]
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        spans.append((_is_up(mark), mark.end(), following.start() if following else len(text)))
    alone = {_is_up(mark) for mark in marks if _ALONE.search(mark["options"])}
    alone |= {True, False} if _ALL_ALONE.search(text) else set()
    has_down = not all(_is_up(mark) for mark in marks)
    return MigrationSections(
        _joined(text, spans, True, keep_lines=keep_lines),
        _joined(text, spans, False, keep_lines=keep_lines) if has_down else None,
        is_marked,
        True not in alone,
        False not in alone,
    )


def _joined(text: str, spans: list[tuple[bool | None, int, int]], wanted: bool, *, keep_lines: bool) -> str:
    pieces, position = [], 0
    for is_up, start, end in spans:
        if keep_lines:
            pieces.append("\n" * text.count("\n", position, start))
        if is_up is wanted:
            pieces.append(text[start:end])
        elif keep_lines:
            pieces.append("\n" * text.count("\n", start, end))
        position = end
    return "".join(pieces)


def _is_up(mark: re.Match[str]) -> bool:
    return (mark["go"] or mark["dbmate"] or mark["play"] or "down").lower().startswith("up")
