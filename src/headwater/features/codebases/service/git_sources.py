"""The git repository of a codebase: added with it, shown, changed; its credentials, schedule and webhook."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.core import schedules
from headwater.features.accounts.rights import Actor
from headwater.features.codebases.models import Codebase, GitSource
from headwater.features.codebases.repository import git_sources as repository
from headwater.features.codebases.service import codebases, git_inputs
from headwater.features.codebases.service.git_inputs import CheckedCredentials, GitCredentials
from headwater.kit import git_address
from headwater.kit.clock import now
from headwater.kit.errors import Conflict, Invalid
from headwater.kit.git_address import GitAddress
from headwater.kit.git_fetch import GitAccess
from headwater.kit.ids import new_id
from headwater.store.encryption import SecretCipher

# What the secrets are encrypted for, beside the organization and the codebase.
SECRET, WEBHOOK_SECRET = "git.secret", "git.webhook_secret"


@dataclass(frozen=True, slots=True)
class GitSpec:
    """A repository as a user entered it; `cron` is None without a schedule."""

    url: str
    name: str = ""
    branch: str = ""
    subfolder: str = ""
    credentials: GitCredentials = field(default_factory=GitCredentials)
    host_key: str = ""
    cron: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class GitChange:
    """What to change about a repository; None leaves it as it is, and an empty `cron` ends the schedule."""

    url: str | None = None
    branch: str | None = None
    subfolder: str | None = None
    credentials: GitCredentials | None = None
    host_key: str | None = None
    cron: str | None = None
    timezone: str = "UTC"


async def add(
    db: AsyncSession, actor: Actor, cipher: SecretCipher, project_id: uuid.UUID, spec: GitSpec
) -> codebases.CodebaseView:
    """Add a codebase that is read from a git repository, and scan it.

    With a new deploy key no scan is started: it can only succeed when the key was added to the repository.

    Raises:
        Invalid: the address, branch, folder, credentials or schedule cannot be used.
    """
    address = git_address.parse(spec.url)
    name = spec.name.strip() or address.name
    checked = git_inputs.checked_credentials(spec.credentials, address, name)
    source = GitSource(
        codebase_id=new_id(),
        url=address.text,
        branch=git_inputs.checked_branch(spec.branch),
        subfolder=git_inputs.checked_subfolder(spec.subfolder),
        host_key=git_inputs.checked_host_key(spec.host_key),
    )
    _set_schedule(source, spec.cron or "", spec.timezone, now())
    scans = not checked.is_new_key
    codebase_spec = codebases.CodebaseSpec(source.codebase_id, name, address.text, 0, "git", scans=scans)
    view = await codebases.add(db, actor, project_id, codebase_spec)
    _set_credentials(source, view.codebase, cipher, checked)
    db.add(source)
    await db.flush()
    cipher.check_current()
    return view


async def show(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> GitSource:
    """Return the repository of a codebase; its secrets stay encrypted.

    Raises:
        Conflict: the codebase is not read from a repository.
    """
    return _existing(await codebases.find(db, actor, codebase_id), await repository.get(db, codebase_id))


async def change(
    db: AsyncSession, actor: Actor, cipher: SecretCipher, codebase_id: uuid.UUID, changes: GitChange
) -> GitSource:
    """Change what is said about a repository.

    Raises:
        Invalid: something cannot be used, or credentials would be sent to another server than they were entered for.
    """
    codebase, source = await _locked(db, actor, codebase_id)
    before = git_address.parse(source.url)
    address = git_address.parse(changes.url) if changes.url is not None else before
    _check_server(source, changes, before, address)
    if changes.credentials is not None:
        checked = git_inputs.checked_credentials(changes.credentials, address, codebase.name)
        _set_credentials(source, codebase, cipher, checked)
    if address.server != before.server:
        source.host_key = ""
    source.url = codebase.filename = address.text
    if changes.branch is not None:
        source.branch = git_inputs.checked_branch(changes.branch)
    if changes.subfolder is not None:
        source.subfolder = git_inputs.checked_subfolder(changes.subfolder)
    if changes.host_key is not None:
        source.host_key = git_inputs.checked_host_key(changes.host_key)
    if changes.cron is not None:
        _set_schedule(source, changes.cron, changes.timezone, now())
    codebases.record(db, actor, "codebase.git_change", codebase, url=source.url, branch=source.branch)
    await db.flush()
    cipher.check_current()
    return source


def _check_server(source: GitSource, changes: GitChange, before: GitAddress, address: GitAddress) -> None:
    """Raise Invalid if stored credentials would go to another server: its owner could be the one who changes this."""
    if changes.credentials is None and source.credentials != "none" and address.server != before.server:
        raise Invalid(
            {"credentials": "The repository is on another server: enter its credentials, too."},
            hint="Stored credentials are only sent to the server for which they were entered.",
        )
    if changes.credentials is None and source.credentials == "none" and address.scheme == "ssh":
        raise Invalid({"credentials": "An SSH address needs a deploy key."})


async def new_webhook_secret(db: AsyncSession, actor: Actor, cipher: SecretCipher, codebase_id: uuid.UUID) -> str:
    """Return the new secret of the webhook of a codebase, which is never shown again; an earlier one is void."""
    codebase, source = await _locked(db, actor, codebase_id)
    secret = secrets.token_hex(32)
    source.sealed_webhook_secret = cipher.encrypt(secret, codebase.organization_id, codebase.id, WEBHOOK_SECRET)
    codebases.record(db, actor, "codebase.webhook_secret", codebase)
    await db.flush()
    cipher.check_current()
    return secret


async def remove_webhook(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> None:
    """Let no webhook start scans of a codebase any more."""
    codebase, source = await _locked(db, actor, codebase_id)
    source.sealed_webhook_secret = None
    codebases.record(db, actor, "codebase.webhook_remove", codebase)
    await db.flush()


def access_of(codebase: Codebase, source: GitSource, cipher: SecretCipher) -> GitAccess:
    """Return a repository with its decrypted credentials."""
    secret = ""
    if source.sealed_secret:
        secret = cipher.decrypt(source.sealed_secret, codebase.organization_id, codebase.id, SECRET)
    is_token = source.credentials == "token"
    return GitAccess(
        git_address.parse(source.url),
        username=source.username,
        token=secret if is_token else "",
        private_key="" if is_token else secret,
        host_key=source.host_key,
    )


def set_next(source: GitSource, after: datetime) -> None:
    """Set the next time of the schedule."""
    schedule = schedules.Schedule(source.cron, source.timezone) if source.cron else None
    source.next_at = next(schedules.times(schedule, after), None) if schedule else None


def _set_schedule(source: GitSource, cron: str, timezone: str, after: datetime) -> None:
    if cron:
        checked = git_inputs.checked_schedule(cron, timezone)
        cron, timezone = checked.cron, checked.zone
    source.cron, source.timezone = cron or None, timezone
    set_next(source, after)


def _set_credentials(source: GitSource, codebase: Codebase, cipher: SecretCipher, checked: CheckedCredentials) -> None:
    source.credentials, source.username, source.public_key = checked.kind, checked.username, checked.public_key
    source.sealed_secret = (
        cipher.encrypt(checked.secret, codebase.organization_id, codebase.id, SECRET) if checked.secret else None
    )


async def _locked(db: AsyncSession, actor: Actor, codebase_id: uuid.UUID) -> tuple[Codebase, GitSource]:
    codebase = await codebases.find(db, actor, codebase_id, "codebase:write", lock=True)
    return codebase, _existing(codebase, await repository.get(db, codebase_id, lock=True))


def _existing(codebase: Codebase, source: GitSource | None) -> GitSource:
    if source is None:
        raise Conflict(
            f"{codebase.name} is not read from a git repository.", hint="Add the repository as a codebase of its own."
        )
    return source
