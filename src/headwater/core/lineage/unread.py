"""Libraries that a code base uses and no reader reads yet, as entries of the list of what was not understood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from headwater.catalog.usages import NotUnderstood
from headwater.readers import LibraryUse, UnreadLibrary


def unread_libraries(uses: Iterable[tuple[str, LibraryUse]]) -> tuple[NotUnderstood, ...]:
    """Return one entry for each library, the one in most files first, with the place of its first use.

    Args:
        uses: the first use of each library in each file, with the path of the file.
    """
    by_library: dict[UnreadLibrary, list[tuple[str, LibraryUse]]] = defaultdict(list)
    for path, use in uses:
        by_library[use.library].append((path, use))
    entries = sorted(by_library.items(), key=lambda item: (-len(item[1]), item[0].name))
    return tuple(_entry(library, places) for library, places in entries)


def _entry(library: UnreadLibrary, uses: list[tuple[str, LibraryUse]]) -> NotUnderstood:
    path, first = min(uses, key=lambda pair: pair[0])
    count = f"{len(uses):,} files use" if len(uses) > 1 else "1 file uses"
    reason = f"{count} {library.name}: its {library.what} are not read yet."
    return NotUnderstood(path, first.line, first.text, reason)
