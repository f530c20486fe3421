"""`headwater users local-reset-link`: works on the store of this machine, for an administrator who cannot sign in."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the group `users`, if it is there."""
    for group in app.registered_groups:
        if group.name == "users" and group.typer_instance:
            group.typer_instance.command("local-reset-link")(make_local_reset_link)


def make_local_reset_link(
    email: Annotated[str, typer.Argument(help="Address of the account.", show_default=False)],
    url: Annotated[str | None, typer.Option(help="Address of the server, if it is not that of the settings.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Make a reset link on the machine of the server, without signing in: for an administrator who is locked out.

    API keys stay valid, and are named; the page of the link offers to revoke them.
    """
    from headwater.entrypoints import local_store
    from headwater.features.accounts.api_client import show_one
    from headwater.features.accounts.service import account_links
    from headwater.features.accounts.service.account_links import NewLink
    from headwater.kit.settings import settings

    async def run() -> NewLink:
        async with local_store.opened(settings()) as context, context.store.transaction() as db:
            return await account_links.make_local_reset_link(db, email)

    link = asyncio.run(run())
    base = (url or f"http://{settings().host}:{settings().port}").rstrip("/")
    row = {
        "url": f"{base}/reset#{link.token}",
        "expires_at": link.expires_at.isoformat(),
        "api_keys": list(link.api_keys),
    }
    show_one(row, ("url", "expires_at", "api_keys"), as_json)
