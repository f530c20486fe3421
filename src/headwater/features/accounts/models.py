"""The tables of accounts: users and their credentials, organizations and their members, the audit log."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from headwater.features.accounts.devices import device_of
from headwater.kit.ids import new_id
from headwater.store.base import Base

NOW = func.now()
ROLE_CHECK = "role IN ('owner', 'admin', 'member', 'viewer')"


def _owner(column: str) -> ForeignKey:
    return ForeignKey(column, ondelete="CASCADE")


class User(Base):
    """A person; without a password, they sign in with an identity. `email` is stored in lower case.

    `email_verified_at` is when a mail, or a provider that has verified the address, last proved that it is theirs.
    A deactivated account cannot be used. One with a `deletion_at` is deleted then, unless it is taken back before.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("deletion_at IS NULL OR deactivated_at IS NOT NULL", name="deletion"),
        Index("ix_users_deletion_at", "deletion_at", postgresql_where=text("deletion_at IS NOT NULL")),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(TEXT, unique=True)
    name: Mapped[str] = mapped_column(TEXT)
    password_hash: Mapped[str | None] = mapped_column(TEXT)
    email_verified_at: Mapped[datetime | None]
    is_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    deactivated_at: Mapped[datetime | None]
    deletion_at: Mapped[datetime | None]


class Organization(Base):
    """Holds projects and members. `personal_of` is the user whose personal organization it is.

    One that is `deleted_with` a user is deleted when the account of the user is.
    """

    __tablename__ = "organizations"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(TEXT)
    personal_of: Mapped[uuid.UUID | None] = mapped_column(_owner("users.id"), unique=True)
    requires_second_factor: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    deleted_with: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)


