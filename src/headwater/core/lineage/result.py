"""The result of a scan, for all user interfaces, and its progress while it runs."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import msgspec

from headwater.catalog.model import Schema
from headwater.catalog.usages import NotUnderstood, Usage
from headwater.core.lineage.endpoints.model import HttpEndpoint
from headwater.readers import Half, Model

FileStatus = Literal["scanned", "unsupported", "skipped"]


class ScanProgress(msgspec.Struct, frozen=True):
    """The progress of a scan: `done` of `total` steps of a phase; `detail` is shown on the scan page."""

    phase: str
    done: int
    total: int
    message: str = ""
    detail: dict[str, Any] = {}


class ScannedFile(msgspec.Struct, frozen=True):
    """One file of the code base and its status; `errors` counts places that the parser had to guess."""

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
    """The results of one reader, and the folder in which it found most of them."""

    reader: str
    path: str
    models: int


class SkippedFile(msgspec.Struct, frozen=True):
    """A skipped file and the reason (`limits.REASONS`)."""

    path: str
    reason: str
    size: int


class SchemaResult(msgspec.Struct, frozen=True):
    """A Schema, and what was not understood when it was read; with `has_models`, models declare it in whole or part."""

    schema: Schema
    not_understood: tuple[NotUnderstood, ...] = ()
    has_models: bool = False


class HalfSchema(msgspec.Struct, frozen=True):
    """The Schema of one half of a code base; with `has_models`, models declare it in whole or part."""

    schema: Schema
    has_models: bool = False


class ScanResult(msgspec.Struct, frozen=True):
    """The result of one scan.

    `not_understood` begins with `unread`: one entry for each library in use that no reader reads yet. `texts` has the
    UTF-8 sources by path if they were requested; `halves` is what models and what migrations declare on their own.
    """

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
    unread: tuple[NotUnderstood, ...] = ()
    texts: dict[str, bytes] = {}
    endpoints: tuple[HttpEndpoint, ...] = ()
    halves: dict[Half, HalfSchema] = {}

    @property
    def skipped(self) -> tuple[SkippedFile, ...]:
        """The skipped files."""
        return tuple(SkippedFile(f.path, f.reason, f.size) for f in self.files if f.status == "skipped")

    @property
    def file_counts(self) -> dict[str, int]:
        """Numbers of files by status, and the bytes that were scanned."""
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
    """Add up files by language, without the skipped ones."""
    scanned_files = [file for file in files if file.status != "skipped" and file.language]
    sums = []
    for language in {file.language for file in scanned_files}:
        own = [file for file in scanned_files if file.language == language]
        lines, size, errors = sum(f.lines for f in own), sum(f.size for f in own), sum(f.errors for f in own)
        supported = any(f.status == "scanned" for f in own)
        sums.append(LanguageSummary(language, len(own), lines, size, usages[language], errors, supported))
    return tuple(sorted(sums, key=lambda row: (-row.bytes, row.language)))
