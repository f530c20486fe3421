"""HTTP endpoints of accounts: instance, sign-in, sessions, organizations, projects, API keys, audit log."""

from __future__ import annotations

from headwater.features.accounts.endpoints import (
    account_links,
    audit,
    auth,
    devices,
    identities,
    invitations,
    keys,
    organizations,
    passkeys,
    projects,
    second_factor,
)

ROUTERS = (
    auth.router,
    identities.router,
    passkeys.router,
    account_links.router,
    devices.router,
    second_factor.router,
    organizations.router,
    invitations.router,
    projects.router,
    keys.router,
    audit.router,
)
