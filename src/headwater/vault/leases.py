"""Leases: a writer leaves one in the vault while it works, so that nothing it depends on is deleted.

A lease names the packs of the parent snapshot; packs that are newer than the lease may belong to its writer. It ends
when its writer deletes it, or expires by the clock of the store, so that a killed writer blocks nothing for long and
needs no manual clean-up.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from cryptography.exceptions import InvalidTag

from headwater.kit.errors import Conflict
from headwater.vault.blobs import Blobs
from headwater.vault.errors import Damaged, Missing, StorageUnavailable
from headwater.vault.keys import Keys

FOLDER = "leases/"
# No snapshot may take longer: its transaction would delay VACUUM and the like for days.
LONGEST = timedelta(hours=24)
_NONCE = 12


class Lease(msgspec.Struct, frozen=True):
    """A lease of a writer: ids of packs."""

    snapshot: str
    packs: list[bytes]


@dataclass(slots=True)
class LeasedPacks:
    """The packs that active writers hold: by id, and all that were stored since `since`.

    `unread` are leases that cannot be read: what they hold is unknown.
    """

    packs: set[bytes] = field(default_factory=set)
    since: datetime | None = None
    unread: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)


def take(blobs: Blobs, keys: Keys, snapshot: str, packs: list[bytes]) -> str:
    """Write a lease and return its name; raises Damaged if it cannot be read back."""
    name = f"{FOLDER}{secrets.token_hex(8)}"
    nonce = os.urandom(_NONCE)
    content = msgspec.msgpack.encode(Lease(snapshot, packs))
    sealed = nonce + keys.lease(name).encrypt(nonce, content, name.encode())
    if not blobs.create(name, sealed) or blobs.read(name) != sealed:
        raise Damaged("The lease on the vault was not stored completely.", hint="Try again.")
    return name


def release(blobs: Blobs, name: str) -> None:
    """Delete a lease; if the store does not respond, it expires."""
    with contextlib.suppress(StorageUnavailable):
        blobs.delete(name)


def check(blobs: Blobs, name: str) -> None:
    """Raise Conflict if a lease was deleted: the parent's packs may be gone."""
    if blobs.find(name) is None:
        raise Conflict("The snapshot took too long: its lease on the vault has expired.", hint="Take it again.")


def leased_packs(blobs: Blobs, keys: Keys, now: datetime, longest: timedelta = LONGEST) -> LeasedPacks:
    """Return what active leases hold; `ended` are expired ones."""
    leased = LeasedPacks()
    for blob in blobs.list(FOLDER):
        if now - blob.modified > longest:
            leased.ended.append(blob.name)
            continue
        leased.since = min(leased.since or blob.modified, blob.modified)
        try:
            leased.packs.update(_read(blobs, keys, blob.name).packs)
        except Missing:
            continue  # released since it was listed
        except Damaged:
            leased.unread.append(blob.name)
    return leased


def _read(blobs: Blobs, keys: Keys, name: str) -> Lease:
    data = blobs.read(name)
    try:
        content = keys.lease(name).decrypt(data[:_NONCE], data[_NONCE:], name.encode())
        return msgspec.msgpack.decode(content, type=Lease)
    except (InvalidTag, ValueError, msgspec.MsgspecError) as error:
        raise Damaged(f"{name} of the vault is damaged.", hint="The lease expires by itself.") from error
