"""Passkeys (WebAuthn): created and used by a browser, which signs a challenge for the host that it was created for.

A passkey verifies its user by itself (a PIN, a fingerprint), so it is both factors of a sign-in. A challenge is a
signed token, which is good once and for five minutes.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import webauthn
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from headwater.features.accounts import repository
from headwater.features.accounts.models import Passkey, User
from headwater.features.accounts.repository import identities, passkeys
from headwater.features.accounts.rights import Actor, allow_scope, require_proof
from headwater.features.accounts.service import audit, second_factor, sign_in_ways
from headwater.features.accounts.service.identity import ClientInfo
from headwater.features.accounts.tokens import Signer, digest
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from headwater.kit.settings import Settings
from headwater.store.context import Context

CREATION, USE, LASTS = "passkey-creation", "passkey-use", timedelta(minutes=5)
RELYING_PARTY, MOST = "Headwater", 20
REQUIRED = UserVerificationRequirement.REQUIRED


class PasskeyRefused(Unauthenticated):
    """This passkey is not valid here."""

    code = "passkey_refused"


@dataclass(frozen=True, slots=True)
class WebOrigin:
    """The address of the web app as the browser sees it; passkeys belong to its host."""

    scheme: str
    authority: str

    @property
    def host(self) -> str:
        """The host without its port, or raise Conflict: browsers create passkeys only for names."""
        host = self.authority.rsplit(":", 1)[0] if not self.authority.endswith("]") else self.authority
        try:
            ip_address(host.strip("[]"))
        except ValueError:
            return host.lower()
        raise Conflict(
            "Passkeys need a host name.", hint="Open Headwater by its name (or as localhost), not by an IP address."
        )

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a browser needs to create or to use a passkey, and the ticket that it sends back with the result."""

    options: Mapping[str, Any]
    ticket: str


