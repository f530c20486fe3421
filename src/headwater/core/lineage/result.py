"""What a scan gives: the values that every door shows, and the shape of its progress while it runs."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import msgspec

from headwater.catalog.model import Schema
from headwater.catalog.usages import NotUnderstood, Usage
from headwater.readers import Model

FileStatus = Literal["scanned", "unsupported", "skipped"]


class ScanProgress(msgspec.Struct, frozen=True):
    """How far a scan is: `done` of `total` steps of a phase; `detail` is what the scan page draws."""

    phase: str
    done: int
    total: int
    message: str = ""
    detail: dict[str, Any] = {}


class ScannedFile(msgspec.Struct, frozen=True):
    """One file of the code base and what became of it; `errors` counts places that the parser had to guess."""

    path: str
    language: str
    size: int
    lines: int
    status: FileStatus
    reason: str = ""
    errors: int = 0


class LanguageSummary(msgspec.Struct, frozen=True):
    """Totals of one language."""

    language: str
    files: int
    lines: int
    bytes: int
    usages: int
    errors: int
    supported: bool


class ReaderSummary(msgspec.Struct, frozen=True):
    """What one reader found, and the folder in which it found most of it."""

    reader: str
    path: str
    models: int


class SkippedFile(msgspec.Struct, frozen=True):
    """A file that was left out, with the named reason (`limits.REASONS`)."""

    path: str
    reason: str
    size: int


class ScanResult(msgspec.Struct, frozen=True):
    """Everything that one scan found. `texts` holds the UTF-8 sources by path when they were asked for."""

    source: str
    schema: Schema
    models: tuple[Model, ...]
    usages: tuple[Usage, ...]
    not_understood: tuple[NotUnderstood, ...]
    files: tuple[ScannedFile, ...]
    readers: tuple[ReaderSummary, ...]
    usages_by_language: dict[str, int]
    seconds: float
    phase_seconds: dict[str, float]
    texts: dict[str, bytes] = {}

    @property
    def skipped(self) -> tuple[SkippedFile, ...]:
        """The files that were left out."""
        return tuple(SkippedFile(f.path, f.reason, f.size) for f in self.files if f.status == "skipped")

    @property
    def file_counts(self) -> dict[str, int]:
        """Numbers of files by what became of them, and the bytes that were scanned."""
        counts = Counter(file.status for file in self.files)
        scanned_bytes = sum(file.size for file in self.files if file.status == "scanned")
        return {
            "total": len(self.files),
            "scanned": counts["scanned"],
            "skipped": counts["skipped"],
            "unsupported": counts["unsupported"],
            "bytes": scanned_bytes,
        }

    @property
    def languages(self) -> tuple[LanguageSummary, ...]:
        """Totals by language, largest first."""
        return summarise_languages(self.files, Counter(self.usages_by_language))


def summarise_languages(files: tuple[ScannedFile, ...], usages: Counter[str]) -> tuple[LanguageSummary, ...]:
    """Add up files by language, leaving out those that were skipped."""
    scanned_files = [file for file in files if file.status != "skipped" and file.language]
    sums = []
    for language in {file.language for file in scanned_files}:
        own = [file for file in scanned_files if file.language == language]
        lines, size, errors = sum(f.lines for f in own), sum(f.size for f in own), sum(f.errors for f in own)
        supported = any(f.status == "scanned" for f in own)
        sums.append(LanguageSummary(language, len(own), lines, size, usages[language], errors, supported))
    return tuple(sorted(sums, key=lambda row: (-row.bytes, row.language)))
