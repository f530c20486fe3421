"""The errors of a vault."""

from __future__ import annotations

from headwater.kit.errors import Unauthenticated, Unavailable


class StorageUnavailable(Unavailable):
    """The storage of the vault does not respond."""

    code = "storage_unavailable"


class StorageFull(StorageUnavailable):
    """The storage of the vault is full."""

    code = "storage_full"


class AccessDenied(StorageUnavailable):
    """The storage of the vault does not allow this."""

    code = "storage_denied"


class Damaged(Unavailable):
    """Data in the vault is damaged."""

    code = "vault_damaged"


class Missing(Damaged):
    """Data that the vault refers to is missing."""

    code = "vault_incomplete"


class Locked(Unauthenticated):
    """The given key does not open this vault."""

    code = "vault_locked"
