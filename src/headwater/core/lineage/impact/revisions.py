"""The part of an impact that is still to be done: lines that have not been edited since the scanned revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import SequenceMatcher

import msgspec

from headwater.core.lineage.impact.report import Break, ImpactReport

# Returns the current path and text of a file of the scanned revision, or None if it does not exist any more.
Current = Callable[[str], tuple[str, bytes] | None]


def still_open(report: ImpactReport, texts: Mapping[str, bytes], current: Current) -> ImpactReport:
    """Return a report of the lines that stand unchanged in the current files, at their current numbers.

    Args:
        report: the impact on the scanned revision.
        texts: the sources of the scanned revision by path.
        current: finds a file of that revision in the current tree.
    """
    numbers: dict[str, tuple[str, dict[int, int]]] = {}
    breaks: list[Break] = []
    for item in report.breaks:
        if item.file_path not in numbers:
            numbers[item.file_path] = _unchanged(texts.get(item.file_path, b""), item.file_path, current)
        path, lines = numbers[item.file_path]
        if item.line_number in lines:
            breaks.append(msgspec.structs.replace(item, file_path=path, line_number=lines[item.line_number]))
    updated = len(report.breaks) - len(breaks)
    return msgspec.structs.replace(report, breaks=tuple(breaks), updated=updated)


def _unchanged(text: bytes, path: str, current: Current) -> tuple[str, dict[int, int]]:
    """Return the current path of a file, and the current number of each line that is unchanged."""
    now = current(path)
    if now is None:
        return path, {}
    matcher = SequenceMatcher(None, text.splitlines(), now[1].splitlines(), autojunk=False)
    numbers = {
        block.a + step + 1: block.b + step + 1 for block in matcher.get_matching_blocks() for step in range(block.size)
    }
    return now[0], numbers
