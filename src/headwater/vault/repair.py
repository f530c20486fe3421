"""Repairs damaged segments from other copies: from other snapshots, or from a new one taken for this purpose.

A segment is identified by the id of its content, so any pack whose footer lists the same id has a copy. Copies go into
a new pack, and a record says where they are (`repair_log`). A snapshot that is taken without a parent stores every page
anew, and so provides copies. Trees contain the positions of their own pages, so no two are equal: a damaged leaf or
root has no copy, and remains a finding.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from headwater.vault import packs, repair_log, verification
from headwater.vault.chunk_encoder import content_id
from headwater.vault.codecs import decompress
from headwater.vault.errors import Damaged
from headwater.vault.packs import FOOTER, PackWriter
from headwater.vault.repair_log import Ref
from headwater.vault.vault import Vault
from headwater.vault.verification import Finding


@dataclass(frozen=True, slots=True)
class RepairResult:
    """The result of a repair: how many segments are readable again, and the remaining findings."""

    segments: int
    left: tuple[Finding, ...]


def repair(vault: Vault) -> RepairResult:
    """Verify everything, and repair segments that have a readable copy; nothing is overwritten."""
    findings = verification.deep(vault).findings
    done = _copied(vault, _broken(findings))
    return RepairResult(done, verification.deep(vault).findings if done else findings)


def _broken(findings: tuple[Finding, ...]) -> dict[tuple[int, bytes], set[Ref]]:
    """Return the damaged segments by kind and content id: one id may be damaged in several places."""
    broken: dict[tuple[int, bytes], set[Ref]] = {}
    for finding in findings:
        if finding.segment:
            kind, ref = finding.segment
            broken.setdefault((kind, ref.id), set()).add(ref)
    return broken


def _copied(vault: Vault, broken: Mapping[tuple[int, bytes], set[Ref]]) -> int:
    """Write copies of damaged segments and a record of their positions; return how many were repaired."""
    if not broken:
        return 0
    with vault.write_snapshot(f"repair {uuid.uuid4()}") as writing:  # for its lease: nothing refers to the new pack yet
        moves = _written(vault, writing.ink.data, broken)
        writing.ink.data.finish()
        for pack in writing.packs:
            vault.packs.entries(pack)
        for pack, places in moves.items():
            repair_log.record(vault.blobs, vault.keys, pack, places)
    return sum(map(len, moves.values()))


def _written(
    vault: Vault, into: PackWriter, broken: Mapping[tuple[int, bytes], set[Ref]]
) -> dict[bytes, dict[int, Ref]]:
    moves: dict[bytes, dict[int, Ref]] = {}
    left = dict(broken)
    for pack, _ in packs.listed(vault.blobs):
        for kind, copy in _copies(vault, pack):
            places = left.get((kind, copy.id), set())
            if copy in places or not places or (body := _body(vault, kind, copy)) is None:
                continue
            now = into.add(kind, copy.id, body)
            for damaged in left.pop((kind, copy.id)):
                moves.setdefault(damaged.pack, {})[damaged.offset] = now
        if not left:
            break
    return moves


def _copies(vault: Vault, pack: bytes) -> list[tuple[int, Ref]]:
    try:
        return [(entry.kind, entry.ref) for entry in vault.packs.entries(pack) if entry.kind != FOOTER]
    except Damaged:
        return []  # it has no readable footer


def _body(vault: Vault, kind: int, copy: Ref) -> bytes | None:
    """Return the stored form of a segment if it matches its id."""
    try:
        body = vault.packs.segment(kind, copy)
        return body if content_id(vault.keys, decompress(body)) == copy.id else None
    except Damaged:
        return None
