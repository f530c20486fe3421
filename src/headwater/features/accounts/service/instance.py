"""Settings that the administrator can change for the whole instance."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from headwater import version
from headwater.features.accounts import password_rules, repository
from headwater.features.accounts.rights import Actor, allow_admin
from headwater.features.accounts.service import audit
from headwater.kit.network.hosts import is_loopback
from headwater.kit.network.mail import sends_mail
from headwater.kit.settings import Settings

OPEN_SIGNUP = "open_signup"


@dataclass(frozen=True, slots=True)
class InstanceInfo:
    """Public information about this instance."""

    version: str
    open_signup: bool
    has_users: bool
    sends_mail: bool
    password_rules: tuple[str, ...]


async def signup_is_open(db: AsyncSession, settings: Settings) -> bool:
    """Return True if sign-up is open: the administrator's choice, else the setting.

    Without either, it is open where no stranger learns from it who has an account: where there is mail, or where nobody
    else can reach the server.
    """
    chosen = await repository.setting(db, OPEN_SIGNUP)
    if chosen is not None:
        return bool(chosen)
    if settings.open_signup is not None:
        return settings.open_signup
    return sends_mail(settings) or (is_loopback(settings.host) and not settings.allowed_hosts)


async def describe(db: AsyncSession, settings: Settings) -> InstanceInfo:
    """Return public information about this instance."""
    users = await repository.has_users(db)
    is_open = not users or await signup_is_open(db, settings)
    return InstanceInfo(version(), is_open, users, sends_mail(settings), password_rules.RULES)


async def set_open_signup(db: AsyncSession, actor: Actor, settings: Settings, value: bool) -> InstanceInfo:
    """Open or close sign-up."""
    allow_admin(actor)
    await repository.put_setting(db, OPEN_SIGNUP, value)
    audit.record(db, actor, "instance.update", "instance", open_signup=value)
    return await describe(db, settings)
