"""Authorization: the table of roles and permissions, and the functions that check it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

from headwater.kit.errors import Forbidden, NotFound

Role = Literal["owner", "admin", "member", "viewer"]
Scope = Literal["read", "write", "admin"]
Action = Literal[
    "account:read",
    "account:credentials",
    "account:write",
    "account:admin",
    "instance:admin",
    "organization:read",
    "member:read",
    "member:admin",
    "project:read",
    "project:write",
    "project:admin",
    "codebase:read",
    "codebase:write",
    "database:read",
    "database:write",
    "database:admin",
    "job:read",
    "job:write",
    "audit:read",
    "link:write",
]
ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: tuple[Scope, ...] = get_args(Scope)

VIEWER: frozenset[Action] = frozenset(
    {
        "organization:read",
        "member:read",
        "project:read",
        "codebase:read",
        "database:read",
        "job:read",
    }
)
MEMBER: frozenset[Action] = VIEWER | {"project:write", "codebase:write", "database:write", "job:write", "link:write"}
ADMIN: frozenset[Action] = MEMBER | {"project:admin", "member:admin", "database:admin", "audit:read"}
PERMISSIONS: Mapping[Role, frozenset[Action]] = {
    "viewer": VIEWER,
    "member": MEMBER,
    "admin": ADMIN,
    "owner": ADMIN,
}

# What an API key that is limited to a project or database may do: nothing about accounts, members or the audit log.
LIMITED: frozenset[Action] = frozenset(
    {
        "account:read",
        "organization:read",
        "project:read",
        "project:write",
        "project:admin",
        "codebase:read",
        "codebase:write",
        "database:read",
        "database:write",
        "database:admin",
        "job:read",
        "job:write",
        "link:write",
    }
)
# What a key that is limited to a database may do to the project of the database: find it.
OF_THE_PROJECT: frozenset[Action] = frozenset({"project:read", "codebase:read", "database:read"})


@dataclass(frozen=True, slots=True)
class KeyLimit:
    """What a limited API key may reach: a project, or only one database of it."""

    project_id: uuid.UUID
    database_id: uuid.UUID | None = None

    @property
    def kind(self) -> Literal["project", "database"]:
        """What the key is limited to."""
        return "database" if self.database_id else "project"


@dataclass(frozen=True, slots=True)
class Reach:
    """What the lists of an actor may contain: rows of these organizations, within the limit of the key."""

    organizations: Sequence[uuid.UUID]
    limit: KeyLimit | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a request: a user with a session, a user's API key, or Headwater itself."""

    kind: Literal["user", "key", "system"]
    user_id: uuid.UUID | None
    email: str
    name: str = ""
    is_admin: bool = False
    session_id: uuid.UUID | None = None
    key_id: uuid.UUID | None = None
    scopes: frozenset[Scope] = frozenset(SCOPES)
    roles: Mapping[uuid.UUID, Role] = field(default_factory=dict)
    ip: str = ""
    door: Literal["web", "cli", "api"] = "web"
    """By which program the request came; an API key of the command line is `cli`."""
    key_name: str = ""
    """The name of the API key that the actor uses."""
    locked: frozenset[uuid.UUID] = frozenset()
    """Organizations in which the actor may do nothing until the account has a second factor."""
    is_proven: bool = True
    """Whether a password or a code was entered in this session not long ago; an API key needs none."""
    limit: KeyLimit | None = None
    """The project or database that the API key is limited to."""

    @property
    def credential_id(self) -> uuid.UUID | None:
        """The session or the API key that the actor uses."""
        return self.session_id or self.key_id


SYSTEM = Actor("system", None, "system")


class RoleForbidden(Forbidden):
    """Your role does not allow this."""

    organization_id: uuid.UUID | None = None
    """The organization in which it was refused, whose admins may know of it."""


class Concealed(NotFound):
    """Nothing with this name exists."""

    # It exists, but not for the actor: the answer must not tell, the audit log does.


class SecondFactorRequired(RoleForbidden):
    """This organization demands a second factor."""

    code = "second_factor_required"


class ProofNeeded(Forbidden):
    """Confirm that it is you."""

    code = "proof_needed"


def missing(resource: object, message: str) -> NotFound:
    """Return the error for a resource that does not exist, or not for the actor, which must look the same."""
    return NotFound(message) if resource is None else Concealed(message)


class Resource(Protocol):
    """Anything that belongs to an organization.

    What belongs to a project or database has `project_id` or `database_id`, too: without them, keys that are limited
    to a project or database cannot reach it.
    """

    @property
    def organization_id(self) -> uuid.UUID:
        """The organization that owns it."""
        ...


