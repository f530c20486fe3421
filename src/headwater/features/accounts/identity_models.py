"""Request and response models of identity providers and of the identities of a user."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from pydantic import Field

from headwater.features.accounts.api_models import Input, Name, SignedInOut, Text, Wire


class ProviderOut(Wire):
    """An identity provider; `fresh_sign_in` if it can prove who uses a session."""

    id: str
    name: str
    fresh_sign_in: bool


class FlowStartIn(Input):
    """The begin of a sign-in: the page to go on to, and the token of an invitation for a new account.

    `keep_account` undoes a deletion in its grace period.
    """

    next: Text = Field("", max_length=500)
    invitation: Text = Field("", max_length=100)
    keep_account: bool = False


class SessionFlowIn(Input):
    """The begin of a flow in a session: to link an identity, or to prove by a fresh sign-in who uses the session."""

    provider: Name
    purpose: Literal["link", "proof"]
    next: Text = Field("", max_length=500)


class NewFlowOut(Wire):
    """Where the browser goes."""

    url: str


class FlowAnswerIn(Input):
    """What the provider has sent with the browser: `code` and `state`, or an `error`."""

    state: Text = Field(min_length=1, max_length=200)
    code: Text = Field("", max_length=4000)
    iss: Text = Field("", max_length=500)
    error: Text = Field("", max_length=200)


class SessionFlowAnswerIn(FlowAnswerIn):
    """The same for a flow in a session, with the id of the provider."""

    provider: Name


class FlowResultOut(Wire):
    """A sign-in that is complete; with `second_factor`, it goes on with `POST /auth/oidc/second-step`."""

    next: str
    second_factor: bool
    session: SignedInOut | None


class NextOut(Wire):
    """The page to go on to."""

    next: str


class IdentityOut(Wire):
    """An identity of the current user; `provider` is empty if the settings no longer name its provider."""

    id: uuid.UUID
    provider: str
    provider_name: str
    email: str
    created_at: datetime
    last_used_at: datetime | None
