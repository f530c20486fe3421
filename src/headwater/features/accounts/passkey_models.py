"""Request and response models of passkeys. Options and credentials are JSON as WebAuthn defines it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pydantic import Field, SecretStr

from headwater.features.accounts.api_models import Input, Name, SignInIn, Text, Wire


class ChallengeOut(Wire):
    """The options for `navigator.credentials`, and the ticket that is sent back with its result."""

    options: dict[str, Any]
    ticket: str


class PasskeyResultIn(Input):
    """The result of `navigator.credentials`, and the ticket of its challenge."""

    ticket: Text = Field(min_length=1, max_length=2000)
    credential: dict[str, Any]


class PasskeySignInIn(PasskeyResultIn):
    """A sign-in with a passkey; `keep_account` undoes a deletion in its grace period."""

    keep_account: bool = False


class SecondStepIn(Input):
    """A code of the second factor, or a recovery code; or a passkey."""

    code: Text = Field("", max_length=100)
    passkey: PasskeyResultIn | None = None


class FullSignInIn(SignInIn, SecondStepIn):
    """A sign-in; `code` is of the second factor, or a recovery code; a passkey replaces it."""


class ProofIn(SecondStepIn):
    """The password of the current user, or a code of the second factor, or a passkey: one of these."""

    password: SecretStr = Field(SecretStr(""), max_length=1000)


class NewPasskeyIn(PasskeyResultIn):
    """A new passkey, with the name that its user gives it."""

    name: Name = Field(min_length=1)


class PasskeyChange(Input):
    """The new name of a passkey."""

    name: Name = Field(min_length=1)


class PasskeyOut(Wire):
    """A passkey of the current user, for the host at which it was created; `is_synced` if several devices have it."""

    id: uuid.UUID
    name: str
    host: str
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None


class NewPasskeyOut(Wire):
    """A new passkey; recovery codes, which are shown only once, if it is the first second factor of the account."""

    passkey: PasskeyOut
    recovery_codes: list[str]
