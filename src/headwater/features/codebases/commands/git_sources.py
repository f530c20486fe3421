"""The commands `headwater codebases git`, over the HTTP API; secrets are read from files, never from arguments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import remote, show_one
from headwater.features.codebases.commands.options import CodebaseArgument, ProjectOption
from headwater.features.codebases.commands.push import codebase_named, project_id
from headwater.features.jobs.follow import follow
from headwater.kit.errors import BadInput, Unreadable

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
BranchOption = Annotated[str | None, typer.Option(help="Branch; by default that of the repository.")]
FolderOption = Annotated[str | None, typer.Option("--subfolder", help="Scan only this folder of the repository.")]
TokenOption = Annotated[Path | None, typer.Option("--token-file", help="File with an access token; - is stdin.")]
UserOption = Annotated[str | None, typer.Option("--username", help="User name of the token, if the host needs one.")]
NewKeyOption = Annotated[bool, typer.Option("--new-deploy-key", help="Make an SSH key, and print its public half.")]
KeyOption = Annotated[Path | None, typer.Option("--deploy-key-file", help="File with the private SSH key; - is stdin.")]
HostKeyOption = Annotated[str | None, typer.Option(help="Key or SHA256 fingerprint of the SSH host.")]
CronOption = Annotated[str | None, typer.Option(help="Look for new commits at these times, such as '0 * * * *'.")]
ZoneOption = Annotated[str, typer.Option(help="Time zone of --cron.")]
FIELDS = (
    "url",
    "branch",
    "default_branch",
    "subfolder",
    "credentials",
    "username",
    "public_key",
    "host_fingerprint",
    "schedule.cron",
    "schedule.timezone",
    "schedule.next_at",
    "webhook",
    "checked_at",
    "failure",
)


def register(group: typer.Typer) -> None:
    """Register the commands."""
    git = typer.Typer(help="Codebases that are read from a git repository.", no_args_is_help=True)
    git.command("add")(add)
    git.command("show")(show)
    git.command("change")(change)
    git.command("webhook")(webhook)
    group.add_typer(git, name="git")


def add(
    url: Annotated[str, typer.Argument(help="https or SSH address of the repository.", show_default=False)],
    project: ProjectOption,
    name: Annotated[str | None, typer.Option(help="Name; by default that of the repository.")] = None,
    branch: BranchOption = None,
    subfolder: FolderOption = None,
    token_file: TokenOption = None,
    username: UserOption = None,
    new_deploy_key: NewKeyOption = False,
    deploy_key_file: KeyOption = None,
    host_key: HostKeyOption = None,
    cron: CronOption = None,
    timezone: ZoneOption = "UTC",
    watch: Annotated[bool, typer.Option("--watch", help="Wait for the scan and show its progress.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a codebase from a git repository and scan it."""
    credentials = _credentials(token_file, username, new_deploy_key, deploy_key_file)
    body = _given(name=name, branch=branch, subfolder=subfolder, host_key=host_key, credentials=credentials)
    if cron:
        body["schedule"] = {"cron": cron, "timezone": timezone}
    with remote() as server:
        path = f"/projects/{project_id(server, project)}/codebases/git"
        answer = server.call("POST", path, json={"url": url} | body)
        if watch and answer["job"]:
            if follow(server, answer["job"]["id"], as_json)["state"] != "completed":
                raise typer.Exit(1)
            return
        show_one(answer, ("codebase.id", "codebase.name", "job.id", "job.state", "git.public_key"), as_json)
    if not answer["job"] and not as_json:
        typer.echo("Add the public key to the repository as a deploy key; then: headwater codebases rescan.", err=True)


def show(codebase: CodebaseArgument, project: ProjectOption, as_json: JsonOption = False) -> None:
    """Show the repository of a codebase, without its secrets."""
    with remote() as server:
        row = codebase_named(server, project_id(server, project), codebase)
        show_one(server.call("GET", f"/codebases/{row['id']}/git"), FIELDS, as_json)


def change(
    codebase: CodebaseArgument,
    project: ProjectOption,
    url: Annotated[str | None, typer.Option(help="Another address; on another server, with credentials.")] = None,
    branch: BranchOption = None,
    subfolder: FolderOption = None,
    token_file: TokenOption = None,
    username: UserOption = None,
    new_deploy_key: NewKeyOption = False,
    deploy_key_file: KeyOption = None,
    no_credentials: Annotated[bool, typer.Option("--no-credentials", help="Forget the credentials.")] = False,
    host_key: HostKeyOption = None,
    cron: CronOption = None,
    timezone: ZoneOption = "UTC",
    no_schedule: Annotated[bool, typer.Option("--no-schedule", help="End the schedule.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Change the repository of a codebase; the next scan uses it."""
    credentials = _credentials(token_file, username, new_deploy_key, deploy_key_file, none=no_credentials)
    body = _given(url=url, branch=branch, subfolder=subfolder, host_key=host_key, credentials=credentials)
    if cron or no_schedule:
        body["schedule"] = None if no_schedule else {"cron": cron, "timezone": timezone}
    if not body:
        raise BadInput("Nothing is to be changed.", hint="See headwater codebases git change --help.")
    with remote() as server:
        row = codebase_named(server, project_id(server, project), codebase)
        show_one(server.call("PATCH", f"/codebases/{row['id']}/git", json=body), FIELDS, as_json)


def webhook(
    codebase: CodebaseArgument,
    project: ProjectOption,
    remove: Annotated[bool, typer.Option("--remove", help="Let pushes start no scans any more.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let pushes start scans: print the address and a new secret to enter at the git host."""
    with remote() as server:
        row = codebase_named(server, project_id(server, project), codebase)
        path = f"/codebases/{row['id']}/git/webhook"
        if remove:
            server.call("DELETE", path)
            return
        show_one(server.call("POST", path), ("url", "secret"), as_json)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _credentials(
    token_file: Path | None, username: str | None, new_key: bool, key_file: Path | None, *, none: bool = False
) -> dict[str, str] | None:
    """Return the credentials that the options name; None if they name none."""
    if sum((token_file is not None, new_key, key_file is not None, none)) > 1:
        raise BadInput("Give one kind of credentials.", hint="A token, a deploy key, or none.")
    if username and token_file is None:
        raise BadInput("--username is that of a token.", hint="Give the token with --token-file.")
    if token_file is not None:
        return {"kind": "token", "username": username or "", "token": _content(token_file)}
    if key_file is not None:
        return {"kind": "deploy_key", "private_key": _content(key_file)}
    return {"kind": "deploy_key"} if new_key else {"kind": "none"} if none else None


def _content(file: Path) -> str:
    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{file} cannot be read.") from error
