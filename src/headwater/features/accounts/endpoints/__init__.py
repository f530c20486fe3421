"""HTTP endpoints of accounts: instance, sign-in, sessions, organizations, projects, API keys, audit log."""

from __future__ import annotations

from fastapi import APIRouter

from headwater.features.accounts.endpoints import (
    account_links,
    auth,
    identities,
    invitations,
    keys,
    organizations,
    passkeys,
    projects,
    second_factor,
)

router = APIRouter()
for part in (auth, identities, passkeys, account_links, second_factor, organizations, invitations, projects, keys):
    router.include_router(part.router)
