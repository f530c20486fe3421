"""The wire shapes of accounts."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from headwater.features.accounts.rights import Role, Scope

Item = TypeVar("Item")


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain the character NUL")
    return value


# PostgreSQL cannot store NUL in text.
Text = Annotated[str, AfterValidator(_without_nul)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_without_nul)]
LongText = Annotated[str, Field(max_length=10_000), AfterValidator(_without_nul)]


class Wire(BaseModel):
    """A shape that goes over the wire."""

    model_config = ConfigDict(from_attributes=True)


class Input(BaseModel):
    """A shape that comes in; a misspelt field is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


class ListOf(Wire, Generic[Item]):
    """A page of a list, and the cursor of the next."""

    items: list[Item]
    next: str | None = None


class InstanceOut(Wire):
    """What a visitor may know of this instance."""

    version: str
    open_signup: bool
    has_users: bool


class InstanceIn(Input):
    """The administrator's choices."""

    open_signup: bool


class SignUpIn(Input):
    """A new account."""

    email: Name
    password: SecretStr = Field(max_length=1000)
    name: Name = ""


class SignInIn(Input):
    """A sign-in."""

    email: Name
    password: SecretStr = Field(max_length=1000)


class UserOut(Wire):
    """A user."""

    id: uuid.UUID
    email: str
    name: str
    is_admin: bool
    created_at: datetime


class OrganizationOut(Wire):
    """An organization with the role that the asking user has in it."""

    id: uuid.UUID
    name: str
    role: Role


class SignedInOut(Wire):
    """A user who is signed in; the refresh token is in the cookie."""

    user: UserOut
    access_token: str
    expires_in: int


class MeOut(Wire):
    """Who is asking."""

    user: UserOut
    organizations: list[OrganizationOut]


class SessionOut(Wire):
    """A session of the asking user."""

    id: uuid.UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    ip: str
    current: bool = False


class MemberOut(Wire):
    """A member of an organization."""

    user_id: uuid.UUID
    email: str
    name: str
    role: Role


class MemberIn(Input):
    """A new member: a user who has signed up."""

    email: Name
    role: Role


class RoleIn(Input):
    """Another role for a member."""

    role: Role


class KeyOut(Wire):
    """An API key without its secret."""

    id: uuid.UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeyIn(Input):
    """A new API key."""

    name: Annotated[Name, Field(min_length=1)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class NewKeyOut(Wire):
    """A new API key; `secret` is the whole key and is shown this once."""

    key: KeyOut
    secret: str


class AuditActorOut(Wire):
    """Who did something."""

    id: uuid.UUID | None
    email: str
    kind: Literal["user", "key", "system"]


class AuditResourceOut(Wire):
    """What something was done to."""

    kind: str
    id: str
    name: str


class AuditOut(Wire):
    """One entry of the audit."""

    id: uuid.UUID
    at: datetime
    actor: AuditActorOut
    action: str
    resource: AuditResourceOut
    details: dict[str, Any]
    ip: str


class ProjectOut(Wire):
    """A project with the role of the asking user and what is in it."""

    id: uuid.UUID
    name: str
    description: str
    organization_id: uuid.UUID
    role: Role
    created_at: datetime
    is_sample: bool
    codebase_count: int
    table_count: int
    column_count: int
    usage_count: int


class ProjectIn(Input):
    """A new project."""

    name: Annotated[Name, Field(min_length=1)]
    description: LongText = ""
    organization_id: uuid.UUID | None = None


class ProjectChange(Input):
    """What to change of a project; what is left out stays."""

    name: Annotated[Name, Field(min_length=1)] | None = None
    description: LongText | None = None
