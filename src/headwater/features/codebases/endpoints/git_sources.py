"""HTTP endpoints of codebases that are read from a git repository, and the webhooks that start their scans."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from headwater.features.accounts.guard import Db, Shared, allow, body_limit, public
from headwater.features.accounts.rights import Actor
from headwater.features.codebases import git_models as shapes
from headwater.features.codebases import serializers
from headwater.features.codebases.service import git_hooks, git_sources
from headwater.features.codebases.service.git_inputs import GitCredentials
from headwater.features.jobs.api_models import JobOut

router = APIRouter(tags=["codebases"])
Reader = Annotated[Actor, Depends(allow("codebase:read"))]
Writer = Annotated[Actor, Depends(allow("codebase:write"))]
# A push of two thousand commits, which is what GitHub sends at most, is smaller.
MAX_HOOK = 5 * 1_048_576
HOOK_BODY = {
    "requestBody": {
        "description": "What the git host sends; its signature is checked against the secret of the webhook.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post("/projects/{project_id}/codebases/git", status_code=202)
async def add_git_codebase(
    project_id: uuid.UUID, body: shapes.GitCodebaseIn, db: Db, server: Shared, actor: Writer
) -> shapes.GitCodebaseOut:
    """Add a codebase that is read from a git repository, and scan it unless its deploy key is new."""
    schedule = body.schedule
    spec = git_sources.GitSpec(
        body.url,
        body.name,
        body.branch,
        body.subfolder,
        _credentials(body.credentials),
        body.host_key,
        schedule.cron if schedule else None,
        schedule.timezone if schedule else "UTC",
    )
    view = await git_sources.add(db, actor, server.context.cipher, project_id, spec)
    source = await git_sources.show(db, actor, view.codebase.id)
    return shapes.GitCodebaseOut(
        codebase=serializers.codebase(view),
        git=serializers.git_source(source),
        job=JobOut.model_validate(view.job) if view.job else None,
    )


@router.get("/codebases/{codebase_id}/git")
async def get_git_source(codebase_id: uuid.UUID, db: Db, actor: Reader) -> shapes.GitSourceOut:
    """Show the git repository of a codebase."""
    return serializers.git_source(await git_sources.show(db, actor, codebase_id))


@router.patch("/codebases/{codebase_id}/git")
async def change_git_source(
    codebase_id: uuid.UUID, body: shapes.GitSourceChange, db: Db, server: Shared, actor: Writer
) -> shapes.GitSourceOut:
    """Change the repository, branch, folder, credentials or schedule of a codebase; the next scan uses them."""
    cron, timezone = None, "UTC"
    if "schedule" in body.model_fields_set:
        cron, timezone = (body.schedule.cron, body.schedule.timezone) if body.schedule else ("", "UTC")
    changes = git_sources.GitChange(
        body.url,
        body.branch,
        body.subfolder,
        _credentials(body.credentials) if body.credentials else None,
        body.host_key,
        cron,
        timezone,
    )
    return serializers.git_source(await git_sources.change(db, actor, server.context.cipher, codebase_id, changes))


@router.post("/codebases/{codebase_id}/git/webhook", status_code=201)
async def create_webhook(
    codebase_id: uuid.UUID, request: Request, db: Db, server: Shared, actor: Writer
) -> shapes.WebhookOut:
    """Let pushes start scans: return the address and the new secret of the webhook; an earlier secret is void."""
    secret = await git_sources.new_webhook_secret(db, actor, server.context.cipher, codebase_id)
    base = f"{request.url.scheme}://{request.headers.get('host')}"
    return shapes.WebhookOut(url=base + serializers.webhook_path(codebase_id), secret=secret)


@router.delete("/codebases/{codebase_id}/git/webhook", status_code=204)
async def delete_webhook(codebase_id: uuid.UUID, db: Db, actor: Writer) -> None:
    """Let pushes start no scans any more."""
    await git_sources.remove_webhook(db, actor, codebase_id)


@router.post("/hooks/codebases/{codebase_id}", status_code=202, dependencies=[Depends(public)], openapi_extra=HOOK_BODY)
@body_limit(MAX_HOOK)
async def receive_webhook(codebase_id: uuid.UUID, request: Request, server: Shared) -> shapes.HookOut:
    """Receive a webhook of GitHub, GitLab, Gitea or Forgejo: a push to the branch of the codebase starts a scan."""
    body = await request.body()
    outcome = await git_hooks.receive(server.context, codebase_id, request.headers, body)
    return shapes.HookOut(outcome=outcome.outcome, reason=outcome.reason, job_id=outcome.job_id)


def _credentials(given: shapes.GitCredentialsIn) -> GitCredentials:
    return GitCredentials(
        given.kind, given.username, given.token.get_secret_value(), given.private_key.get_secret_value()
    )
