"""Envelope encryption of secrets in the store: a data key for each secret, wrapped by the master key of this instance.

Layout of an encrypted secret (version 1): version (1 byte), id of the wrapping key (8), nonce of the wrap (12), wrapped
data key (48), nonce (12), AES-256-GCM ciphertext with its tag. The associated data of both layers names tenant, row
and column, so that a ciphertext that was moved elsewhere cannot be decrypted.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from headwater.kit.errors import Conflict, Unavailable
from headwater.kit.settings import Settings
from headwater.store import master_keys
from headwater.store.master_keys import KEY_FILE, MasterKey

VERSION = b"\x01"
_KEY_ID, _NONCE, _WRAPPED = 8, 12, 48
_HEAD = 1 + _KEY_ID + _NONCE + _WRAPPED + _NONCE


class SecretCipher:
    """Encrypts and decrypts secrets with the key in `$HEADWATER_HOME/envelope.key`.

    While the key is being rotated, secrets that the previous keys encrypted can still be decrypted.
    """

    def __init__(self, secret: str, previous: Sequence[str] = (), home: Path | None = None) -> None:
        self.key, self.previous = MasterKey.of(secret), tuple(map(MasterKey.of, previous))
        self._home = home

    @property
    def key_id(self) -> bytes:
        """The id of the key that encrypts new secrets."""
        return self.key.id

    @classmethod
    def of(cls, settings: Settings) -> SecretCipher:
        """Return the cipher of this instance; its key is created on first use."""
        home = settings.home_folder
        return cls(*master_keys.read(home), home)

    @classmethod
    def check_key(cls, settings: Settings, sealed: bytes) -> None:
        """Check that the key of this instance is the one that a secret was encrypted with; create no key.

        Raises:
            Unavailable: the key file is missing, empty, or belongs to another store.
        """
        file, key_id = settings.home_folder / KEY_FILE, key_id_of(sealed)
        hint = f"Restore the file {KEY_FILE} whose id is {key_id.hex()} from a copy of the home folder."
        if not file.exists():
            raise Unavailable(f"The key of this store is missing: {file} does not exist.", hint=hint)
        if key_id not in cls.of(settings)._keys():
            raise Unavailable(f"The key of this store is missing: {file} is the key of another store.", hint=hint)

    def encrypt(self, text: str, tenant: uuid.UUID, row: uuid.UUID, column: str) -> bytes:
        """Return a secret encrypted for one column of one row of one tenant."""
        aad = _associated_data(tenant, row, column)
        data_key = AESGCM.generate_key(256)
        outer, inner = os.urandom(_NONCE), os.urandom(_NONCE)
        wrapped = self.key.cipher.encrypt(outer, data_key, VERSION + self.key_id + aad)
        return VERSION + self.key_id + outer + wrapped + inner + AESGCM(data_key).encrypt(inner, text.encode(), aad)

    def check_current(self) -> None:
        """Check, after a secret was written and before the commit, that its key was not replaced in the meantime.

        A rotation replaces the key file first, and then waits for the writers of each table: a writer either comes
        before that and its secret is encrypted anew, or sees the new file here.

        Raises:
            Conflict: the key was replaced; the secret must be encrypted again.
        """
        if self._home and MasterKey.of(master_keys.read(self._home)[0]).id != self.key_id:
            raise Conflict("The key of this Headwater was replaced in the meantime.", hint="Try again.")

    def derive(self, purpose: str, tenant: uuid.UUID) -> bytes:
        """Return a key of 32 bytes for one purpose of one tenant; it is always the same."""
        return self.key.derive(purpose, tenant)

    def decrypt(self, sealed: bytes, tenant: uuid.UUID, row: uuid.UUID, column: str) -> str:
        """Return the secret that was encrypted for this column of this row.

        Raises:
            Unavailable: it was encrypted with another key or for another column, or it is damaged.
        """
        aad = _associated_data(tenant, row, column)
        key_id, rest = key_id_of(sealed), sealed[1 + _KEY_ID :]
        key = self._keys().get(key_id)
        if sealed[:1] != VERSION or len(sealed) < _HEAD or key is None:
            raise Unavailable(
                "A stored secret was encrypted with another key.",
                hint=f"Restore the file {KEY_FILE} whose id is {key_id.hex()}.",
            )
        outer, wrapped = rest[:_NONCE], rest[_NONCE : _NONCE + _WRAPPED]
        inner, text = rest[_NONCE + _WRAPPED : 2 * _NONCE + _WRAPPED], rest[2 * _NONCE + _WRAPPED :]
        try:
            data_key = key.cipher.decrypt(outer, wrapped, VERSION + key_id + aad)
            return AESGCM(data_key).decrypt(inner, text, aad).decode()
        except InvalidTag as error:
            raise Unavailable("A stored secret is damaged, or was moved.", hint="Enter it again.") from error

    def renew(self, sealed: bytes, tenant: uuid.UUID, row: uuid.UUID, column: str) -> bytes:
        """Return a secret encrypted with the current key; one that already is stays as it is."""
        if key_id_of(sealed) == self.key_id:
            return sealed
        return self.encrypt(self.decrypt(sealed, tenant, row, column), tenant, row, column)

    def _keys(self) -> Mapping[bytes, MasterKey]:
        return {key.id: key for key in (*self.previous, self.key)}


def key_id_of(sealed: bytes) -> bytes:
    """Return the id of the key that encrypted a secret."""
    return sealed[1 : 1 + _KEY_ID]


def _associated_data(tenant: uuid.UUID, row: uuid.UUID, column: str) -> bytes:
    return tenant.bytes + row.bytes + column.encode()
