"""Request and response models of accounts."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from headwater.features.accounts.rights import Role, Scope

Item = TypeVar("Item")


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain the character NUL")
    return value


@dataclass(frozen=True)
class Described:
    """Lets the description of a text state, as a pattern, a rule that a validator enforces."""

    pattern: str

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Set the pattern; the outermost one counts."""
        return handler(core_schema) | {"pattern": self.pattern}


# Blanks around a name are stripped before its length is checked.
NOT_BLANK = Described(r"\S")
# PostgreSQL cannot store NUL in text.
Text = Annotated[str, AfterValidator(_without_nul), Described(r"^[^\u0000]*$")]
Name = Annotated[Text, Field(max_length=200)]
LongText = Annotated[Text, Field(max_length=10_000)]
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _spelled_moment(value: Any) -> Any:
    """Refuse a number for a moment: nobody can tell seconds from milliseconds, and the description says text."""
    if value is None or isinstance(value, datetime) or (isinstance(value, str) and _DATE.match(value)):
        return value
    raise ValueError("must be a time such as 2026-01-31T09:00:00Z")


Moment = Annotated[datetime, BeforeValidator(_spelled_moment)]


class Wire(BaseModel):
    """Base class of responses."""

    model_config = ConfigDict(from_attributes=True)


class Input(BaseModel):
    """Base class of requests: an unknown field is an error, and no value is taken for one of another type."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _is_unicode(cls, value: Any) -> Any:
        return without_surrogates(value)

    @field_validator("*", mode="before")
    @classmethod
    def _has_the_declared_type(cls, value: Any, info: ValidationInfo) -> Any:
        assert info.field_name
        return _checked_scalar(value, _types_of(cls, info.field_name))


class Change(Input):
    """Base class of changes: an omitted field stays as it is, and null is a value only of those in `NULLABLE`."""

    NULLABLE: ClassVar[frozenset[str]] = frozenset()

    @field_validator("*", mode="before")
    @classmethod
    def _is_not_null(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.field_name not in cls.NULLABLE:
            raise ValueError("must not be null; leave it out to keep it as it is")
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe that null is no value."""
        described = handler.resolve_ref_schema(handler(core_schema))
        for name, field in described.get("properties", {}).items():
            if name not in cls.NULLABLE and "anyOf" in field:
                choices = [choice for choice in field.pop("anyOf") if choice != {"type": "null"}]
                field |= choices[0] if len(choices) == 1 else {"anyOf": choices}
                field.pop("default", None)
        return described


def without_surrogates(value: Any) -> Any:
    """Return a JSON value, or raise ValueError if a text in it cannot be encoded in UTF-8."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("is not valid Unicode: it contains half of a surrogate pair") from None
    elif isinstance(value, dict):
        for key, item in value.items():
            without_surrogates(key)
            without_surrogates(item)
    elif isinstance(value, list):
        for item in value:
            without_surrogates(item)
    return value


def _checked_scalar(value: Any, types: frozenset[Any]) -> Any:
    """Refuse 0 for false, "1" for 1 and true for 1."""
    if bool in types and types <= {bool, NoneType} and value is not None and not isinstance(value, bool):
        raise ValueError("must be true or false")
    if types <= {int, float, NoneType} and isinstance(value, bool | str):
        raise ValueError("must be a number")
    return _spelled_moment(value) if types <= {datetime, AwareDatetime, NoneType} else value


@cache
def _types_of(model: type[BaseModel], field: str) -> frozenset[Any]:
    """Return the plain types that the annotation of a field is made of."""
    types: set[Any] = set()
    waiting: list[Any] = [model.model_fields[field].annotation]
    while waiting:
        annotation = waiting.pop()
        if get_origin(annotation) in {Union, UnionType}:
            waiting += get_args(annotation)
        elif get_origin(annotation) is Annotated:
            waiting.append(get_args(annotation)[0])
        elif get_origin(annotation) is Literal:
            types |= {type(value) for value in get_args(annotation)}
        else:
            types.add(annotation)
    return frozenset(types)


class ListOf(Wire, Generic[Item]):
    """A page of a list and the cursor of the next page."""

    items: list[Item]
    next: str | None = None


class InstanceOut(Wire):
    """Public information about this instance."""

    version: str
    open_signup: bool
    has_users: bool
    sends_mail: bool
    password_rules: list[str] = Field(description="What a new password must be, as sentences.")


class InstanceIn(Input):
    """Settings that the administrator can change."""

    open_signup: bool


class SignUpIn(Input):
    """A new account; with the token of an invitation, also where sign-up is closed."""

    email: Name
    password: SecretStr = Field(max_length=1000)
    name: Name = ""
    invitation: Annotated[str, Field(max_length=100)] = ""


class SignInIn(Input):
    """A sign-in with a password; `keep_account` undoes a deletion in its grace period."""

    email: Name
    password: SecretStr = Field(max_length=1000)
    keep_account: bool = False


class UserOut(Wire):
    """A user."""

    id: uuid.UUID
    email: str
    name: str
    is_admin: bool
    created_at: datetime


class OrganizationOut(Wire):
    """An organization with the current user's role in it."""

    id: uuid.UUID
    name: str
    role: Role
    requires_second_factor: bool
    locked: bool


