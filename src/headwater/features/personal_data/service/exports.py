"""Exports of what Headwater stores about a user: a ZIP of JSON files, written by a job, downloaded by a signed link."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.accounts import repository as accounts
from headwater.features.accounts.rights import Actor, allow_scope
from headwater.features.accounts.service import audit, lifecycle
from headwater.features.jobs.context import Attempt, Write
from headwater.features.jobs.models import Job
from headwater.features.jobs.service import queue
from headwater.features.personal_data import repository
from headwater.features.personal_data.service import export_files
from headwater.features.personal_data.service.export_files import KIND
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, NotFound
from headwater.kit.settings import Settings
from headwater.store.context import Context
from headwater.store.encryption import SecretCipher

LINK_LASTS = timedelta(hours=1)
MOST = 20
README = """This is what Headwater stores about you, one file for each kind, as JSON.
Passwords, tokens and the secrets of API keys are stored as hashes only and are not part of it.
"""


class ExportGone(NotFound):
    """This link is not valid, has expired, or its file was deleted."""

    code = "export_gone"


@dataclass(frozen=True, slots=True)
class _Home:
    """Where the job of an export belongs: to an organization of the user, and to no project."""

    id: None
    organization_id: uuid.UUID


async def start(context: Context, actor: Actor, password: str) -> Job:
    """Put an export of what is stored about the actor into the queue.

    Raises:
        ProofNeeded, Invalid: the actor has not proven to be the user.
        Conflict: another export has not ended.
    """
    await lifecycle.require_user(context, actor, password)
    assert actor.user_id
    async with context.store.transaction() as db:
        await accounts.locked_user(db, actor.user_id)
        if any(job.state not in queue.DONE for job in await repository.exports(db, actor.user_id, KIND, MOST)):
            raise Conflict("An export is being written already.", hint="Wait until it is complete.")
        home = _Home(None, await _organization(db, actor))
        job = await queue.enqueue(
            db, actor, home, kind=KIND, title="Export of personal data", args={"user_id": str(actor.user_id)}
        )
        audit.record(db, actor, "account.export", "user", actor.user_id, actor.email)
    return job


async def _organization(db: AsyncSession, actor: Actor) -> uuid.UUID:
    assert actor.user_id
    rows = await accounts.organizations_of(db, actor.user_id)
    own = [row[0].id for row in rows if row[0].personal_of == actor.user_id] + [row[0].id for row in rows]
    if not own:
        raise Conflict("You are a member of no organization.", hint="Ask to be invited to one.")
    return own[0]


async def listed(db: AsyncSession, actor: Actor) -> Sequence[Job]:
    """Return the newest exports of the actor."""
    allow_scope(actor, "account:credentials")
    assert actor.user_id
    return await repository.exports(db, actor.user_id, KIND, MOST)


async def run_job(attempt: Attempt) -> Write:
    """Write the file of an export: it is either complete or absent."""
    user_id = uuid.UUID(attempt.args["user_id"])
    path = export_files.path_of(attempt.settings, attempt.job_id)
    part = path.with_suffix(".part")
    try:
        part.touch(0o600)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", README)
            for number, (name, query) in enumerate(repository.PARTS.items()):
                attempt.report("files", number, len(repository.PARTS), message=name)
                await _write(attempt, archive, name, query, user_id)
                attempt.check()
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)

    return _no_rows


async def _no_rows(db: AsyncSession) -> None:
    """The file is the whole result of the job."""


async def _write(attempt: Attempt, archive: zipfile.ZipFile, name: str, query: str, user_id: uuid.UUID) -> None:
    """Write the rows of a query as one JSON array, which may be longer than fits into memory."""
    async with attempt.database.transaction() as db:
        rows = await db.stream(text(query), {"id": user_id})
        with archive.open(f"{name}.json", "w", force_zip64=True) as out:
            separator = b"[\n"
            async for row in rows.mappings():
                out.write(separator + json.dumps(dict(row), default=_plain, ensure_ascii=False).encode())
                separator = b",\n"
            out.write(b"\n]\n" if separator == b",\n" else b"[]\n")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def link(context: Context, actor: Actor, job_id: uuid.UUID) -> tuple[str, datetime]:
    """Return a token that downloads the file of an export, and until when."""
    allow_scope(actor, "account:admin")
    assert actor.user_id
    async with context.store.transaction() as db:
        jobs = await repository.exports(db, actor.user_id, KIND, MOST)
    job = next((job for job in jobs if job.id == job_id), None)
    if job is None:
        raise NotFound("You have no such export.")
    if job.state != "completed" or not export_files.path_of(context.settings, job.id).exists():
        raise Conflict("The file of this export is not available.", hint="Files are deleted after three days.")
    until = (now() + LINK_LASTS).replace(microsecond=0)
    body = f"{job.id.hex}{actor.user_id.hex}{int(until.timestamp()):x}"
    key = context.cipher.derive("links of exports", actor.user_id)
    return f"{body}.{_signature(key, body)}", until


async def follow(context: Context, token: str) -> Path:
    """Return the file of a link.

    Raises:
        ExportGone: the link is not valid, has expired, or its user has no active account.
    """
    body, _, signature = token.partition(".")
    try:
        job_id, user_id = uuid.UUID(hex=body[:32]), uuid.UUID(hex=body[32:64])
        expires = int(body[64:], 16)
    except ValueError:
        raise ExportGone from None
    if not _is_signed(context.settings, user_id, body, signature) or expires < now().timestamp():
        raise ExportGone
    async with context.store.transaction() as db:
        user = await accounts.user(db, user_id)
    path = export_files.path_of(context.settings, job_id)
    if user is None or user.deactivated_at or not path.exists():
        raise ExportGone
    return path


def _is_signed(settings: Settings, user_id: uuid.UUID, body: str, signature: str) -> bool:
    cipher = SecretCipher.of(settings)
    keys = (cipher.key, *cipher.previous)
    given = signature.encode()
    expected = [_signature(key.derive("links of exports", user_id), body).encode() for key in keys]
    return any(hmac.compare_digest(given, each) for each in expected)


def _signature(key: bytes, body: str) -> str:
    return base64.urlsafe_b64encode(hmac.new(key, body.encode(), hashlib.sha256).digest()).decode().rstrip("=")