class Membership(Base):
    """The role of a user in an organization."""

    __tablename__ = "memberships"
    __table_args__ = (CheckConstraint(ROLE_CHECK, name="role"),)
    organization_id: Mapped[uuid.UUID] = mapped_column(_owner("organizations.id"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(_owner("users.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(TEXT)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Invitation(Base):
    """An offer to become a member, for one address; only the hash of its token is stored."""

    __tablename__ = "invitations"
    __table_args__ = (CheckConstraint(ROLE_CHECK, name="role"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(_owner("organizations.id"), index=True)
    email: Mapped[str] = mapped_column(TEXT)
    role: Mapped[str] = mapped_column(TEXT)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    invited_by: Mapped[uuid.UUID] = mapped_column(_owner("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Project(Base):
    """Holds databases and codebases. Other features store the counts here, so that a list needs one query."""

    __tablename__ = "projects"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(_owner("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(TEXT)
    description: Mapped[str] = mapped_column(TEXT, default="", server_default="")
    is_sample: Mapped[bool] = mapped_column(default=False)
    codebase_count: Mapped[int] = mapped_column(default=0, server_default="0")
    table_count: Mapped[int] = mapped_column(default=0, server_default="0")
    column_count: Mapped[int] = mapped_column(default=0, server_default="0")
    usage_count: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)

    is_project: ClassVar[bool] = True

    @property
    def project_id(self) -> uuid.UUID:
        """The project, as a resource whose rights are checked."""
        return self.id


class UserSession(Base):
    """A signed-in browser or program; it ends when it is revoked, or when it is not used until `expires_at`.

    `confirmed_at` is when its user last entered a password or a code.
    """

    __tablename__ = "sessions"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(_owner("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_seen_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime] = mapped_column(server_default=NOW)
    user_agent: Mapped[str] = mapped_column(TEXT, default="")
    ip: Mapped[str] = mapped_column(TEXT, default="")

    @property
    def device(self) -> str:
        """The browser or program, and its system."""
        return device_of(self.user_agent)


class RefreshToken(Base):
    """One refresh token of a session's chain; a token that is used twice was probably stolen."""

    __tablename__ = "refresh_tokens"
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[uuid.UUID] = mapped_column(_owner("sessions.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    used_at: Mapped[datetime | None]


class PendingSignUp(Base):
    """A sign-up whose address is not confirmed: no account yet. `invitation_hash` is that of an invitation's token."""

    __tablename__ = "pending_sign_ups"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    email: Mapped[str] = mapped_column(TEXT)
    name: Mapped[str] = mapped_column(TEXT)
    password_hash: Mapped[str] = mapped_column(TEXT)
    invitation_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class DeviceRequest(Base):
    """A command line that waits to be signed in by its user in a browser; only the hashes of its codes are stored.

    It was refused if it was answered and nobody has approved it.
    """

    __tablename__ = "device_requests"
    device_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str] = mapped_column(TEXT)
    ip: Mapped[str] = mapped_column(TEXT)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(_owner("users.id"), index=True)


class AccountLink(Base):
    """A one-time link of a user: `reset` of the password, or confirmation of the new address `email`."""

    __tablename__ = "account_links"
    __table_args__ = (
        CheckConstraint("purpose IN ('reset', 'email')", name="purpose"),
        UniqueConstraint("user_id", "purpose"),
    )
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(_owner("users.id"))
    purpose: Mapped[str] = mapped_column(TEXT)
    email: Mapped[str] = mapped_column(TEXT, default="")
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime]


class LinkedIdentity(Base):
    """A user at a provider: the provider is known by its issuer, for ids in settings may be given to another one.

    `email` is the address there when it was last used.
    """

    __tablename__ = "identities"
    __table_args__ = (
        CheckConstraint("length(subject) BETWEEN 1 AND 255", name="subject"),
        UniqueConstraint("issuer", "subject"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(_owner("users.id"), index=True)
    issuer: Mapped[str] = mapped_column(TEXT)
    subject: Mapped[str] = mapped_column(TEXT)
    email: Mapped[str] = mapped_column(TEXT, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_used_at: Mapped[datetime | None]


class Passkey(Base):
    """A credential of WebAuthn; `host` is that for which it was created, `sign_count` that of its last signature."""

    __tablename__ = "passkeys"
    __table_args__ = (
        CheckConstraint("sign_count >= 0", name="sign_count"),
        CheckConstraint("length(credential_id) BETWEEN 1 AND 1023", name="credential_id"),
        CheckConstraint("name <> ''", name="name"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(_owner("users.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    host: Mapped[str] = mapped_column(TEXT)
    name: Mapped[str] = mapped_column(TEXT)
    is_synced: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_used_at: Mapped[datetime | None]


class UsedToken(Base):
    """The hash of a signed token that is valid only once and was used; it is deleted once the token has expired."""

    __tablename__ = "used_tokens"
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SecondFactor(Base):
    """The encrypted TOTP secret of a user; it counts from `confirmed_at`. `last_step` is the step of the last code."""

    __tablename__ = "second_factors"
    user_id: Mapped[uuid.UUID] = mapped_column(_owner("users.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """The hash of a code that replaces a code of the second factor, once."""

    __tablename__ = "recovery_codes"
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(_owner("users.id"), index=True)
    used_at: Mapped[datetime | None]


class ApiKey(Base):
    """An API key of a user; `public_id` is its visible part, and only the SHA-256 of the secret is stored.

    A key with a `project_id` reaches only that project, one with a `database_id` only that database of it; `limited_to`
    is the name of either. A key with `addresses`, which are networks, is valid only there. A key that was rotated is
    `replaced_by` another, and expires a while later.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("database_id IS NULL OR project_id IS NOT NULL", name="limit"),
        CheckConstraint("cardinality(addresses) <= 50 AND array_position(addresses, NULL) IS NULL", name="addresses"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(_owner("users.id"), index=True)
    public_id: Mapped[str] = mapped_column(TEXT, unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(TEXT)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    project_id: Mapped[uuid.UUID | None]
    database_id: Mapped[uuid.UUID | None]
    limited_to: Mapped[str] = mapped_column(TEXT, default="", server_default="")
    addresses: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list, server_default="{}")
    replaced_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))


# The words that are searched.
WORDS = "audit_words(actor_email, action, resource_name, key_name, details)"


class AuditEntry(Base):
    """Who did what to which thing, when and from where. Names are copied, because the entry outlives the resource.

    A trigger refuses to change or delete entries. `position` and `hash` are set once, when the entry is sealed.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint("door IN ('web', 'cli', 'api', 'system')", name="door"),
        CheckConstraint("outcome IN ('ok', 'failed', 'cancelled', 'rolled_back', 'open', 'refused')", name="outcome"),
        CheckConstraint("(position IS NULL) = (hash IS NULL)", name="sealed"),
        Index("ix_audit_entries_organization_id_id", "organization_id", text("id DESC")),
        Index("ix_audit_entries_actor_id_id", "actor_id", text("id DESC")),
        Index("ix_audit_entries_actor_email_id", "actor_email", text("id DESC")),
        Index("ix_audit_entries_database_id_id", "database_id", text("id DESC")),
        Index(
            "ix_audit_entries_organization_id_action_id",
            "organization_id",
            "action",
            text("id DESC"),
            postgresql_ops={"action": 'COLLATE "C"'},
        ),
        Index("ix_audit_entries_search", text(WORDS), postgresql_using="gin"),
        Index(
            "ix_audit_entries_organization_id_position",
            "organization_id",
            "position",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("position IS NOT NULL"),
        ),
        Index("ix_audit_entries_unsealed", "id", postgresql_where=text("position IS NULL")),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    organization_id: Mapped[uuid.UUID | None]
    actor_id: Mapped[uuid.UUID | None]
    actor_email: Mapped[str] = mapped_column(TEXT)
    actor_kind: Mapped[str] = mapped_column(TEXT)
    action: Mapped[str] = mapped_column(TEXT)
    resource_kind: Mapped[str] = mapped_column(TEXT)
    resource_id: Mapped[str] = mapped_column(TEXT, default="")
    resource_name: Mapped[str] = mapped_column(TEXT, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ip: Mapped[str] = mapped_column(TEXT, default="")
    door: Mapped[str] = mapped_column(TEXT, default="system", server_default="system")
    key_name: Mapped[str] = mapped_column(TEXT, default="", server_default="")
    database_id: Mapped[uuid.UUID | None]
    outcome: Mapped[str] = mapped_column(TEXT, default="ok", server_default="ok")
    request_id: Mapped[str] = mapped_column(TEXT, default="", server_default="")
    position: Mapped[int | None] = mapped_column(BigInteger)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditChain(Base):
    """The end of the hash chain of an organization, or of the instance, which has the id 0.

    `anchor_position` and `anchor_hash` are of the last entry that retention has removed. The signature covers all this.
    """

    __tablename__ = "audit_chains"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    anchor_position: Mapped[int] = mapped_column(BigInteger)
    anchor_hash: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(server_default=NOW)


class AttemptCount(Base):
    """How often something was tried since a moment; `key` is a hash of an account or an address."""

    __tablename__ = "throttles"
    __table_args__ = (CheckConstraint("count >= 0", name="count"),)
    scope: Mapped[str] = mapped_column(TEXT, primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(index=True)


class InstanceSetting(Base):
    """A value set by the administrator that overrides the settings."""

    __tablename__ = "instance_settings"
    key: Mapped[str] = mapped_column(TEXT, primary_key=True)
    value: Mapped[Any] = mapped_column(type_=Base.type_annotation_map[dict[str, Any]])
