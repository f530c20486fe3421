"""Envelope encryption of secrets in the store: a data key for each secret, wrapped by the key of this instance.

Layout of an encrypted secret (version 1): version (1 byte), id of the wrapping key (8), nonce of the wrap (12), wrapped
data key (48), nonce (12), AES-256-GCM ciphertext with its tag. The associated data of both layers names tenant, row
and column, so that a ciphertext that was moved elsewhere cannot be decrypted.
"""

from __future__ import annotations

import base64
import hashlib
import os
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from headwater.kit.errors import Unavailable
from headwater.kit.settings import Settings
from headwater.store.secrets import read_secret

VERSION = b"\x01"
KEY_FILE = "envelope.key"
_KEY_ID, _NONCE, _WRAPPED = 8, 12, 48
_HEAD = 1 + _KEY_ID + _NONCE + _WRAPPED + _NONCE


class SecretCipher:
    """Encrypts and decrypts secrets with the key in `$HEADWATER_HOME/envelope.key`."""

    def __init__(self, secret: str) -> None:
        key = hashlib.sha256(b"headwater envelope\0" + secret.encode()).digest()
        self.key_id = hashlib.sha256(b"id\0" + key).digest()[:_KEY_ID]
        self._key, self._root = AESGCM(key), key

    @classmethod
    def of(cls, settings: Settings) -> SecretCipher:
        """Return the cipher of this instance; its key is created on first use."""
        return cls(read_secret(settings.home_folder / KEY_FILE))

    @classmethod
    def check_key(cls, settings: Settings, sealed: bytes) -> None:
        """Check that the key of this instance is the one that a secret was encrypted with; create no key.

        Raises:
            Unavailable: the key file is missing, empty, or belongs to another store.
        """
        file, key_id = settings.home_folder / KEY_FILE, sealed[1 : 1 + _KEY_ID]
        hint = f"Restore the file {KEY_FILE} whose id is {_hex(key_id)} from a copy of the home folder."
        if not file.exists():
            raise Unavailable(f"The key of this store is missing: {file} does not exist.", hint=hint)
        if cls.of(settings).key_id != key_id:
            raise Unavailable(f"The key of this store is missing: {file} is the key of another store.", hint=hint)

    def encrypt(self, text: str, tenant: uuid.UUID, row: uuid.UUID, column: str) -> bytes:
        """Return a secret encrypted for one column of one row of one tenant."""
        aad = _associated_data(tenant, row, column)
        data_key = AESGCM.generate_key(256)
        outer, inner = os.urandom(_NONCE), os.urandom(_NONCE)
        wrapped = self._key.encrypt(outer, data_key, VERSION + self.key_id + aad)
        return VERSION + self.key_id + outer + wrapped + inner + AESGCM(data_key).encrypt(inner, text.encode(), aad)

    def derive(self, purpose: str, tenant: uuid.UUID) -> bytes:
        """Return a key of 32 bytes for one purpose of one tenant; it is always the same."""
        info = b"headwater " + purpose.encode() + b"\0" + tenant.bytes
        return HKDF(hashes.SHA256(), 32, None, info).derive(self._root)

    def decrypt(self, sealed: bytes, tenant: uuid.UUID, row: uuid.UUID, column: str) -> str:
        """Return the secret that was encrypted for this column of this row.

        Raises:
            Unavailable: it was encrypted with another key or for another column, or it is damaged.
        """
        aad = _associated_data(tenant, row, column)
        key_id, rest = sealed[1 : 1 + _KEY_ID], sealed[1 + _KEY_ID :]
        if sealed[:1] != VERSION or len(sealed) < _HEAD or key_id != self.key_id:
            raise Unavailable(
                "A stored secret was encrypted with another key.",
                hint=f"Restore the file {KEY_FILE} whose id is {_hex(key_id)}.",
            )
        outer, wrapped = rest[:_NONCE], rest[_NONCE : _NONCE + _WRAPPED]
        inner, text = rest[_NONCE + _WRAPPED : 2 * _NONCE + _WRAPPED], rest[2 * _NONCE + _WRAPPED :]
        try:
            data_key = self._key.decrypt(outer, wrapped, VERSION + key_id + aad)
            return AESGCM(data_key).decrypt(inner, text, aad).decode()
        except InvalidTag as error:
            raise Unavailable("A stored secret is damaged, or was moved.", hint="Enter it again.") from error


def _hex(key_id: bytes) -> str:
    return base64.b16encode(key_id).decode().lower()


def _associated_data(tenant: uuid.UUID, row: uuid.UUID, column: str) -> bytes:
    return tenant.bytes + row.bytes + column.encode()
