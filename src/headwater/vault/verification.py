"""Verifies that everything that snapshots need exists and is undamaged.

`quick` reads manifests and the footers of packs; `deep` also reads, decrypts, decompresses and counts the contents of
snapshots, each segment about once even if many snapshots share it. Damage is a finding, never an error; a store that
does not respond is an error.
"""

from __future__ import annotations

import contextlib
import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from headwater.vault import keys as keyring
from headwater.vault import packs, repair_log
from headwater.vault.errors import Damaged
from headwater.vault.manifest import Manifest, ManifestTable
from headwater.vault.packs import DELTA, LEAF, PAGE, ROOT
from headwater.vault.repair_log import Ref
from headwater.vault.table_reader import TableReader
from headwater.vault.tree import ChunkRef, LeafRef
from headwater.vault.vault import Vault

_AHEAD = 4  # chunks that are being read
_MOST_SEEN = 200_000  # references that are cached as good; others are read again
Progress = Callable[[int, int], None]
Reading = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Finding:
    """Damage in the vault: a sentence, and where it is.

    `pack` is the name of a blob; `segment` is the kind of a segment and what refers to it, if a single segment is
    damaged.
    """

    what: str
    snapshot: str | None = None
    table: str | None = None
    pack: str | None = None
    offset: int | None = None
    segment: tuple[int, Ref] | None = None


