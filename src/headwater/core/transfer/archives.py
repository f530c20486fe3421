"""Streams a ZIP while its files are produced, so that no complete file is ever in memory."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterable, Iterator

from headwater.core.transfer.writers import Sink

LEVEL = 5


def zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Yield the pieces of an archive of files; files with equal names get a number."""
    sink, seen = Sink(), dict[str, int]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, pieces in files:
            entry = zipfile.ZipInfo(_own(name, seen), time.localtime()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as out:
                for piece in pieces:
                    out.write(piece)
                    if ready := sink.take():
                        yield ready
    yield sink.take()


def _own(name: str, seen: dict[str, int]) -> str:
    plain = name.replace("/", "_").replace("\\", "_").strip(". ") or "table"
    seen[plain.casefold()] = seen.get(plain.casefold(), 0) + 1
    front, dot, end = plain.rpartition(".")
    again = seen[plain.casefold()]
    return plain if again == 1 else f"{front}-{again}{dot}{end}"