@dataclass(frozen=True, slots=True)
class PasskeyResult:
    """What a browser sends back: the result of `navigator.credentials` as JSON."""

    origin: WebOrigin
    ticket: str
    credential: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey as its user sees it; `is_synced` if it is on more than one device."""

    id: uuid.UUID
    name: str
    host: str
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None


async def list_passkeys(db: AsyncSession, actor: Actor) -> list[PasskeyView]:
    """Return the passkeys of the actor, oldest first."""
    allow_scope(actor, "account:credentials")
    assert actor.user_id
    return [_view(row) for row in await passkeys.passkeys_of(db, actor.user_id)]


async def begin_creation(db: AsyncSession, actor: Actor, signer: Signer, origin: WebOrigin) -> Challenge:
    """Return what a browser needs to create a passkey for the actor.

    Raises:
        ProofNeeded: the session has not proven lately who uses it.
        Forbidden: the actor uses an API key.
        Conflict: the address has no name, or there are too many passkeys.
    """
    allow_scope(actor, "account:admin")
    assert actor.user_id
    if actor.session_id is None:
        raise Forbidden("Only a session can create passkeys.", hint="Use the web app.")
    require_proof(actor)
    rows = await passkeys.passkeys_of(db, actor.user_id)
    if len(rows) >= MOST:
        raise Conflict(f"You have {MOST} passkeys already.", hint="Delete one that you do not use.")
    options = webauthn.generate_registration_options(
        rp_id=origin.host,
        rp_name=RELYING_PARTY,
        user_id=actor.user_id.bytes,
        user_name=actor.email,
        user_display_name=actor.name or actor.email,
        challenge=secrets.token_bytes(32),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=row.credential_id) for row in rows],
    )
    payload = {"challenge": bytes_to_base64url(options.challenge), "session": str(actor.session_id)}
    return Challenge(json.loads(options_to_json(options)), signer.seal(CREATION, payload, LASTS))


async def create(
    context: Context, actor: Actor, signer: Signer, result: PasskeyResult, name: str
) -> tuple[PasskeyView, list[str]]:
    """Store a new passkey of the actor; return it, and recovery codes if it is the first second factor.

    Then all other sessions end, as they do when an authenticator app is the first.

    Raises:
        Invalid: the name is empty, or the result is not valid.
        Forbidden: another session has begun it, or it took too long.
        Conflict: the passkey is known already.
    """
    allow_scope(actor, "account:admin")
    assert actor.user_id
    if not name.strip():
        raise Invalid({"name": "Enter a name."})
    payload = signer.unseal(CREATION, result.ticket)
    if payload is None or payload["session"] != str(actor.session_id):
        raise Forbidden("This has taken too long, or was begun in another session.", hint="Begin again.")
    await _spend(context, result.ticket)
    row = _verified_creation(result, payload["challenge"], actor.user_id, name.strip())
    async with context.store.transaction() as db:
        await identities.lock_user(db, actor.user_id)
        if await passkeys.passkey_by_credential(db, row.credential_id):
            raise Conflict("This passkey is known already.")
        is_first = not await second_factor.is_protected(db, actor.user_id)
        db.add(row)
        await db.flush()
        await db.refresh(row)
        codes = await second_factor.new_codes(db, actor.user_id) if is_first else []
        ended = await repository.revoke_other_sessions(db, actor.user_id, actor.session_id) if is_first else 0
        audit.record(db, actor, "passkey.create", "passkey", row.id, row.name, host=row.host, sessions_ended=ended)
    return _view(row), codes


def begin_use(signer: Signer, origin: WebOrigin) -> Challenge:
    """Return what a browser needs to use a passkey, whoever it is of: the browser offers those of this host."""
    options = webauthn.generate_authentication_options(
        rp_id=origin.host, challenge=secrets.token_bytes(32), user_verification=REQUIRED
    )
    payload = {"challenge": bytes_to_base64url(options.challenge)}
    return Challenge(json.loads(options_to_json(options)), signer.seal(USE, payload, LASTS))


async def use(context: Context, signer: Signer, visitor: ClientInfo, result: PasskeyResult) -> User:
    """Return the user who has used a passkey.

    Raises:
        PasskeyRefused: it is unknown or of another host, its signature is wrong, or it was perhaps copied.
    """
    payload = signer.unseal(USE, result.ticket)
    if payload is None:
        raise PasskeyRefused("This has taken too long.", hint="Begin again.")
    await _spend(context, result.ticket)
    async with context.store.transaction() as db:
        known = await passkeys.passkey_by_credential(db, _credential_id(result.credential))
    if known is None or known[0].host != result.origin.host:
        raise PasskeyRefused(
            "This passkey is not known here.", hint="It may have been deleted. Sign in in another way."
        )
    row, user = known
    sign_count = _verified_use(result, payload["challenge"], row)
    actor = Actor("user", user.id, user.email, ip=visitor.ip)
    async with context.store.transaction() as db:
        has_grown = await passkeys.use_passkey(db, row.id, sign_count)
        if not has_grown:
            stored, action = row.sign_count, "passkey.count_regressed"
            audit.record(db, actor, action, "passkey", row.id, row.name, stored=stored, received=sign_count)
    if not has_grown:
        raise PasskeyRefused(
            "This passkey was used elsewhere in the meantime: perhaps it was copied.",
            hint="Sign in in another way, delete it, and create a new one.",
        )
    return user


async def rename(db: AsyncSession, actor: Actor, passkey_id: uuid.UUID, name: str) -> PasskeyView:
    """Rename a passkey of the actor."""
    allow_scope(actor, "account:write")
    row = await _own(db, actor, passkey_id)
    if not name.strip():
        raise Invalid({"name": "Enter a name."})
    row.name = name.strip()
    audit.record(db, actor, "passkey.rename", "passkey", row.id, row.name)
    return _view(row)


async def delete(db: AsyncSession, actor: Actor, settings: Settings, passkey_id: uuid.UUID) -> None:
    """Delete a passkey of the actor, and end all other sessions; the last way to sign in stays.

    Raises:
        NotFound: the actor has no such passkey.
        ProofNeeded: the session has not proven lately who uses it.
        LastWay: the actor could not sign in any more.
    """
    allow_scope(actor, "account:admin")
    row = await _own(db, actor, passkey_id)
    require_proof(actor)
    await sign_in_ways.check_other_way(db, row.user_id, settings, without=row.id)
    await db.delete(row)
    await db.flush()
    await second_factor.forget_codes_without_factor(db, row.user_id)
    ended = await repository.revoke_other_sessions(db, row.user_id, actor.session_id)
    audit.record(db, actor, "passkey.delete", "passkey", row.id, row.name, sessions_ended=ended)


async def _own(db: AsyncSession, actor: Actor, passkey_id: uuid.UUID) -> Passkey:
    assert actor.user_id
    row = await passkeys.passkey(db, actor.user_id, passkey_id)
    if row is None:
        raise NotFound("You have no such passkey.")
    return row


async def _spend(context: Context, ticket: str) -> None:
    async with context.store.transaction() as db:
        if not await identities.use_token(db, digest(ticket), now() + 2 * LASTS):
            raise PasskeyRefused("This was sent before.", hint="Begin again.")


def _credential_id(credential: Mapping[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(credential["rawId"])
    except (KeyError, ValueError, TypeError, AttributeError):
        return b""


def _verified_creation(result: PasskeyResult, challenge: str, user_id: uuid.UUID, name: str) -> Passkey:
    try:
        verified = webauthn.verify_registration_response(
            credential=dict(result.credential),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=result.origin.host,
            expected_origin=str(result.origin),
            require_user_verification=True,
        )
    except Conflict:
        raise
    except Exception as error:  # a stranger's bytes go through parsers that raise what they like
        raise Invalid({"credential": "This passkey cannot be used."}, hint="Begin again.") from error
    return Passkey(
        user_id=user_id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        host=result.origin.host,
        name=name,
        is_synced=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def _verified_use(result: PasskeyResult, challenge: str, row: Passkey) -> int:
    """Return the count of signatures in a valid result; whether it has grown is decided in the store."""
    try:
        _check_user(result.credential, row.user_id)
        return webauthn.verify_authentication_response(
            credential=dict(result.credential),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=result.origin.host,
            expected_origin=str(result.origin),
            credential_public_key=row.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        ).new_sign_count
    except Exception as error:  # as above
        raise PasskeyRefused(hint="Begin again.") from error


def _check_user(credential: Mapping[str, Any], user_id: uuid.UUID) -> None:
    """Raise ValueError if an authenticator says that the credential is of another user."""
    handle = credential["response"].get("userHandle")
    if handle and base64url_to_bytes(handle) != user_id.bytes:
        raise ValueError("of another user")


def _view(row: Passkey) -> PasskeyView:
    return PasskeyView(row.id, row.name, row.host, row.is_synced, row.created_at, row.last_used_at)
