"""Leases: what a writer leaves in the vault while it works, so that nothing it builds on is collected.

A lease names the packs of the parent snapshot, and its age says that any pack that came after it may be its writer's.
It ends when its writer deletes it, or by age, told by the clock of the store and not by ours, so that a writer that
was killed holds nothing up and needs nobody's hand.
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
# No snapshot may take longer: what it read at the beginning would hold back the database's own clean-up for days.
LONGEST = timedelta(hours=24)
_NONCE = 12


class Lease(msgspec.Struct, frozen=True):
    """What a writer holds: ids of packs."""

    snapshot: str
    packs: list[bytes]


@dataclass(slots=True)
class LeasedPacks:
    """What writers at work hold: packs by their ids, and all that came into the store since `since`.

    `unread` are leases that nobody can read: what they hold is not known.
    """

    packs: set[bytes] = field(default_factory=set)
    since: datetime | None = None
    unread: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)


def take(blobs: Blobs, keys: Keys, snapshot: str, packs: list[bytes]) -> str:
    """Write a lease and return its name; raises Damaged when it cannot be read back."""
    name = f"{FOLDER}{secrets.token_hex(8)}"
    nonce = os.urandom(_NONCE)
    content = msgspec.msgpack.encode(Lease(snapshot, packs))
    sealed = nonce + keys.lease(name).encrypt(nonce, content, name.encode())
    if not blobs.create(name, sealed) or blobs.read(name) != sealed:
        raise Damaged("The lease on the vault was not stored completely.", hint="Try again.")
    return name


def release(blobs: Blobs, name: str) -> None:
    """Return a lease back; when the store does not answer, age does."""
    with contextlib.suppress(StorageUnavailable):
        blobs.delete(name)


def check(blobs: Blobs, name: str) -> None:
    """Raise Conflict when a lease was taken away: what was built on may be gone."""
    if blobs.find(name) is None:
        raise Conflict("The snapshot took too long: its lease on the vault has expired.", hint="Take it again.")


def leased_packs(blobs: Blobs, keys: Keys, now: datetime, longest: timedelta = LONGEST) -> LeasedPacks:
    """Return what living leases hold; `ended` are those that are over by age."""
    found = LeasedPacks()
    for blob in blobs.list(FOLDER):
        if now - blob.modified > longest:
            found.ended.append(blob.name)
            continue
        found.since = min(found.since or blob.modified, blob.modified)
        try:
            found.packs.update(_read(blobs, keys, blob.name).packs)
        except Missing:
            continue  # given back since it was listed
        except Damaged:
            found.unread.append(blob.name)
    return found


def _read(blobs: Blobs, keys: Keys, name: str) -> Lease:
    data = blobs.read(name)
    try:
        content = keys.lease(name).decrypt(data[:_NONCE], data[_NONCE:], name.encode())
        return msgspec.msgpack.decode(content, type=Lease)
    except (InvalidTag, ValueError, msgspec.MsgspecError) as error:
        raise Damaged(f"{name} of the vault is damaged.", hint="The lease expires by itself.") from error
