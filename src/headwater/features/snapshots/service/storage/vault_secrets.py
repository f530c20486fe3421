"""Finds the vault at a location, and opens it with a secret that was kept elsewhere. Blocks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headwater.features.snapshots.service.storage import vault_locations
from headwater.kit.errors import Invalid, NotFound
from headwater.store.master_keys import MasterKey
from headwater.vault import keys as keyring
from headwater.vault.blobs import Blobs
from headwater.vault.errors import AccessDenied, Damaged, Locked, Missing
from headwater.vault.keys import KeySource
from headwater.vault.local import LocalBlobs
from headwater.vault.vault import Config, Vault, read_config

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class VaultSecret:
    """What opens a vault: a passphrase, or the text of the `envelope.key` of the Headwater that wrote it.

    `organizations` are organizations of that Headwater, whose ids may be part of the key; they are needed only for
    vaults that do not say it themselves.
    """

    passphrase: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    organizations: tuple[uuid.UUID, ...] = ()

    def check(self) -> None:
        """Raise Invalid unless there is either a passphrase or a key."""
        if bool(self.passphrase) == bool(self.key.strip()):
            raise Invalid({"passphrase": "Enter either a passphrase of the vault or the content of an envelope.key."})


def find(blobs: Blobs, where: str) -> Config:
    """Return the part of a vault that can be read without a key.

    Raises:
        NotFound: there is no vault; the sentence says what is there instead.
        StorageUnavailable: the storage cannot be read.
        Damaged: the configuration of the vault cannot be read.
    """
    if isinstance(blobs, LocalBlobs):
        _check_folder(blobs.folder)
    try:
        return read_config(blobs)
    except Missing as error:
        if next(iter(blobs.list("keys/")), None):
            raise Damaged(
                f"The vault in {where} has no file named config.", hint="Restore it from a copy of the vault."
            ) from error
        raise NotFound(f"There is no vault in {where}.", hint="Check the bucket and the prefix.") from error


def _check_folder(folder: Path) -> None:
    """Raise NotFound for a folder that contains no vault, with the vaults in its subfolders."""
    try:
        if (folder / "config").is_file() or (folder / "keys").is_dir():
            return
        if not folder.is_dir():
            raise NotFound(f"There is no folder {folder} on the machine of the server.", hint="Check the path.")
        is_empty = not any(folder.iterdir())
        below = sorted({file.parent for pattern in _NEAR for file in folder.glob(pattern) if file.is_file()})[:5]
    except OSError as error:
        raise AccessDenied(
            f"The folder {folder} cannot be read: {error.strerror}.",
            hint="Allow the user of the server to read it.",
        ) from error
    hint = f"Did you mean {', '.join(map(str, below))}?" if below else _HINT
    raise NotFound(f"The folder {folder} is empty." if is_empty else f"There is no vault in {folder}.", hint=hint)


_NEAR = ("*/config", "vaults/*/config")
_HINT = "A vault has a file named config. Headwater's own vaults are in the folder vaults of its home folder."


def unlock(blobs: Blobs, config: Config, secret: VaultSecret) -> Vault:
    """Open a vault with a secret.

    Raises:
        Invalid: the secret does not open it; the sentence names the key that would.
    """
    try:
        return Vault.open(blobs, *_sources(blobs, secret))
    except Locked as error:
        raise _wrong(blobs, secret) from error
    except Damaged as error:
        if keyring.damaged_slots(blobs):
            raise Invalid({_field(secret): error.message}, hint="Try another passphrase or key.") from error
        raise


def _field(secret: VaultSecret) -> str:
    return "passphrase" if secret.passphrase else "key"


def _sources(blobs: Blobs, secret: VaultSecret) -> Sequence[KeySource]:
    if secret.passphrase:
        return [KeySource.passphrase(secret.passphrase)]
    key = MasterKey.of(secret.key.strip())
    return [vault_locations.opener_of(key, organization) for organization in _organizations(blobs, key, secret)]


def _organizations(blobs: Blobs, key: MasterKey, secret: VaultSecret) -> Sequence[uuid.UUID]:
    """Return the organizations that the key of a vault may belong to: by its slots, its folder, and the user."""
    ids = [slot.derivation.get("organization", "") for slot in keyring.slots(blobs).values()]
    where = str(blobs.folder) if isinstance(blobs, LocalBlobs) else ""
    known = [uuid.UUID(text) for text in ids if _UUID.fullmatch(text)]
    known += [uuid.UUID(text) for text in reversed(_UUID.findall(where))]
    return list(dict.fromkeys([*known, *secret.organizations]))


def _wrong(blobs: Blobs, secret: VaultSecret) -> Invalid:
    slots = keyring.slots(blobs).values()
    if secret.passphrase:
        if any(slot.kind == "passphrase" for slot in slots):
            return Invalid({"passphrase": "This passphrase does not open the vault."}, hint="Check it, or use a key.")
        return Invalid(
            {"passphrase": "No passphrase was added to this vault."},
            hint="Use the envelope.key of the Headwater that wrote it: --key-file.",
        )
    mine = MasterKey.of(secret.key.strip()).id.hex()
    needed = sorted({slot.derivation["key"] for slot in slots if "key" in slot.derivation})
    if needed and mine not in needed:
        return Invalid(
            {"key": f"This key does not open the vault: its id is {mine}."},
            hint=f"Use the envelope.key whose id is {' or '.join(needed)}, or a passphrase.",
        )
    return Invalid(
        {"key": "This key does not open the vault."},
        hint="Use the envelope.key of the Headwater that wrote it. If its version was older, also give the id of its "
        "organization: --former-organization.",
    )
