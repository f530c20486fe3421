"""Puts damaged segments right from other copies of them: of other snapshots, or of a fresh one that was taken for it.

A segment is known by the id of its content, so any pack whose footer lists the same id has what is needed. Copies go
into a new pack, and a record says where (`repair_log`). What was read once more from the database makes copies, too:
a snapshot that is taken without a parent stores every page anew. Trees say where their own pages lie, so that no two
are alike: a damaged leaf or root has no copy, and stays a finding.
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
    """What a repair did: how many segments can be read again, and what is still wrong."""

    segments: int
    left: tuple[Finding, ...]


def repair(vault: Vault) -> RepairResult:
    """Verify everything, and put right what has a copy that can be read; nothing is overwritten."""
    findings = verification.deep(vault).findings
    done = _copied(vault, _broken(findings))
    return RepairResult(done, verification.deep(vault).findings if done else findings)


def _broken(findings: tuple[Finding, ...]) -> dict[tuple[int, bytes], set[Ref]]:
    """Return what is broken by kind and id of the content: one id may lie damaged in several places."""
    broken: dict[tuple[int, bytes], set[Ref]] = {}
    for finding in findings:
        if finding.segment:
            kind, ref = finding.segment
            broken.setdefault((kind, ref.id), set()).add(ref)
    return broken


def _copied(vault: Vault, broken: Mapping[tuple[int, bytes], set[Ref]]) -> int:
    """Write copies of what is broken, and where they are; returns how many places were put right."""
    if not broken:
        return 0
    with vault.write_snapshot(f"repair {uuid.uuid4()}") as writing:  # for its lease: nobody refers to the new pack yet
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
            for place in left.pop((kind, copy.id)):
                moves.setdefault(place.pack, {})[place.offset] = now
        if not left:
            break
    return moves


def _copies(vault: Vault, pack: bytes) -> list[tuple[int, Ref]]:
    try:
        return [(entry.kind, entry.ref) for entry in vault.packs.entries(pack) if entry.kind != FOOTER]
    except Damaged:
        return []  # it has no list of what is in it


def _body(vault: Vault, kind: int, copy: Ref) -> bytes | None:
    """Return a segment as it is stored, if it is what its id says."""
    try:
        body = vault.packs.segment(kind, copy)
        return body if content_id(vault.keys, decompress(body)) == copy.id else None
    except Damaged:
        return None
