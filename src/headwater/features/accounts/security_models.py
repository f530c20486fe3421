"""Request and response models of second factors, proofs and invitations."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from pydantic import Field, SecretStr

from headwater.features.accounts.api_models import Change, Input, Name, Wire
from headwater.features.accounts.rights import Role


class OrganizationChange(Input):
    """A change of an organization."""

    requires_second_factor: bool


class OwnPasswordIn(Input):
    """The password of the current user; empty if the account has none (then 403 `proof_needed` may ask for a proof)."""

    password: SecretStr = Field(SecretStr(""), max_length=1000)


class CodeIn(Input):
    """A code of an authenticator app."""

    code: str = Field(min_length=1, max_length=100)


class SecondFactorOut(Wire):
    """Whether the account has an authenticator app, since when, how many passkeys, and recovery codes that are left."""

    enabled: bool
    since: datetime | None
    recovery_codes: int
    passkeys: int


class EnrolmentOut(Wire):
    """What an authenticator app needs: the secret, the same as a URI, and its QR code as SVG."""

    secret: str
    uri: str
    qr_svg: str


class RecoveryCodesOut(Wire):
    """New recovery codes; each replaces a code of the app once. They are shown only once."""

    recovery_codes: list[str]


class InvitationIn(Input):
    """An invitation to an organization."""

    email: Name
    role: Role
    expires_in_days: int = Field(7, ge=1, le=90)


class InvitationOut(Wire):
    """An invitation without its token."""

    id: uuid.UUID
    email: str
    role: Role
    status: Literal["open", "accepted", "revoked", "expired"]
    created_at: datetime
    expires_at: datetime


class NewInvitationOut(Wire):
    """A new invitation; the link and its token are shown only once."""

    invitation: InvitationOut
    url: str
    token: str


class TokenIn(Input):
    """The token of a link."""

    token: str = Field(min_length=1, max_length=100)


class InvitationOfferOut(Wire):
    """What an invitation offers."""

    organization: str
    email: str
    role: Role
    invited_by: str
    expires_at: datetime


class EmailIn(Input):
    """An address."""

    email: Name


class NewEmailIn(Input):
    """The new address of the current user, with the password, if the account has one."""

    email: Name
    password: SecretStr = Field(SecretStr(""), max_length=1000)


class EmailOut(Wire):
    """The address of an account."""

    email: str


class ResetIn(Input):
    """A new password, and the token of the link that allows it; `end_keys` revokes all API keys, too."""

    token: str = Field(min_length=1, max_length=100)
    password: SecretStr = Field(max_length=1000)
    end_keys: bool = False


class RemainingKeyOut(Wire):
    """An API key that stays valid when a password is set anew."""

    name: str
    limited_to: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class ResetOfferOut(Wire):
    """The account whose password a link sets, and its valid API keys, at most 100."""

    email: str
    api_keys: list[RemainingKeyOut]


class AccountLinkOut(Wire):
    """A one-time link of an account, shown only once; `api_keys` stay valid if it sets a password, unless revoked."""

    url: str
    token: str
    expires_at: datetime
    api_keys: list[str] = Field(default_factory=list)


class UserDetailOut(Wire):
    """An account as the administrator sees it."""

    id: uuid.UUID
    email: str
    name: str
    is_admin: bool
    created_at: datetime
    last_seen_at: datetime | None
    has_second_factor: bool
    deactivated_at: datetime | None
    deletion_at: datetime | None


class UserChange(Change):
    """Changes to an account by the administrator; omitted fields stay as they are."""

    active: bool | None = None
    is_admin: bool | None = None


class DeactivationIn(Input):
    """The password of the current user, which a request with an API key needs."""

    password: SecretStr = Field(SecretStr(""), max_length=1000)


class SignUpPendingOut(Wire):
    """A sign-up that waits for the confirmation of its address."""

    email: str
    confirm_within_hours: int


class SignUpConfirmationIn(Input):
    """The token of the link in the mail, and the password that was chosen."""

    token: str = Field(min_length=1, max_length=100)
    password: SecretStr = Field(max_length=1000)


class DeviceIn(Input):
    """A command line that wants to be signed in, by the name of its machine."""

    name: Name = ""


class NewDeviceOut(Wire):
    """The codes of a new request: the first is a secret of the command line, the second is entered in the web app.

    The command line asks every `interval` seconds, at most `expires_in` seconds long.
    """

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int


class UserCodeIn(Input):
    """The code that a command line shows."""

    user_code: str = Field(min_length=1, max_length=20)


class DeviceOut(Wire):
    """A command line that waits: its machine as it says, the address that it came from, since when and until when."""

    name: str
    ip: str
    created_at: datetime
    expires_at: datetime


class DeviceAnswerIn(UserCodeIn):
    """Whether the current user has started this command line."""

    approved: bool


class DeviceTokenIn(Input):
    """The secret of a command line that waits."""

    device_code: str = Field(min_length=1, max_length=200)


class DeviceKeyOut(Wire):
    """The new API key of a command line."""

    secret: str
