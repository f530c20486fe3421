"""Tests of a storage before it is used: whether a vault can be written there, and what is there already."""

from __future__ import annotations

import contextlib
import secrets
from datetime import datetime

from headwater.features.snapshots.service.storage.vault_locations import VaultLocation
from headwater.kit.errors import Conflict
from headwater.vault.blobs import Blobs
from headwater.vault.errors import AccessDenied, Damaged, Locked, Missing, StorageUnavailable


class NotWritable(StorageUnavailable):
    """This storage refuses to write objects, or to delete them."""

    code = "storage_read_only"


class ForeignVault(Conflict):
    """The storage contains a vault of another Headwater."""

    code = "vault_foreign"


def probe(blobs: Blobs) -> datetime:
    """Write, read and delete a blob, and check that overwriting is refused; return the time by the storage's clock.

    Raises:
        NotWritable: the storage can be reached, but does not allow to write or to delete.
        StorageUnavailable: it cannot be reached, or it overwrites existing objects.
    """
    name = f"probes/{secrets.token_hex(8)}"
    try:
        moment = _written(blobs, name)
    except BaseException:
        with contextlib.suppress(StorageUnavailable, Damaged):  # its error must not hide the first one
            blobs.delete(name)
        raise
    try:
        blobs.delete(name)
    except AccessDenied as error:
        raise NotWritable(
            f"This storage allows to write, but not to delete: {error.message}",
            hint="Allow the access key to delete objects.",
        ) from error
    return moment


def _written(blobs: Blobs, name: str) -> datetime:
    first = _created(blobs, name)
    second = blobs.create(name, b"another")
    blob = blobs.find(name)
    if not first or second or blob is None or blobs.read(name) != b"headwater":
        raise StorageUnavailable(
            "This storage overwrites existing objects.",
            hint="It must support conditional writes (If-None-Match).",
        )
    return blob.modified


def _created(blobs: Blobs, name: str) -> bool:
    next(iter(blobs.list("probes/")), None)  # if this is allowed, a refused write has no other reason
    try:
        return blobs.create(name, b"headwater")
    except AccessDenied as error:
        raise NotWritable(
            f"This storage can be read, but not written: {error.message}",
            hint="Allow writing and deleting there, or open the vault with --read-only.",
        ) from error


def check_own(location: VaultLocation) -> None:
    """Check that a location is empty, or has a vault that this Headwater can open.

    Raises:
        ForeignVault: it has the vault of another Headwater.
    """
    try:
        if location.blobs.find("config"):
            location.open()
    except Missing:
        return
    except Locked as error:
        raise ForeignVault(
            hint="Open it with its passphrase or with the envelope.key of that Headwater: headwater vault open."
        ) from error