@dataclass(frozen=True, slots=True)
class VerificationShare:
    """One of `parts` shares of about equal size of all chunks; a chunk is always in the same share."""

    number: int = 0
    parts: int = 1

    def holds(self, chunk: ChunkRef) -> bool:
        """Return True if a chunk is in this share, which depends on the id of its first page (a hash)."""
        first = next(iter((*chunk.pages, *chunk.deltas)), None)
        if self.parts == 1 or first is None:
            return True
        return int.from_bytes(first.id[:8], "big") % self.parts == self.number % self.parts


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What was verified, and the findings; `rows` (of tables) and `segments` count what was read, not what exists."""

    findings: tuple[Finding, ...]
    snapshots: int
    packs: int
    segments: int = 0
    rows: int = 0

    @property
    def sound(self) -> bool:
        """True if there are no findings."""
        return not self.findings


def quick(vault: Vault, snapshots: Sequence[str] | None = None) -> VerificationResult:
    """Check that manifests are readable, and that each pack they need exists with the size in its footer.

    Args:
        vault: the vault.
        snapshots: the snapshots to verify; None for all.
    """
    work = _VerificationRun(vault, snapshots)
    _footers(work)
    return work.verified()


def deep(
    vault: Vault,
    snapshots: Sequence[str] | None = None,
    *,
    part: VerificationShare = VerificationShare(),
    progress: Progress | None = None,
    threads: int = 2,
) -> VerificationResult:
    """Do what `quick` does, and read all contents of snapshots, down to their rows.

    Args:
        vault: the vault.
        snapshots: the snapshots to verify; None for all.
        part: the share of the chunks that is read; trees are always read.
        progress: called with rows done and rows in all.
        threads: the number of reading threads; with 1 the caller's thread reads.
    """
    work = _VerificationRun(vault, snapshots, part, progress)
    _footers(work)
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(threads, "vault-verify")) if threads > 1 else None
        for manifest in work.manifests():
            for table in manifest.stored_tables:
                _Table(work, pool, manifest, table).verify()
    return work.verified()


@dataclass(slots=True)
class _VerificationRun:
    """A verification in progress; manifests are read when needed, and not kept."""

    vault: Vault
    asked: Sequence[str] | None
    part: VerificationShare = VerificationShare()
    progress: Progress | None = None
    findings: dict[Finding, None] = field(default_factory=dict)
    seen: set[Ref] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    packs: int = 0
    segments: int = 0
    rows: int = 0
    done: int = 0
    total: int = 0

    def manifests(self) -> Iterator[Manifest]:
        """Yield the readable manifests; the others become findings."""
        for snapshot in self.ids:
            try:
                yield self.vault.manifest(snapshot)
            except Damaged as error:
                self.tell(error.message, snapshot)

    def tell(self, what: str, snapshot: str | None = None, table: str | None = None, pack: bytes | None = None) -> None:
        self.findings[Finding(what, snapshot, table, packs.blob_name(pack) if pack else None)] = None

    def tell_segment(self, what: str, snapshot: str, table: str, kind: int, ref: Ref) -> None:
        finding = Finding(what, snapshot, table, packs.blob_name(ref.pack), ref.offset, (kind, ref))
        self.findings[finding] = None

    def advance(self, rows: int) -> None:
        self.done += rows
        if self.progress:
            self.progress(self.done, self.total)

    def remember(self, ref: Ref) -> None:
        if len(self.seen) >= _MOST_SEEN:
            self.seen.clear()
        self.seen.add(ref)

    def verified(self) -> VerificationResult:
        return VerificationResult(tuple(self.findings), len(self.ids), self.packs, self.segments, self.rows)


def _footers(work: _VerificationRun) -> None:
    """Check key slots, manifests and the packs that they name."""
    work.ids = list(work.asked) if work.asked is not None else work.vault.snapshots()
    for slot in keyring.damaged_slots(work.vault.blobs):
        work.tell(f"Key slot {slot} cannot be read.")
    known: dict[bytes, str | None] = {}
    for manifest in work.manifests():
        for table in manifest.stored_tables:
            work.total += table.rows
            for pack in {*table.packs, table.root.pack}:
                if pack not in known:
                    known[pack] = _wrong_with(work.vault, pack)
                if (what := known[pack]) is not None:
                    work.tell(what, manifest.id, _named(table), pack)
    work.packs = len(known)


def _wrong_with(vault: Vault, pack: bytes) -> str | None:
    """Return what is wrong with a pack by its footer, or None; `deep` checks repaired segments."""
    what = _wrong_by_footer(vault, pack)
    return None if what and repair_log.moved(vault.blobs, vault.keys, pack) else what


def _wrong_by_footer(vault: Vault, pack: bytes) -> str | None:
    try:
        entries = vault.packs.entries(pack)
        if vault.blobs.read(packs.blob_name(pack), 0, len(packs.MAGIC)) != packs.MAGIC:
            return f"{packs.blob_name(pack)} does not start with the header of a pack."
    except Damaged as error:
        return error.message
    offset = len(packs.MAGIC)
    for entry in entries:
        if entry.ref.offset != offset:
            return f"{packs.blob_name(pack)} has a footer with a gap."
        offset += entry.ref.length
    blob = vault.blobs.find(packs.blob_name(pack))
    if blob is None or blob.size != packs.size_of(entries):
        return f"{packs.blob_name(pack)} has a different size than its footer says."
    return None


def _named(table: ManifestTable) -> str:
    return f"{table.schema}.{table.name}" if table.schema else table.name


class _Table:
    """Verifies one table of one snapshot."""

    def __init__(
        self, work: _VerificationRun, pool: ThreadPoolExecutor | None, manifest: Manifest, table: ManifestTable
    ) -> None:
        self._work, self._pool, self._table = work, pool, table
        self._where = (manifest.id, _named(table))
        self._reader: TableReader = work.vault.table(table)
        self._is_archive = table is manifest.archive

    def verify(self) -> None:
        """Read the table; damage becomes findings."""
        root = self._table.root.ref
        try:
            branches = self._reader.branches()
        except Damaged as error:
            self._work.tell_segment(error.message, *self._where, ROOT, root)
            self._work.advance(self._table.rows)
            return
        self._work.segments += 1
        if sum(branch.rows for branch in branches) != self._table.rows:
            self._work.tell("The root has a different number of rows than the manifest.", *self._where, root.pack)
        for branch in branches:
            self._leaf(branch)

    def _leaf(self, branch: LeafRef) -> None:
        self._listed(branch.ref)
        if branch.ref in self._work.seen:
            self._work.advance(branch.rows)
            return
        try:
            chunks = self._reader.leaf(branch)
        except Damaged as error:
            self._work.tell_segment(error.message, *self._where, LEAF, branch.ref)
            self._work.advance(branch.rows)
            return
        self._work.segments += 1
        sound = True
        for chunk, reading in self._read(chunks):
            sound &= self._chunk_is_sound(chunk, reading)
        if sound:
            self._work.remember(branch.ref)

    def _read(self, chunks: Sequence[ChunkRef]) -> Iterator[tuple[ChunkRef, Reading | None]]:
        """Yield the chunks of a leaf, each with its pending read if it is to be verified, reading a few ahead."""
        under_way: deque[tuple[ChunkRef, Reading | None]] = deque()
        for chunk in chunks:
            for ref in (*chunk.pages, *chunk.deltas):
                self._listed(ref)
            under_way.append((chunk, self._begun(chunk) if self._chosen(chunk) else None))
            if len(under_way) > _AHEAD:
                yield under_way.popleft()
        yield from under_way

    def _chosen(self, chunk: ChunkRef) -> bool:
        if not self._work.part.holds(chunk):
            return False
        return bool(chunk.deltas) or not self._work.seen.issuperset(chunk.pages)

    def _begun(self, chunk: ChunkRef) -> Reading:
        """Start to read a chunk, and return the pending result."""
        if self._pool is None:
            return functools.partial(self._reader.batch, chunk)
        return self._pool.submit(self._reader.batch, chunk).result

    def _chunk_is_sound(self, chunk: ChunkRef, reading: Reading | None) -> bool:
        self._work.advance(chunk.rows)
        if reading is None:
            return True
        try:
            reading()
        except Damaged as error:
            self._tell_parts(chunk, error)
            return False
        self._work.segments += len(chunk.pages) + len(chunk.deltas)
        self._work.rows += 0 if self._is_archive else chunk.rows
        for ref in chunk.pages:
            self._work.remember(ref)
        return True

    def _tell_parts(self, chunk: ChunkRef, error: Damaged) -> None:
        """Report each damaged segment of a chunk, or that its parts do not fit together if none is damaged."""
        wrong = 0
        for kind, refs in ((PAGE, chunk.pages), (DELTA, chunk.deltas)):
            for ref in refs:
                try:
                    self._reader.content(kind, [ref])
                except Damaged as one:
                    wrong += 1
                    self._work.tell_segment(one.message, *self._where, kind, ref)
        if not wrong:
            self._work.tell(error.message, *self._where)

    def _listed(self, ref: Ref) -> None:
        if ref.pack not in self._table.packs:
            self._work.tell("The manifest does not name a pack that the table needs.", *self._where, ref.pack)
