"""What can be wrong with a vault."""

from __future__ import annotations

from headwater.kit.errors import Unauthenticated, Unavailable


class StorageUnavailable(Unavailable):
    """The storage of the vault does not answer."""

    code = "storage_unavailable"


class StorageFull(StorageUnavailable):
    """There is no room left in the storage of the vault."""

    code = "storage_full"


class Damaged(Unavailable):
    """Something in the vault is not what was written."""

    code = "vault_damaged"


class Missing(Damaged):
    """Something that the vault refers to is not there."""

    code = "vault_incomplete"


class Locked(Unauthenticated):
    """No key was given that opens this vault."""

    code = "vault_locked"
