"""Request and response models of personal data."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import Field, SecretStr

from headwater.features.accounts.api_models import Input, Name, Wire
from headwater.features.jobs.api_models import JobState


class SuccessorOut(Wire):
    """A member who can become the owner of an organization."""

    user_id: uuid.UUID
    email: str
    name: str
    role: str


class OwnedOrganizationOut(Wire):
    """An organization whose only owner is the current user, how much it has, and who could own it."""

    id: uuid.UUID
    name: str
    is_personal: bool
    counts: dict[str, int]
    needs_confirmation: bool
    successors: list[SuccessorOut]


class BelongingsOut(Wire):
    """The organizations that only the current user owns, and the names of those that the user leaves."""

    owned: list[OwnedOrganizationOut]
    left: list[str]
    grace_days: int


class OrganizationChoiceIn(Input):
    """What happens to an organization: it gets another owner, or is deleted, confirmed by its name."""

    organization_id: uuid.UUID
    successor_id: uuid.UUID | None = None
    confirmation: Name = ""


class DeletionIn(Input):
    """The deletion of the account, and what happens to each organization that only its user owns."""

    organizations: list[OrganizationChoiceIn] = Field(default_factory=list, max_length=1000)
    password: SecretStr = Field(SecretStr(""), max_length=1000)


class DeletionOut(Wire):
    """When the account is deleted."""

    deletion_at: datetime


class PersonalExportIn(Input):
    """The password of the current user, which a request with an API key needs."""

    password: SecretStr = Field(SecretStr(""), max_length=1000)


class PersonalExportOut(Wire):
    """An export, by its job."""

    id: uuid.UUID
    state: JobState
    created_at: datetime
    finished_at: datetime | None
    available: bool


class PersonalExportLinkOut(Wire):
    """A link to the file of an export."""

    url: str
    expires_at: datetime
