"""The commands `headwater members`, over the HTTP API: members of an organization and invitations to it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient, remote, show, show_one
from headwater.kit.errors import BadInput, did_you_mean

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
OrganizationOption = Annotated[
    str | None,
    typer.Option("--organization", help="Name or id of the organization; needed if you are a member of several."),
]
EmailArgument = Annotated[str, typer.Argument(help="Email address.", show_default=False)]
INVITATION = ("id", "email", "role", "status", "expires_at")


def register(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(help="Members of an organization, and invitations to it.", no_args_is_help=True)
    group.command("list")(list_members)
    group.command("invite")(invite)
    group.command("invitations")(list_invitations)
    group.command("revoke")(revoke)
    group.command("accept")(accept)
    group.command("change-role")(change_role)
    group.command("remove")(remove)
    group.command("demand-second-factor")(demand_second_factor)
    app.add_typer(group, name="members")


def list_members(organization: OrganizationOption = None, as_json: JsonOption = False) -> None:
    """List the members of an organization."""
    with remote() as server:
        items = server.call("GET", f"{_organization(server, organization)}/members")["items"]
        show(items, ("user_id", "email", "name", "role", "has_second_factor"), as_json)


def invite(
    email: EmailArgument,
    role: Annotated[str, typer.Option(help="viewer, member, admin or owner.")] = "member",
    days: Annotated[int, typer.Option(help="Days until the invitation expires.")] = 7,
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Invite an address, and print the link to send. It is shown only once."""
    body = {"email": email, "role": role, "expires_in_days": days}
    with remote() as server:
        created = server.call("POST", f"{_organization(server, organization)}/invitations", json=body)
        show_one(
            created, ("invitation.id", "invitation.email", "invitation.role", "invitation.expires_at", "url"), as_json
        )


def list_invitations(organization: OrganizationOption = None, as_json: JsonOption = False) -> None:
    """List the invitations to an organization, newest first, also those that are over."""
    with remote() as server:
        show(server.every(f"{_organization(server, organization)}/invitations"), INVITATION, as_json)


def revoke(
    invitation: Annotated[str, typer.Argument(help="Id of the invitation.", show_default=False)],
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke an open invitation."""
    with remote() as server:
        server.call("DELETE", f"{_organization(server, organization)}/invitations/{invitation}")
        show_one({"revoked": invitation}, ("revoked",), as_json)


def accept(
    link: Annotated[str, typer.Argument(help="The link of the invitation, or its token.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Accept an invitation to an organization."""
    with remote() as server:
        joined = server.call("POST", "/invitations/acceptance", json={"token": link.rpartition("#")[2]})
        show_one(joined, ("id", "name", "role", "locked"), as_json)


def change_role(
    email: EmailArgument,
    role: Annotated[str, typer.Argument(help="viewer, member, admin or owner.", show_default=False)],
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change the role of a member."""
    with remote() as server:
        path = _organization(server, organization)
        changed = server.call("PATCH", f"{path}/members/{_member(server, path, email)}", json={"role": role})
        show_one(changed, ("email", "role"), as_json)


def remove(email: EmailArgument, organization: OrganizationOption = None, as_json: JsonOption = False) -> None:
    """Remove a member from an organization; their account stays."""
    with remote() as server:
        path = _organization(server, organization)
        server.call("DELETE", f"{path}/members/{_member(server, path, email)}")
        show_one({"removed": email}, ("removed",), as_json)


def demand_second_factor(
    demanded: Annotated[bool, typer.Argument(help="true or false.", show_default=False)],
    organization: OrganizationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Demand a second factor of all members of an organization, or no longer."""
    with remote() as server:
        body = {"requires_second_factor": demanded}
        changed = server.call("PATCH", _organization(server, organization), json=body)
        show_one(changed, ("name", "requires_second_factor"), as_json)


def _organization(server: ApiClient, wanted: str | None) -> str:
    """Return the path of an organization of the user, by its name or id."""
    items: list[dict[str, Any]] = server.call("GET", "/organizations")["items"]
    matching = [item for item in items if wanted is None or wanted in {item["id"], item["name"]}]
    names = [item["name"] for item in items]
    if len(matching) != 1:
        problem = "Name the organization." if wanted is None else f"There is no single organization {wanted}."
        raise BadInput(problem, hint=f"--organization: {did_you_mean(wanted or '', names)}")
    return f"/organizations/{matching[0]['id']}"


def _member(server: ApiClient, path: str, email: str) -> str:
    items = server.call("GET", f"{path}/members")["items"]
    ids = {item["email"]: str(item["user_id"]) for item in items}
    if email.lower() not in ids:
        raise BadInput(f"There is no member {email}.", hint=did_you_mean(email, ids))
    return ids[email.lower()]
