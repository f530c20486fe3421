"""Encrypted secrets can be decrypted only with their key, in their column and row."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.kit.errors import Unavailable
from headwater.store.encryption import SecretCipher

CIPHER = SecretCipher("a key")
TENANT, ROW = uuid.uuid4(), uuid.uuid4()


@given(st.text())
def test_encrypt_decrypt_round_trip(text: str) -> None:
    ciphertext = CIPHER.encrypt(text, TENANT, ROW, "password")
    assert CIPHER.decrypt(ciphertext, TENANT, ROW, "password") == text
    assert len(text) < 4 or text.encode() not in ciphertext


@pytest.mark.parametrize(
    ("tenant", "row", "column"),
    [(uuid.uuid4(), ROW, "password"), (TENANT, uuid.uuid4(), "password"), (TENANT, ROW, "ssh_key")],
)
def test_moved_secret_cannot_be_decrypted(tenant: uuid.UUID, row: uuid.UUID, column: str) -> None:
    with pytest.raises(Unavailable, match="moved"):
        CIPHER.decrypt(CIPHER.encrypt("x", TENANT, ROW, "password"), tenant, row, column)


def test_wrong_key_names_the_missing_key() -> None:
    with pytest.raises(Unavailable) as failed:
        SecretCipher("another").decrypt(CIPHER.encrypt("x", TENANT, ROW, "password"), TENANT, ROW, "password")
    assert CIPHER.key_id.hex() in str(failed.value.hint)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_damaged_ciphertext_cannot_be_decrypted(place: int, flip: int) -> None:
    ciphertext = bytearray(CIPHER.encrypt("a secret", TENANT, ROW, "password"))
    ciphertext[place % len(ciphertext)] ^= flip
    with pytest.raises(Unavailable):
        CIPHER.decrypt(bytes(ciphertext), TENANT, ROW, "password")


def test_ciphertexts_of_equal_secrets_differ() -> None:
    assert CIPHER.encrypt("x", TENANT, ROW, "p") != CIPHER.encrypt("x", TENANT, ROW, "p")
