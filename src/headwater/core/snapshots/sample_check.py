"""Checks that a snapshot is readable: a sample of its pages right after it was taken."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headwater.vault.errors import Damaged
from headwater.vault.manifest import Manifest
from headwater.vault.packs import blob_name
from headwater.vault.vault import Vault

SAMPLES = 24


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """The result of a check: what was read, and what was wrong."""

    kind: str
    pages: int
    bytes: int
    problems: tuple[str, ...] = ()
    percent: int = 100

    @property
    def plain(self) -> dict[str, Any]:
        """The part that the row of the snapshot stores."""
        return {
            "kind": self.kind,
            "ok": not self.problems,
            "pages": self.pages,
            "bytes": self.bytes,
            "percent": self.percent,
            "problems": list(self.problems[:100]),
        }

    def may_replace(self, before: Mapping[str, Any]) -> bool:
        """Return True if this result may replace an earlier one: known damage stays until everything was read again."""
        whole = self.kind == "deep" and self.percent == 100
        return bool(self.problems) or whole or bool(before.get("ok", True))


def check_sample(vault: Vault, manifest: Manifest) -> SampleCheck:
    """Check that all packs exist, and decrypt some random chunks of some tables; blocks.

    Raises:
        Damaged: something is not what was written, or not there.
    """
    for pack in manifest.packs:
        if vault.blobs.find(blob_name(pack)) is None:
            raise Damaged(f"{blob_name(pack)} of the vault is missing.", hint="Take the snapshot again.")
    pages = total = 0
    filled = [table for table in manifest.tables if table.rows]
    for table in random.sample(filled, min(SAMPLES, len(filled))):
        reader = vault.table(table)
        leaf = reader.leaf(random.choice(reader.branches()))  # noqa: S311 (a sample, no secret)
        chunk = random.choice(leaf)  # noqa: S311
        total += reader.batch(chunk).nbytes
        pages += len(chunk.pages)
    return SampleCheck("quick", pages, total)
