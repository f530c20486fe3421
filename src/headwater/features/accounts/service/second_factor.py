"""Codes as the second factor of an account: of an authenticator app (TOTP, RFC 6238), and recovery codes.

A code is valid for its step of 30 seconds and for the ones before and after it, and only once. The secret is encrypted
like other stored secrets; of recovery codes, only hashes are stored.
"""

from __future__ import annotations

import base64
import hmac
import io
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import segno
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository
from headwater.features.accounts.models import SecondFactor, User
from headwater.features.accounts.repository import passkeys, second_factors
from headwater.features.accounts.rights import Actor, allow_admin, allow_scope, require_proof
from headwater.features.accounts.service import audit, proofs, throttles
from headwater.features.accounts.service.throttles import SECOND_FACTOR
from headwater.features.accounts.tokens import digest
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Invalid, NotFound
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher

COLUMN, ISSUER, STEP = "totp", "Headwater", 30
# A code has 120 random bits: over 112, a plain hash is enough to store it.
CODES, CODE_BYTES = 10, 15
# How long a secret may wait for its first code.
PENDING = timedelta(hours=1)
_CODE = re.compile(r"\d{6}")


@dataclass(frozen=True, slots=True)
class SecondFactorStatus:
    """Whether an account has an authenticator app, since when, how many passkeys, and recovery codes that are left."""

    enabled: bool
    since: datetime | None
    recovery_codes: int
    passkeys: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: the secret, the same as a URI, and a QR code of that as SVG."""

    secret: str
    uri: str
    qr_svg: str


async def status(db: AsyncSession, actor: Actor) -> SecondFactorStatus:
    """Return whether the actor's account has a second factor."""
    allow_scope(actor, "account:credentials")
    assert actor.user_id
    row = await second_factors.second_factor(db, actor.user_id)
    since = row.confirmed_at if row else None
    codes = await second_factors.unused_codes(db, actor.user_id)
    return SecondFactorStatus(since is not None, since, codes, await passkeys.count_passkeys(db, actor.user_id))


async def enrol(context: Context, actor: Actor, password: str) -> Enrolment:
    """Create a secret for the actor's authenticator app; it counts once its first code is confirmed.

    Raises:
        Invalid: the password is wrong.
        Conflict: there is a second factor already.
    """
    allow_scope(actor, "account:admin")
    await proofs.check_owner(context, actor, password)
    assert actor.user_id
    secret = pyotp.random_base32()
    async with context.store.transaction() as db:
        if await second_factors.has_app(db, actor.user_id):
            raise Conflict("Your account has a second factor already.", hint="Turn it off first.")
        await second_factors.forget_app(db, actor.user_id)
        sealed = context.cipher.encrypt(secret, actor.user_id, actor.user_id, COLUMN)
        db.add(SecondFactor(user_id=actor.user_id, sealed=sealed, last_step=0))
        await db.flush()
        context.cipher.check_current()
    uri = pyotp.TOTP(secret).provisioning_uri(name=actor.email, issuer_name=ISSUER)
    return Enrolment(secret, uri, _drawn(uri))


def _drawn(uri: str) -> str:
    out = io.BytesIO()
    segno.make(uri, error="m").save(out, kind="svg", xmldecl=False, svgns=True, scale=5, border=4, light="#fff")
    return out.getvalue().decode()


async def confirm(context: Context, actor: Actor, code: str) -> list[str]:
    """Turn the second factor on with its first code, end all other sessions, and return the recovery codes.

    Raises:
        Invalid: the code is wrong.
        NotFound: no secret waits for its first code.
        TooMany: there were too many attempts.
    """
    allow_scope(actor, "account:admin")
    assert actor.user_id
    async with context.store.transaction() as db:
        refusal = await throttles.count(db, SECOND_FACTOR, str(actor.user_id), "confirm")
    if refusal:
        raise refusal.error
    async with context.store.transaction() as db:
        row = await second_factors.second_factor(db, actor.user_id)
        if row is None or row.confirmed_at or row.created_at < now() - PENDING:
            raise NotFound("No second factor is being set up.", hint="Begin again.")
        if not await _use_code(db, context.cipher, row, code):
            raise Invalid({"code": "The code is wrong. Is the clock of your device right?"})
        await second_factors.confirm(db, actor.user_id, now())
        codes = await new_codes(db, actor.user_id)
        ended = await repository.revoke_other_sessions(db, actor.user_id, actor.session_id)
        await throttles.reset(db, SECOND_FACTOR, str(actor.user_id), "confirm")
        audit.record(db, actor, "second_factor.enable", "user", actor.user_id, actor.email, sessions_ended=ended)
    return codes


