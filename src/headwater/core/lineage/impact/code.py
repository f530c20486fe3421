"""What impact needs of a scanned code base, whether the scan has just run or is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from headwater.catalog.model import Schema
from headwater.catalog.usages import NotUnderstood, Usage
from headwater.core.lineage.endpoints.model import ReachIndex
from headwater.core.lineage.result import ScanResult
from headwater.readers import Model


class ScannedCode(msgspec.Struct, frozen=True):
    """A scanned code base.

    Args:
        texts: the UTF-8 source of each file by path; a mapping may load a text only when it is read.
        unseen: sentences on what the scan did not see.
        reach: which endpoints reach a line; None for code without any.
    """

    schema: Schema
    models: Sequence[Model]
    usages: Sequence[Usage]
    texts: Mapping[str, bytes]
    unseen: tuple[str, ...] = ()
    reach: ReachIndex | None = None


def of_scan(scan: ScanResult) -> ScannedCode:
    """Return the code base of a scan that ran with `keep_texts`."""
    unsupported = {file.language for file in scan.files if file.status == "unsupported"}
    missed = len(scan.not_understood) - len(scan.unread)
    reach = ReachIndex(scan.endpoints) if scan.endpoints else None
    sentences = unseen(scan.unread, missed, unsupported)
    return ScannedCode(scan.schema, scan.models, scan.usages, scan.texts, sentences, reach)


def unseen(unread: Iterable[NotUnderstood], missed: int, unsupported: Iterable[str]) -> tuple[str, ...]:
    """Return what a scan could not see, so that an empty list is not taken for safety.

    Args:
        unread: an entry for each library in use that no reader reads.
        missed: the number of statements that were not understood.
        unsupported: the languages of files that are not read.
    """
    return tuple(_unseen(unread, missed, sorted(filter(None, unsupported))))


def _unseen(unread: Iterable[NotUnderstood], missed: int, unsupported: list[str]) -> Iterator[str]:
    for item in unread:
        yield f"{item.file_path}:{item.line_number}: {item.reason}"
    if missed:
        yield f"{missed} statements were not understood; `headwater scan` lists them."
    if unsupported:
        yield f"Code in {', '.join(unsupported)} is not read; only its texts are searched for distinctive names."
