"""Sign-in of a command line through a browser, in which its user is signed in: for passkeys and identity providers.

The command line shows a short code; the user enters it in the web app, sees who asks, and approves or refuses. The
command line asks until it is answered and gets an API key, once. Only hashes of both codes are stored. After RFC 8628.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import ApiKey, DeviceRequest
from headwater.features.accounts.repository import device_requests
from headwater.features.accounts.rights import SCOPES, Actor, allow_scope, require_proof
from headwater.features.accounts.service import audit, keys, throttles
from headwater.features.accounts.service.identity import ClientInfo
from headwater.features.accounts.service.throttles import DEVICE, DEVICE_CODE
from headwater.features.accounts.tokens import digest, expiry, new_refresh_token
from headwater.kit.clock import now
from headwater.kit.errors import BadInput, Forbidden, NotFound
from headwater.store.context import Context

LASTS = timedelta(minutes=10)
POLL_SECONDS = 2
KEY_DAYS = 365
# No vowels, so that no code is a word; no letters and digits that look alike. 20^8 codes, of which few are open.
LETTERS, LENGTH = "BCDFGHJKLMNPQRSTVWXZ", 8


class AuthorizationPending(BadInput):
    """Nobody has answered this request yet."""

    code = "authorization_pending"


class DeviceRefused(BadInput):
    """The request was refused in the browser."""

    code = "access_denied"


class DeviceCodeExpired(BadInput):
    """This request is not valid, or has expired."""

    code = "expired_token"


@dataclass(frozen=True, slots=True)
class NewDeviceRequest:
    """The secret with which the command line asks for its key, and the code that its user enters."""

    device_code: str
    user_code: str


async def begin(context: Context, visitor: ClientInfo, name: str) -> NewDeviceRequest:
    """Begin to sign in a command line on a machine of that name; raise TooMany if an address begins too many."""
    device_code, hashed = new_refresh_token()
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, DEVICE, visitor.ip)
        if refusal is None:
            db.add(
                DeviceRequest(
                    device_hash=hashed,
                    user_code_hash=digest(code),
                    name=name.strip() or "unknown machine",
                    ip=visitor.ip,
                    expires_at=now() + LASTS,
                )
            )
    if refusal:
        raise refusal.error
    return NewDeviceRequest(device_code, f"{code[:4]}-{code[4:]}")


async def offer(context: Context, actor: Actor, user_code: str) -> DeviceRequest:
    """Return the request of a code, for its user to see who asks.

    Raises:
        NotFound: there is no such request, or it was answered or has expired.
        TooMany: the actor has entered too many codes.
        Forbidden: the actor is an API key: a key signs in no other program.
    """
    allow_scope(actor, "account:admin")
    if actor.key_id:
        raise Forbidden("An API key cannot sign in a command line.", hint="Sign in with a browser.")
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, DEVICE_CODE, str(actor.user_id))
    if refusal:
        raise refusal.error
    async with context.store.transaction() as db:
        request = await _open_request(db, user_code)
        await throttles.give_back(db, DEVICE_CODE, str(actor.user_id))
    return request


async def answer(context: Context, actor: Actor, user_code: str, *, approved: bool) -> None:
    """Approve a request, which takes a proof, or refuse it.

    Raises:
        NotFound, TooMany, Forbidden: as for `offer`.
        ProofNeeded: no password, code or passkey was used in the session for a while.
    """
    await offer(context, actor, user_code)
    if approved:
        require_proof(actor)
    async with context.store.transaction() as db:
        request = await _open_request(db, user_code)
        request.answered_at = now()
        request.approved_by = actor.user_id if approved else None
        action = "auth.device_approve" if approved else "auth.device_refuse"
        audit.record(db, actor, action, "device", "", request.name, address=request.ip)


async def redeem(context: Context, visitor: ClientInfo, device_code: str) -> str:
    """Return a new API key for the command line whose request was approved, once.

    Raises:
        AuthorizationPending: it was not answered yet.
        DeviceRefused: it was refused, or its user was deactivated.
        DeviceCodeExpired: there is no such request, or it has expired.
    """
    async with context.store.transaction() as db:
        request = await device_requests.by_device_code(db, digest(device_code))
        if request is None:
            raise DeviceCodeExpired(hint="Run `headwater login` again.")
        if request.answered_at is None:
            raise AuthorizationPending
        await device_requests.forget(db, request)
        user = await repository.user(db, request.approved_by) if request.approved_by else None
        if user is not None and user.deactivated_at is None:
            key = ApiKey(
                user_id=user.id,
                name=f"Command line on {request.name}"[:200],
                scopes=sorted(SCOPES),
                expires_at=expiry(KEY_DAYS),
            )
            secret = await keys.add(db, key)
            actor = Actor("user", user.id, user.email, ip=visitor.ip, door="cli")
            audit.record(db, actor, "key.create", "key", key.id, key.name, scopes=key.scopes)
            return secret
    raise DeviceRefused


async def _open_request(db: AsyncSession, user_code: str) -> DeviceRequest:
    code = user_code.upper().replace("-", "").replace(" ", "")
    request = await device_requests.by_user_code(db, digest(code))
    if request is None:
        raise NotFound("No command line waits with this code.", hint="Check the code, or run `headwater login` again.")
    return request
