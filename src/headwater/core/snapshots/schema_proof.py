"""Proofs that the schema of a snapshot can be restored: it was created in a scratch database and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeAlias

import msgspec

from headwater.catalog.codec import from_json
from headwater.core.snapshots import manifest_tables
from headwater.core.snapshots.schema_comparison import SchemaComparison, model_objects
from headwater.vault.manifest import Manifest

# A proof that is `pending` has been requested. An `unproven` schema could not be tried, or not all of it.
State: TypeAlias = Literal["pending", "proven", "unproven", "refuted"]
# Increased when the way of proving changes, so that earlier proofs do not count.
_METHOD = 1
_MOST_NAMES = 100


@dataclass(frozen=True, slots=True)
class SchemaProof:
    """The result of a proof.

    Attributes:
        state: what came of it.
        equal: how many objects came back as they were.
        refused: sentences about the objects that the database refused to create.
        different: the names of objects that came back different, or not at all without an error.
        untried: sentences about objects that the scratch server does not support, and those that need them.
        reason: why nothing was tried.
        server: the product and version of the scratch server.
        at: when it was proven, in ISO format.
        key: what the proof is about; snapshots with the same key have the same proof.
    """

    state: State
    equal: int = 0
    refused: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()
    reason: str = ""
    server: str = ""
    at: str = ""
    key: str = ""

    @property
    def sentence(self) -> str:
        """The state for users."""
        if self.state == "pending":
            return "schema not proven yet"
        if self.state == "proven":
            return f"schema proven: {self.equal:,} objects restored and equal"
        if self.state == "unproven":
            return f"schema not proven: {self.reason or f'{self.server} does not support {_count(self.untried)}'}"
        parts = [f"cannot be restored: {_count(self.refused)}"] if self.refused else []
        parts += [f"restored differently: {_count(self.different)}"] if self.different else []
        return ", ".join(parts)

    @property
    def plain(self) -> dict[str, Any]:
        """The proof as the row of the snapshot holds it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def of_row(plain: Mapping[str, Any]) -> SchemaProof | None:
    """Return the proof that the row of a snapshot holds, if it has one."""
    return msgspec.convert(plain, SchemaProof) if plain else None


def _count(names: Collection[str]) -> str:
    return f"{len(names):,} object{'' if len(names) == 1 else 's'}"


@dataclass(slots=True)
class Trial:
    """What happened while a schema was created in a scratch database: sentences by the names of objects."""

    refused: dict[str, str] = field(default_factory=dict)
    untried: dict[str, str] = field(default_factory=dict)

    def proof(self, compared: SchemaComparison, server: str) -> SchemaProof:
        """Return the proof, given the comparison of what was created with the snapshot."""
        explained = self.refused.keys() | self.untried.keys()
        different = [name for name in (*compared.different, *compared.missing) if name not in explained]
        refuted, unproven = self.refused or different, self.untried or compared.reason
        return SchemaProof(
            "refuted" if refuted else "unproven" if unproven else "proven",
            compared.equal,
            tuple(self.refused.values())[:_MOST_NAMES],
            tuple(different)[:_MOST_NAMES],
            tuple(self.untried.values())[:_MOST_NAMES],
            compared.reason,
            server,
        )


def key_of(manifest: Manifest) -> str:
    """Return what a proof of a snapshot is about: its schema, and which of its tables it has."""
    archive = manifest.archive
    text = archive.root.id.hex() if archive else repr(sorted(model_objects(from_json(manifest.schema)).items()))
    tables = sorted(manifest_tables.display_name(table) for table in manifest.tables)
    return hashlib.sha256(repr((_METHOD, manifest.engine, manifest.product, text, tables)).encode()).hexdigest()


def with_key(proof: SchemaProof, key: str, at: str) -> SchemaProof:
    """Return a proof with what it is about, and its time."""
    return replace(proof, key=key, at=at)