def scope_of(action: Action) -> Scope:
    """Return the scope that an API key needs for an action."""
    scope = action.rsplit(":", 1)[1]
    return "admin" if scope == "admin" else "write" if scope == "write" else "read"


# The scopes of a key that allow what each scope is for: who may write may read.
_GRANTED_BY: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read", "write", "admin"}),
    "write": frozenset({"write", "admin"}),
    "admin": frozenset({"admin"}),
}


def allow_scope(actor: Actor, action: Action) -> None:
    """Raise Forbidden if the actor's key lacks the scope for this action, or is limited to a project or database."""
    needed = scope_of(action)
    if actor.scopes.isdisjoint(_GRANTED_BY[needed]):
        raise Forbidden(f"This API key lacks the scope {needed!r}.", hint="Create a key with that scope.")
    if actor.limit and action not in LIMITED:
        raise _outside(actor.limit)


def _outside(limit: KeyLimit) -> Forbidden:
    return Forbidden(f"This API key is limited to a {limit.kind}.", hint="Use a key without this limit.")


def _check_limit(limit: KeyLimit, action: Action, resource: Resource) -> None:
    """Raise unless a limited key reaches a resource: NotFound for that of another project or database."""
    project_id, database_id = getattr(resource, "project_id", None), getattr(resource, "database_id", None)
    is_project = getattr(resource, "is_project", False)
    if not (hasattr(resource, "project_id") or hasattr(resource, "database_id")) or (is_project and not project_id):
        raise _outside(limit)  # something of the organization, or a new project
    if limit.database_id is None:
        is_within = project_id == limit.project_id
    elif is_project:
        is_within = project_id == limit.project_id
        if is_within and action not in OF_THE_PROJECT:
            raise _outside(limit)
    else:
        is_within = database_id == limit.database_id
    if not is_within:
        raise Concealed


def authorize(actor: Actor, action: Action, resource: Resource | None) -> None:
    """Return if the actor may do the action to the resource, else raise.

    Raises:
        NotFound: there is no such resource, or it belongs to an organization that the actor is not a member of;
            the two must look the same.
        Forbidden: the actor may see the resource, but the role or the key does not allow the action.
            A key that is limited to a project or database gets NotFound for resources of others.
        SecondFactorRequired: the organization demands a second factor, which the actor's account does not have.
    """
    if resource is None:
        raise NotFound
    allow_scope(actor, action)
    if actor.kind == "system":
        return
    role = actor.roles.get(resource.organization_id)
    if role is None:
        raise Concealed
    if actor.limit:
        _check_limit(actor.limit, action, resource)
    if resource.organization_id in actor.locked:
        raise _of(resource, SecondFactorRequired(hint="Turn on the second factor of your account: Settings, Security."))
    if action not in PERMISSIONS[role]:
        raise _of(
            resource,
            RoleForbidden(f"Your role ({role}) does not allow this.", hint="Ask an admin of the organization."),
        )


def _of(resource: Resource, refusal: RoleForbidden) -> RoleForbidden:
    refusal.organization_id = resource.organization_id
    return refusal


def reach(actor: Actor, action: Action) -> Reach:
    """Return to what the actor may do the action; lists are restricted to it."""
    allow_scope(actor, action)
    organizations = [
        organization
        for organization, role in actor.roles.items()
        if action in PERMISSIONS[role] and organization not in actor.locked
    ]
    return Reach(organizations, actor.limit)


def may(actor: Actor, action: Action, resource: Resource) -> bool:
    """Return True if the actor may do the action to the resource."""
    try:
        authorize(actor, action, resource)
    except (Forbidden, NotFound):
        return False
    return True


def role_allows(actor: Actor, action: Action, organization_id: uuid.UUID) -> bool:
    """Return True if the actor's role in an organization includes an action, whatever the scopes of the key."""
    role = actor.roles.get(organization_id)
    return role is not None and action in PERMISSIONS[role] and organization_id not in actor.locked


def allow_admin(actor: Actor) -> None:
    """Raise Forbidden unless the actor is the administrator of the instance."""
    allow_scope(actor, "instance:admin")
    if not actor.is_admin:
        raise Forbidden("Only the administrator of this instance may do that.")


def require_proof(actor: Actor) -> None:
    """Raise ProofNeeded if no password or code was entered in the actor's session for a while."""
    if not actor.is_proven:
        raise ProofNeeded(hint="Enter your password, or a code of your second factor, and try again.")


def owners_only(actor: Actor, organization_id: uuid.UUID, *roles: str) -> None:
    """Raise Forbidden if one of the roles is an owner's and the actor is no owner."""
    if "owner" in roles and actor.roles.get(organization_id) != "owner":
        raise Forbidden("Only an owner can add, change or remove an owner.")
