"""The keys of a vault: one random master key, wrapped once for each way to open it, and the derived keys.

A slot is a blob `keys/<id>` that contains the master key, wrapped with a passphrase (scrypt), with an external key (a
file, the key of this Headwater), or by a service that wraps and unwraps keys (`KeyWrapper`, the interface of a KMS). To
change a key, add a slot and delete the old one; no page is rewritten.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from headwater.kit.errors import Conflict, NotFound, did_you_mean
from headwater.vault.blobs import Blobs
from headwater.vault.errors import Damaged, Locked, Missing

SLOTS = "keys/"
_NONCE = 12
# scrypt: 2**17 × 8 × 128 bytes = 128 MB and about half a second (RFC 7914; OWASP's first choice).
_COST, _BLOCK = 2**17, 8
_DEAREST = 2**20  # 1 GB: a manipulated slot must not use all memory


class Slot(msgspec.Struct, frozen=True, tag=False):
    """One way to open a vault.

    `salt` and `cost` are for passphrases. A service wraps a key of the slot, in `salt`, which wraps the master key: so
    every kind binds the master key to its vault. `derivation` says from what an external key was derived, so that
    whoever has the secret can derive it again; nothing in it is secret, and nothing in it is trusted.
    """

    kind: Literal["passphrase", "key", "service"]
    wrapped: bytes
    label: str = ""
    salt: bytes = b""
    cost: int = 0
    derivation: Mapping[str, str] = {}


class KeyWrapper(Protocol):
    """A service that wraps and unwraps keys without revealing its own, such as a KMS."""

    def wrap(self, key: bytes) -> bytes:
        """Return a key in a form that only this service can read."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key; raises ValueError if something else wrapped it."""


@dataclass(frozen=True, slots=True, repr=False)
class KeySource:
    """The secret that opens a slot: a passphrase, a key of 32 bytes or more, or a service.

    `derivation` says from what a key was derived; it is stored with the slots that are made for it.
    """

    kind: Literal["passphrase", "key", "service"]
    secret: bytes = b""
    service: KeyWrapper | None = None
    derivation: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def passphrase(cls, text: str) -> KeySource:
        """Open with a passphrase."""
        return cls("passphrase", text.encode())

    @classmethod
    def key(cls, secret: bytes, derivation: Mapping[str, str] | None = None) -> KeySource:
        """Open with a random secret."""
        return cls("key", secret, derivation=derivation or {})

    @classmethod
    def of(cls, service: KeyWrapper) -> KeySource:
        """Open with a service."""
        return cls("service", service=service)


class Keys:
    """The keys derived from the master key of one vault; never shown, never logged."""

    def __init__(self, master: bytes) -> None:
        self._master = master
        self.content = self._derived(b"content", 32)
        self.salt = int.from_bytes(self._derived(b"borders", 8), "little")

    @classmethod
    def new(cls) -> Keys:
        """Return new random keys."""
        return cls(secrets.token_bytes(32))

    def pack(self, pack: bytes) -> AESGCM:
        """Return the cipher of one pack."""
        return AESGCM(self._derived(b"pack" + pack, 32))

    def manifest(self, name: str) -> AESGCM:
        """Return the cipher of one manifest."""
        return AESGCM(self._derived(b"manifest" + name.encode(), 32))

    def repair(self, name: str) -> AESGCM:
        """Return the cipher of one record of a repair."""
        return AESGCM(self._derived(b"moved" + name.encode(), 32))

    def lease(self, name: str) -> AESGCM:
        """Return the cipher of one lease."""
        return AESGCM(self._derived(b"lease" + name.encode(), 32))

    def __repr__(self) -> str:
        return "Keys(…)"

    def _derived(self, purpose: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, None, b"headwater vault 1 " + purpose).derive(self._master)

    def slot(self, opener: KeySource, vault: str, label: str) -> Slot:
        """Return a new slot that this key source can open."""
        secret = opener.secret
        salt, cost = (os.urandom(16), _COST) if opener.kind == "passphrase" else (b"", 0)
        if opener.service:
            secret = secrets.token_bytes(32)
            salt = opener.service.wrap(secret)
        nonce = os.urandom(_NONCE)
        wrapping = _wrapping(secret, salt if cost else b"", cost)
        sealed = AESGCM(wrapping).encrypt(nonce, self._master, vault.encode())
        return Slot(opener.kind, nonce + sealed, label, salt, cost, opener.derivation)

    @property
    def master(self) -> bytes:
        """The master key, for a program that keeps it encrypted elsewhere because it may not add a slot."""
        return self._master

    @classmethod
    def opened(cls, slot: Slot, opener: KeySource, vault: str) -> Keys | None:
        """Return the keys in a slot, or None if this key source cannot open it."""
        if slot.kind != opener.kind:
            return None
        try:
            secret = opener.service.unwrap(slot.salt) if opener.service else opener.secret
            wrapping = AESGCM(_wrapping(secret, slot.salt, slot.cost if slot.kind == "passphrase" else 0))
            return cls(wrapping.decrypt(slot.wrapped[:_NONCE], slot.wrapped[_NONCE:], vault.encode()))
        except (InvalidTag, ValueError):
            return None


