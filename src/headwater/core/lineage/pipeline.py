"""The passes of a scan, in order: `PASSES` is the list of passes, `scan` runs and times them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from headwater.catalog.model import Schema
from headwater.core.lineage import endpoints, usage_pass
from headwater.core.lineage.cache import Cache, NoCache, key_of
from headwater.core.lineage.detection import detect, detect_frameworks, inspect_all, languages, routed_languages
from headwater.core.lineage.extraction import extract
from headwater.core.lineage.intake import intake
from headwater.core.lineage.limits import IntakeLimits
from headwater.core.lineage.pool import deep_calls, without_cycle_collection
from headwater.core.lineage.project import ScannedProject
from headwater.core.lineage.resolution import failures, locate, resolve
from headwater.core.lineage.result import HalfSchema, ScanProgress, ScanResult, SchemaResult
from headwater.core.lineage.scan_context import ScanContext, ScanOptions
from headwater.core.lineage.schema_pass import read
from headwater.core.lineage.unread import unread_libraries
from headwater.readers import Half


def ingest(work: ScanContext) -> None:
    """Find the text files to read."""
    work.intake = intake(
        work.source,
        limits=work.options.limits,
        keep_texts=work.options.keep_texts,
        on_file=lambda count: work.report(count, 0, f"{count:,} files"),
    )
    if work.options.without:
        work.intake.sources = [s for s in work.intake.sources if s.path not in work.options.without]
    work.options.on_sources(sum(len(source.source) for source in work.intake.sources))
    files = [*work.intake.sources, *work.intake.others]
    work.digests = {
        file.path: key_of("file", file.path.encode(), file.language.encode(), file.source) for file in files
    }
    work.inspected = inspect_all(files, work.digests, work.options.cache)
    work.note(f"{len(work.intake.files):,} files")


def extract_facts(work: ScanContext) -> None:
    """Convert each source file to facts."""
    sources = work.intake.sources
    total = sum(len(source.source) for source in sources)
    work.detected = detect(sources, work.inspected)
    work.frameworks = detect_frameworks(sources, work.inspected)
    spoken = languages(work.detected)
    work.routed_languages = routed_languages(work.frameworks, sources, spoken)
    work.facts, work.encoded = extract(
        sources,
        spoken | work.routed_languages,
        work.inspected,
        work.digests,
        work.options.cache,
        processes=work.options.processes,
        on_bytes=lambda done: work.report(done, total, f"{done >> 10:,} of {total >> 10:,} KB read"),
    )
    work.note(f"{len({source.language for source in sources})} languages")


def link_symbols(work: ScanContext) -> None:
    """Resolve imports."""
    work.project = ScannedProject(work.intake.sources, work.digests, work.facts, work.encoded)
    work.note(f"{len(work.facts):,} modules")


def read_schema(work: ScanContext) -> None:
    """Let the readers find tables and models."""
    work.catalogue = read(work.project, work.detected, work.source.name, work.options.cache)
    work.unread = unread_libraries((path, use) for path, says in work.inspected.items() for use in says.unread)
    columns = sum(len(relation.columns) for relation in work.catalogue.schema)
    work.note(f"{len(work.catalogue.schema.relations)} tables, {columns:,} columns")


def find_routes(work: ScanContext) -> None:
    """Let the web frameworks find the routes that the code declares."""
    work.routes, work.failed_frameworks = endpoints.read_routes(work.project, work.frameworks, work.options.cache)
    work.note(f"{len(work.routes):,} routes")


def infer_types(work: ScanContext) -> None:
    """Summarise parameters and return values of functions."""
    routed = work.routed_languages if work.routes else frozenset()
    work.index = usage_pass.prepare(work.project, work.catalogue, routed, work.options.cache)


def find_usages(work: ScanContext) -> None:
    """Find the column usages of each file."""
    work.claims, work.missed, work.references = usage_pass.run(
        work.index,
        work.project,
        work.options.cache,
        processes=work.options.processes,
        routes=endpoints.spans_by_file(work.routes) if work.routes and work.catalogue.schema.relations else None,
        on_progress=lambda done, total, count: work.report(done, total, f"{count:,} usages so far"),
    )
    work.note(f"{sum(map(len, work.claims.values())):,} found")


def resolve_claims(work: ScanContext) -> None:
    """Convert claims to usages by line, without duplicates."""
    sources = {source.path: source for source in work.intake.sources}
    work.usages = resolve(work.claims, sources)
    work.not_understood = (
        *work.unread,
        *work.failed_frameworks,
        *work.catalogue.not_understood,
        *failures(work.facts),
        *locate(work.missed, sources),
    )
    work.note(f"{len(work.usages):,} usages")


def follow_routes(work: ScanContext) -> None:
    """Follow the calls from each route to the usages that it reaches."""
    work.endpoints = endpoints.known_endpoints(
        work.project, work.frameworks, work.references, work.routes, work.usages, work.options.cache
    )
    work.note(f"{len(work.endpoints):,} endpoints")


PASSES: tuple[tuple[str, Callable[[ScanContext], None]], ...] = (
    ("intake", ingest),
    ("facts", extract_facts),
    ("symbols", link_symbols),
    ("schema", read_schema),
    ("routes", find_routes),
    ("types", infer_types),
    ("usages", find_usages),
    ("resolve", resolve_claims),
    ("endpoints", follow_routes),
)
_NAMES = tuple(name for name, _ in PASSES)


def scan(
    source: Path,
    *,
    cache: Cache | None = None,
    progress: Callable[[ScanProgress], None] | None = None,
    processes: int | None = None,
    limits: IntakeLimits | None = None,
    keep_texts: bool = False,
    without: frozenset[str] = frozenset(),
    on_sources: Callable[[int], None] = lambda size: None,
) -> ScanResult:
    """Scan a code base.

    Args:
        source: path of a folder, git checkout, ZIP or tar archive.
        cache: facts and claims of earlier scans.
        progress: called at most five times a second and at each change of phase; may raise to stop the scan.
        processes: upper bound of worker processes; the available cores when None.
        limits: the limits of intake.
        keep_texts: return the text of every text file in `texts`.
        without: paths of files that are not read, such as a migration that is still to be applied.
        on_sources: called once with the bytes of all source files, when they are read and nothing is computed yet.

    Raises:
        Unreadable: not a folder, not a complete archive, or empty.
        TooLarge: more entries or text than the limits allow.
    """
    options = ScanOptions(cache or NoCache(), processes, limits or IntakeLimits(), keep_texts, without, on_sources)
    work = ScanContext(source, _NAMES, options, progress)
    _run(work, PASSES)
    return _result(work)


def assist(
    source: Path,
    *,
    cache: Cache,
    progress: Callable[[ScanProgress], None] | None = None,
    processes: int | None = None,
) -> None:
    """Fill the cache with what a scan of the same code base needs; the passes after `usages` are left out.

    Args:
        source: path of the folder or archive that is being scanned.
        cache: what the scan uses, too; its `share` says which part of the files to begin with.
        progress: see `scan`.
        processes: upper bound of worker processes; the available cores when None.

    Raises:
        Unreadable: not a folder, not a complete archive, or empty.
        TooLarge: more entries or text than the limits allow.
    """
    options = ScanOptions(cache, processes, IntakeLimits(), keep_texts=False)
    _run(ScanContext(source, _NAMES, options, progress), PASSES[: _NAMES.index("usages") + 1])


def schema_of(
    source: Path,
    *,
    cache: Cache | None = None,
    progress: Callable[[ScanProgress], None] | None = None,
    half: Half | None = None,
) -> SchemaResult:
    """Return the Schema that a code base, or one schema file, declares; the passes after `schema` are left out.

    Args:
        source: path of a file, folder, git checkout, ZIP or tar archive.
        cache: facts of earlier scans.
        progress: see `scan`.
        half: only what declares the schema as it is to be, or only the migrations; both when None.

    Raises:
        Unreadable: not a file, folder or complete archive.
        TooLarge: more entries or text than the limits allow.
    """
    options = ScanOptions(cache or NoCache(), None, IntakeLimits(), keep_texts=False)
    work = ScanContext(source, _NAMES, options, progress)
    _run(work, PASSES[: _NAMES.index("schema") + 1])
    missed = (*work.unread, *work.catalogue.not_understood, *failures(work.facts))
    if half is None:
        return SchemaResult(work.catalogue.schema, missed, bool(work.catalogue.models))
    part = work.catalogue.halves.get(half, HalfSchema(Schema(source=work.source.name)))
    return SchemaResult(part.schema, missed, part.has_models)


def _run(work: ScanContext, passes: tuple[tuple[str, Callable[[ScanContext], None]], ...]) -> None:
    with without_cycle_collection():
        for name, step in passes:
            began = time.monotonic()
            work.enter(name)
            with deep_calls() if hasattr(work, "facts") else nullcontext():
                step(work)
            work.leave(time.monotonic() - began)


def _result(work: ScanContext) -> ScanResult:
    return ScanResult(
        source=work.source.name,
        schema=work.catalogue.schema,
        models=work.catalogue.models,
        usages=work.usages,
        not_understood=work.not_understood,
        unread=work.unread,
        files=work.files_with_errors(),
        readers=work.catalogue.readers,
        usages_by_language=dict(Counter(usage.language for usage in work.usages)),
        seconds=round(sum(work.seconds.values()), 3),
        phase_seconds=work.seconds,
        texts=work.intake.texts,
        endpoints=work.endpoints,
        halves=work.catalogue.halves,
    )