async def renew_codes(context: Context, actor: Actor, password: str) -> list[str]:
    """Replace the recovery codes; those from before are no longer valid."""
    allow_scope(actor, "account:admin")
    await proofs.check_owner(context, actor, password)
    assert actor.user_id
    async with context.store.transaction() as db:
        if not await second_factors.is_protected(db, actor.user_id):
            raise NotFound("Your account has no second factor.")
        codes = await new_codes(db, actor.user_id)
        audit.record(db, actor, "second_factor.new_codes", "user", actor.user_id, actor.email)
    return codes


async def disable(context: Context, actor: Actor, password: str) -> None:
    """Turn the second factor off and end all other sessions."""
    allow_scope(actor, "account:admin")
    await proofs.check_owner(context, actor, password)
    assert actor.user_id
    async with context.store.transaction() as db:
        await second_factors.forget_app(db, actor.user_id)
        await forget_codes_without_factor(db, actor.user_id)
        ended = await repository.revoke_other_sessions(db, actor.user_id, actor.session_id)
        audit.record(db, actor, "second_factor.disable", "user", actor.user_id, actor.email, sessions_ended=ended)


async def remove(db: AsyncSession, actor: Actor, user_id: uuid.UUID) -> None:
    """Turn off the second factor of a user who has lost it, passkeys too; only the administrator may."""
    allow_admin(actor)
    require_proof(actor)
    user = await repository.user(db, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    await second_factors.forget_app(db, user_id)
    await second_factors.forget_codes(db, user_id)
    await passkeys.forget_passkeys(db, user_id)
    audit.record(db, actor, "second_factor.remove", "user", user_id, user.email)


async def use_code(db: AsyncSession, cipher: SecretCipher, user: User, code: str, *, ip: str) -> bool:
    """Use a code of a user's app, or a recovery code; return False if it is wrong or was used before."""
    row = await second_factors.second_factor(db, user.id)
    if row and row.confirmed_at and await _use_code(db, cipher, row, code):
        return True
    if not await second_factors.use_recovery_code(db, user.id, digest(_plain(code))):
        return False
    actor = Actor("user", user.id, user.email, ip=ip)
    left = await second_factors.unused_codes(db, user.id)
    audit.record(db, actor, "second_factor.recovery_code_used", "user", user.id, user.email, left=left)
    return True


async def _use_code(db: AsyncSession, cipher: SecretCipher, row: SecondFactor, code: str) -> bool:
    plain = code.replace(" ", "")
    if not _CODE.fullmatch(plain):
        return False
    totp = pyotp.TOTP(cipher.decrypt(row.sealed, row.user_id, row.user_id, COLUMN))
    current = int(now().timestamp()) // STEP
    matching = [
        step for step in (current - 1, current, current + 1) if hmac.compare_digest(totp.at(step * STEP), plain)
    ]
    return bool(matching) and await second_factors.use_step(db, row.user_id, matching[0])


async def is_protected(db: AsyncSession, user_id: uuid.UUID) -> bool:
    """Return True if a user has a second factor: an authenticator app, or a passkey."""
    return await second_factors.is_protected(db, user_id)


async def forget_codes_without_factor(db: AsyncSession, user_id: uuid.UUID) -> None:
    """Delete the recovery codes of a user who has no second factor any more that they could replace."""
    if not await second_factors.is_protected(db, user_id):
        await second_factors.forget_codes(db, user_id)


async def new_codes(db: AsyncSession, user_id: uuid.UUID) -> list[str]:
    """Replace the recovery codes of a user, and return them: only their hashes are stored."""
    plain = [base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower() for _ in range(CODES)]
    await second_factors.replace_codes(db, user_id, [digest(code) for code in plain])
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in plain]


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()