class SignedInOut(Wire):
    """A user who is signed in; the refresh token is in the cookie."""

    user: UserOut
    access_token: str
    expires_in: int


class MeOut(Wire):
    """The current user and their organizations."""

    user: UserOut
    organizations: list[OrganizationOut]
    has_password: bool


class ProfileChange(Change):
    """Changes to the current user; omitted fields stay as they are."""

    name: Annotated[Name, Field(min_length=1)] | None = None


class PasswordIn(Input):
    """A change of password; all other sessions end. An account without a password needs no `current`."""

    current: SecretStr = Field(SecretStr(""), max_length=1000)
    new: SecretStr = Field(max_length=1000)


class EndedSessionsOut(Wire):
    """How many sessions were ended."""

    ended: int


class SessionOut(Wire):
    """A session."""

    id: uuid.UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    device: str = Field(description="The browser or program, and its system, by the user agent.")
    ip: str
    current: bool = False


class MemberOut(Wire):
    """A member of an organization."""

    user_id: uuid.UUID
    email: str
    name: str
    role: Role
    has_second_factor: bool | None


class RoleIn(Input):
    """The new role of a member."""

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
    project_id: uuid.UUID | None = Field(description="The only project that the key reaches.")
    database_id: uuid.UUID | None = Field(description="The only database that the key reaches.")
    limited_to: str = Field(description="The name of that project or database, when the key was created.")
    addresses: list[str] = Field(description="The networks in which the key is valid; none: everywhere.")
    replaced_by: uuid.UUID | None = Field(description="The key that has replaced this one, which expires soon.")


class KeyIn(Input):
    """A new API key; `addresses` are networks in CIDR notation, outside of which it is not valid."""

    name: Annotated[Name, Field(min_length=1)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    addresses: Annotated[list[Name], Field(max_length=50)] = []


class ProjectKeyIn(KeyIn):
    """A new API key, which reaches only a project if one is given."""

    project_id: uuid.UUID | None = None


class KeyRotationIn(Input):
    """The rotation of a key: how long the old one stays valid."""

    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24


class NewKeyOut(Wire):
    """A new API key; `secret` is the whole key and is shown only once."""

    key: KeyOut
    secret: str


class RotatedKeyOut(NewKeyOut):
    """The new API key, and the previous one, which expires soon."""

    previous: KeyOut


class ProjectOut(Wire):
    """A project with the current user's role and the numbers of its contents."""

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


class ProjectChange(Change):
    """Changes to a project; omitted fields stay as they are."""

    name: Annotated[Name, Field(min_length=1)] | None = None
    description: LongText | None = None
