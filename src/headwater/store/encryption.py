"""Secrets in the store, under envelope encryption: a data key for each secret, wrapped by the key of this Headwater.

Layout of a sealed secret (version 1): version (1 byte), id of the wrapping key (8), nonce of the wrap (12), wrapped
data key (48), nonce (12), AES-256-GCM ciphertext with its tag. The associated data of both layers names tenant, row
and column, so that a ciphertext moved elsewhere does not open.
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
_KEY_ID, _NONCE, _WRAPPED = 8, 12, 48
_HEAD = 1 + _KEY_ID + _NONCE + _WRAPPED + _NONCE


class SecretCipher:
    """Seals and opens secrets with the key kept in `$HEADWATER_HOME/envelope.key`."""

    def __init__(self, secret: str) -> None:
        key = hashlib.sha256(b"headwater envelope\0" + secret.encode()).digest()
        self.key_id = hashlib.sha256(b"id\0" + key).digest()[:_KEY_ID]
        self._key, self._root = AESGCM(key), key

    @classmethod
    def of(cls, settings: Settings) -> SecretCipher:
        """Return the sealer of this Headwater, making its key on first use."""
        return cls(read_secret(settings.home_folder / "envelope.key"))

    def encrypt(self, text: str, tenant: uuid.UUID, row: uuid.UUID, column: str) -> bytes:
        """Return a secret sealed for one column of one row of one tenant."""
        place = _place(tenant, row, column)
        data_key = AESGCM.generate_key(256)
        outer, inner = os.urandom(_NONCE), os.urandom(_NONCE)
        wrapped = self._key.encrypt(outer, data_key, VERSION + self.key_id + place)
        return VERSION + self.key_id + outer + wrapped + inner + AESGCM(data_key).encrypt(inner, text.encode(), place)

    def derive(self, purpose: str, tenant: uuid.UUID) -> bytes:
        """Return a key of 32 bytes for one purpose of one tenant; the same one every time."""
        info = b"headwater " + purpose.encode() + b"\0" + tenant.bytes
        return HKDF(hashes.SHA256(), 32, None, info).derive(self._root)

    def decrypt(self, sealed: bytes, tenant: uuid.UUID, row: uuid.UUID, column: str) -> str:
        """Return the secret that was sealed for this very place.

        Raises:
            Unavailable: it was sealed with another key or for another place, or is damaged.
        """
        place = _place(tenant, row, column)
        key_id, rest = sealed[1 : 1 + _KEY_ID], sealed[1 + _KEY_ID :]
        if sealed[:1] != VERSION or len(sealed) < _HEAD or key_id != self.key_id:
            raise Unavailable(
                "A stored secret was sealed with another key.",
                hint=f"Put back the envelope.key whose id is {base64.b16encode(key_id).decode().lower()}.",
            )
        outer, wrapped = rest[:_NONCE], rest[_NONCE : _NONCE + _WRAPPED]
        inner, text = rest[_NONCE + _WRAPPED : 2 * _NONCE + _WRAPPED], rest[2 * _NONCE + _WRAPPED :]
        try:
            data_key = self._key.decrypt(outer, wrapped, VERSION + key_id + place)
            return AESGCM(data_key).decrypt(inner, text, place).decode()
        except InvalidTag as error:
            raise Unavailable("A stored secret is damaged, or was moved.", hint="Enter it again.") from error


def _place(tenant: uuid.UUID, row: uuid.UUID, column: str) -> bytes:
    return tenant.bytes + row.bytes + column.encode()