def _wrapping(secret: bytes, salt: bytes, cost: int) -> bytes:
    if cost:
        if cost > _DEAREST:
            raise ValueError("an absurd cost")
        return hashlib.scrypt(secret, salt=salt, n=cost, r=_BLOCK, p=1, maxmem=256 * cost * _BLOCK, dklen=32)
    return HKDF(hashes.SHA256(), 32, None, b"headwater vault 1 slot").derive(secret)


def add_slot(blobs: Blobs, vault: str, keys: Keys, opener: KeySource, label: str) -> str:
    """Write a slot and return its id; raises Damaged if it cannot be read back."""
    slot_id = secrets.token_hex(8)
    data = msgspec.msgpack.encode(keys.slot(opener, vault, label))
    if not blobs.create(SLOTS + slot_id, data) or blobs.read(SLOTS + slot_id) != data:
        raise Damaged("The key slot was not stored completely.", hint="Try again.")  # it must not be used
    return slot_id


def remove_slot(blobs: Blobs, slot_id: str) -> None:
    """Delete a slot: its key source can no longer open the vault.

    Raises:
        NotFound: there is no slot with this id.
        Conflict: it is the last readable slot.
    """
    existing = slots(blobs)
    if slot_id not in existing and slot_id not in damaged_slots(blobs):
        raise NotFound(f"This vault has no key slot {slot_id}.", hint=did_you_mean(slot_id, existing))
    if not existing.keys() - {slot_id}:
        raise _last()
    content = blobs.read(SLOTS + slot_id)
    blobs.delete(SLOTS + slot_id)
    if not slots(blobs):  # somebody else has removed the other slots meanwhile
        blobs.create(SLOTS + slot_id, content)
        raise _last()


def _last() -> Conflict:
    return Conflict(
        "This is the last key slot: without it, nobody can open the vault.", hint="Add another key slot first."
    )


def slots(blobs: Blobs) -> dict[str, Slot]:
    """Return the readable slots of a vault by id."""
    return {slot_id: slot for slot_id, slot in _listed(blobs) if slot}


def damaged_slots(blobs: Blobs) -> list[str]:
    """Return the ids of the slots that cannot be read."""
    return [slot_id for slot_id, slot in _listed(blobs) if slot is None]


def _listed(blobs: Blobs) -> Iterator[tuple[str, Slot | None]]:
    for blob in blobs.list(SLOTS):
        slot_id = blob.name.removeprefix(SLOTS)
        try:
            yield slot_id, msgspec.msgpack.decode(blobs.read(blob.name), type=Slot)
        except Missing:
            continue  # removed since it was listed
        except (msgspec.MsgspecError, UnicodeDecodeError, Damaged):
            yield slot_id, None


def unlock(blobs: Blobs, vault: str, *openers: KeySource) -> Keys:
    """Return the keys of a vault; key sources are tried in order.

    Raises:
        Locked: no key source opens a slot.
        Damaged: the same, and one of the slots cannot be read.
    """
    every = slots(blobs)
    for opener in openers:
        for slot in every.values():
            if keys := Keys.opened(slot, opener, vault):
                return keys
    if damaged_slots(blobs):
        raise Damaged("This key opens none of the key slots, and one of them cannot be read.", hint="Give another key.")
    raise Locked(hint="Give the passphrase or key of one of the key slots.")


def replace_slots(blobs: Blobs, vault: str, keys: Keys, opener: KeySource, old: Sequence[KeySource], label: str) -> int:
    """Make sure that a key source opens a vault, and delete the slots of old ones; return how many were deleted.

    A slot for `opener` without its derivation counts as old. The new slot is written before any is deleted.
    """
    existing = slots(blobs)
    mine = [id_ for id_, slot in existing.items() if Keys.opened(slot, opener, vault)]
    current = next((id_ for id_ in mine if existing[id_].derivation == opener.derivation), None)
    if current is None:
        current = add_slot(blobs, vault, keys, opener, label)
    outdated = [id_ for id_, slot in existing.items() if any(Keys.opened(slot, source, vault) for source in old)]
    outdated += [id_ for id_ in mine if existing[id_].derivation != opener.derivation]
    for slot_id in dict.fromkeys(outdated):
        if slot_id != current:
            blobs.delete(SLOTS + slot_id)
    return len(outdated)
