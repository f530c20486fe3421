"""A sealed secret opens only with its key and in its place."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.kit.errors import Unavailable
from headwater.store.encryption import SecretCipher

SEALER = SecretCipher("a key")
TENANT, ROW = uuid.uuid4(), uuid.uuid4()


@given(st.text())
def test_what_was_sealed_opens(text: str) -> None:
    sealed = SEALER.encrypt(text, TENANT, ROW, "password")
    assert SEALER.decrypt(sealed, TENANT, ROW, "password") == text
    assert len(text) < 4 or text.encode() not in sealed


@pytest.mark.parametrize(
    ("tenant", "row", "column"),
    [(uuid.uuid4(), ROW, "password"), (TENANT, uuid.uuid4(), "password"), (TENANT, ROW, "ssh_key")],
)
def test_a_moved_secret_does_not_open(tenant: uuid.UUID, row: uuid.UUID, column: str) -> None:
    with pytest.raises(Unavailable, match="moved"):
        SEALER.decrypt(SEALER.encrypt("x", TENANT, ROW, "password"), tenant, row, column)


def test_another_key_says_which_is_missing() -> None:
    with pytest.raises(Unavailable) as failed:
        SecretCipher("another").decrypt(SEALER.encrypt("x", TENANT, ROW, "password"), TENANT, ROW, "password")
    assert SEALER.key_id.hex() in str(failed.value.hint)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_every_flipped_bit_is_seen(place: int, flip: int) -> None:
    sealed = bytearray(SEALER.encrypt("a secret", TENANT, ROW, "password"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(Unavailable):
        SEALER.decrypt(bytes(sealed), TENANT, ROW, "password")


def test_two_seals_of_one_secret_differ() -> None:
    assert SEALER.encrypt("x", TENANT, ROW, "p") != SEALER.encrypt("x", TENANT, ROW, "p")
