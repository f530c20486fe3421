"""The state of one scan: the results of each pass for the next, and progress reports."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from headwater.catalog.usages import NotUnderstood, Usage
from headwater.core.lineage.cache import Cache
from headwater.core.lineage.claims import Claim, Missed
from headwater.core.lineage.detection import Inspection
from headwater.core.lineage.endpoints.model import HttpEndpoint
from headwater.core.lineage.extraction import EncodedFacts, Extracted
from headwater.core.lineage.intake import Intake
from headwater.core.lineage.limits import IntakeLimits
from headwater.core.lineage.orm import Reference
from headwater.core.lineage.project import ScannedProject
from headwater.core.lineage.result import ScannedFile, ScanProgress, summarise_languages
from headwater.core.lineage.schema_pass import ReadSchema
from headwater.core.lineage.usage_pass import PreparedIndex
from headwater.frameworks import Route
from headwater.readers import SourceFile

_REPORT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How a code base is scanned; see `pipeline.scan`. `on_sources` is called with the bytes of all source files."""

    cache: Cache
    processes: int | None
    limits: IntakeLimits
    keep_texts: bool
    without: frozenset[str] = frozenset()
    on_sources: Callable[[int], None] = lambda size: None


class ScanContext:
    """The results of the passes of one scan so far."""

    intake: Intake
    digests: dict[str, bytes]
    inspected: dict[str, Inspection]
    detected: dict[str, list[SourceFile]]
    frameworks: dict[str, list[SourceFile]]
    routed_languages: frozenset[str]
    facts: dict[str, Extracted]
    encoded: EncodedFacts
    project: ScannedProject
    catalogue: ReadSchema
    index: PreparedIndex
    routes: list[tuple[str, Route]]
    failed_frameworks: list[NotUnderstood]
    claims: dict[str, list[Claim]]
    missed: dict[str, list[Missed]]
    references: dict[str, tuple[Reference, ...]]
    usages: tuple[Usage, ...]
    endpoints: tuple[HttpEndpoint, ...]
    unread: tuple[NotUnderstood, ...]
    not_understood: tuple[NotUnderstood, ...]

    def __init__(
        self,
        source: Path,
        phases: tuple[str, ...],
        options: ScanOptions,
        progress: Callable[[ScanProgress], None] | None,
    ) -> None:
        self.source = source
        self.options = options
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._phases = phases
        self._notes: dict[str, str] = {}
        self._phase = ""
        self._reported = 0.0

    def enter(self, phase: str) -> None:
        """Begin a phase."""
        self._phase = phase
        self._reported = 0.0
        self.report(0, 0, "")

    def leave(self, seconds: float) -> None:
        """End the phase."""
        self.seconds[self._phase] = round(seconds, 3)
        self._reported = 0.0
        self.report(1, 1, self._notes.get(self._phase, ""))

    def note(self, text: str) -> None:
        """Set a short summary of the result of the phase."""
        self._notes[self._phase] = text

    def report(self, done: int, total: int, message: str) -> None:
        """Report the progress of the phase, at a limited rate."""
        now = time.monotonic()
        if self._progress is None or now - self._reported < _REPORT_SECONDS:
            return
        self._reported = now
        self._progress(ScanProgress(self._phase, done, total, message, self._detail(done, total)))

    def _detail(self, done: int, total: int) -> dict[str, Any]:
        detail: dict[str, Any] = {"phases": [self._phase_row(name, done, total) for name in self._phases]}
        if hasattr(self, "intake"):
            usages = Counter(u.language for u in self.usages) if hasattr(self, "usages") else Counter[str]()
            languages = summarise_languages(tuple(self.intake.files), usages)
            skipped = Counter(file.reason for file in self.intake.files if file.status == "skipped")
            detail["languages"] = [msgspec.to_builtins(row) for row in languages]
            detail["skipped"] = [{"reason": reason, "count": count} for reason, count in skipped.most_common()]
            detail["found"] = self._found()
        return detail

    def _phase_row(self, name: str, done: int, total: int) -> dict[str, Any]:
        state = "done" if name in self.seconds else "now" if name == self._phase else "wait"
        now = state == "now"
        return {
            "name": name,
            "state": state,
            "done": done if now else 0,
            "total": total if now else 0,
            "seconds": self.seconds.get(name),
            "note": self._notes.get(name, ""),
        }

    def _found(self) -> dict[str, int]:
        schema = self.catalogue.schema if hasattr(self, "catalogue") else ()
        return {
            "tables": sum(1 for _ in schema),
            "columns": sum(len(relation.columns) for relation in schema),
            "usages": len(self.usages) if hasattr(self, "usages") else 0,
        }

    def files_with_errors(self) -> tuple[ScannedFile, ...]:
        """Return the files with the number of places that did not parse."""
        errors = {path: file.header.errors for path, file in self.facts.items() if file.header.errors}
        return tuple(
            msgspec.structs.replace(file, errors=errors[file.path])
            if file.status == "scanned" and file.path in errors
            else file
            for file in self.intake.files
        )
