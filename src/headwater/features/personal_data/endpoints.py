"""HTTP endpoints of personal data: belongings, the deletion of an account, exports."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Response
from fastapi.responses import FileResponse

from headwater.features.accounts.api_models import ListOf
from headwater.features.accounts.guard import Db, Shared, allow, public, sends
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service.account_links import deliver
from headwater.features.personal_data.api_models import (
    BelongingsOut,
    DeletionIn,
    DeletionOut,
    OwnedOrganizationOut,
    PersonalExportIn,
    PersonalExportLinkOut,
    PersonalExportOut,
)
from headwater.features.personal_data.service import deletion, export_files, exports
from headwater.features.personal_data.service.belongings import belongings
from headwater.features.personal_data.service.deletion import OrganizationChoice

router = APIRouter(tags=["auth"])
Owner = Annotated[Actor, Depends(allow("account:admin"))]


@router.get("/auth/belongings")
async def get_belongings(
    db: Db, server: Shared, actor: Annotated[Actor, Depends(allow("account:admin"))]
) -> BelongingsOut:
    """Show what the current user owns alone, which is decided before the account is deleted."""
    owned = await belongings(db, actor)
    items = [OwnedOrganizationOut.model_validate(each) for each in owned.owned]
    return BelongingsOut(owned=items, left=list(owned.left), grace_days=server.settings.account_grace_days)


@router.post("/auth/deletion", status_code=202)
async def delete_account(body: DeletionIn, server: Shared, actor: Owner, tasks: BackgroundTasks) -> DeletionOut:
    """Deactivate the account of the current user, and delete it after a grace period, in which signing in keeps it."""
    choices = [
        OrganizationChoice(each.organization_id, each.successor_id, each.confirmation) for each in body.organizations
    ]
    at, notice = await deletion.request(server.context, actor, choices, body.password.get_secret_value())
    tasks.add_task(deliver, server.context, notice)
    return DeletionOut(deletion_at=at)


@router.post("/auth/exports", status_code=202)
async def start_personal_export(body: PersonalExportIn, server: Shared, actor: Owner) -> PersonalExportOut:
    """Begin an export of what is stored about the current user, as a ZIP of JSON files."""
    return _out(server, await exports.start(server.context, actor, body.password.get_secret_value()))


@router.get("/auth/exports")
async def list_personal_exports(
    db: Db, server: Shared, actor: Annotated[Actor, Depends(allow("account:credentials"))]
) -> ListOf[PersonalExportOut]:
    """List the newest exports of the current user."""
    return ListOf(items=[_out(server, job) for job in await exports.listed(db, actor)])


@router.post("/auth/exports/{export_id}/links", status_code=201)
async def create_personal_export_link(
    export_id: uuid.UUID, server: Shared, actor: Owner, response: Response
) -> PersonalExportLinkOut:
    """Create a link that downloads an export, for an hour."""
    token, until = await exports.link(server.context, actor, export_id)
    response.headers["cache-control"] = "no-store"
    return PersonalExportLinkOut(url=f"/api/v1/personal-data/{token}", expires_at=until)


@router.get(
    "/personal-data/{token}",
    response_class=FileResponse,
    responses=sends("application/zip"),
    dependencies=[Depends(public)],
)
async def download_personal_export(token: str, server: Shared) -> FileResponse:
    """Download the export of a link."""
    path = await exports.follow(server.context, token)
    return FileResponse(path, media_type="application/zip", filename="headwater-personal-data.zip")


def _out(server: Shared, job: object) -> PersonalExportOut:
    fields = {name: getattr(job, name) for name in ("id", "state", "created_at", "finished_at")}
    is_available = fields["state"] == "completed" and export_files.path_of(server.settings, fields["id"]).exists()
    return PersonalExportOut(available=is_available, **fields)
