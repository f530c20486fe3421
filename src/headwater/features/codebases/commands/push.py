"""Uploads of folders and archives to a server: `headwater scan --push` and `headwater codebases upload`.

Of a folder only the files that a scan reads are sent: no ignored files, no dependencies, and nothing that is neither
code nor schema, such as `.env`.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from headwater.features.accounts.api_client import ApiClient, ApiInputRefusal, remote, show_one
from headwater.features.jobs.follow import finish
from headwater.kit import git
from headwater.kit.errors import BadInput, HeadwaterError, NotFound, Unreadable, did_you_mean

# The branch in the variables of CI systems, most telling first; GitHub names the merge of a pull request last.
BRANCH_VARIABLES = (
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "CI_COMMIT_BRANCH",
    "CI_COMMIT_REF_NAME",
)
COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA")
SHOWN = ("id", "name", "state", "scan.commit.id", "scan.commit.branch", "scan.tables", "scan.columns", "scan.usages")
# How often a push waits for another scan of the codebase.
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Push:
    """A folder or archive to scan on the server; what is None is taken from the folder, git and CI."""

    path: Path
    project: str | None
    codebase: str | None = None
    commit: str | None = None
    branch: str | None = None


class PackedFiles(NamedTuple):
    """An archive to upload, and its name."""

    filename: str
    content: IO[bytes]


def push_codebase(push: Push, as_json: bool) -> None:
    """Upload a new version of a codebase, which is added if there is none of its name; wait for its scan.

    Raises:
        BadInput: no project is named, or there is nothing to upload.
        HeadwaterError: the scan failed.
    """
    if not push.project:
        raise BadInput("--push needs the project.", hint="Name it with --project.")
    form = commit_fields(push, os.environ)
    with remote() as server, packed(push.path) as archive:
        project = project_id(server, push.project)
        name = push.codebase or push.path.resolve().name
        answer = _sent(server, project, name, archive, form)
        path = f"/codebases/{answer['codebase']['id']}"
        show_one(finish(server, answer["job"]["id"], path), SHOWN, as_json)


def _sent(server: ApiClient, project: str, name: str, archive: PackedFiles, form: Mapping[str, str]) -> Any:
    """Upload an archive; while the codebase is being scanned, wait for that first."""
    for _ in range(ATTEMPTS):
        known = [row for row in server.every(f"/projects/{project}/codebases") if name in {row["id"], row["name"]}]
        if not known:
            return send(server, f"/projects/{project}/codebases", archive, {"name": name, **form})
        row = _only(known, name)
        if row["origin"] == "upload" and row["state"] in {"pending", "running"} and row["job_id"]:
            _wait(server, row["job_id"])
        try:
            return send(server, f"/codebases/{row['id']}/upload", archive, form)
        except ApiInputRefusal as error:
            now = server.call("GET", f"/codebases/{row['id']}")
            busy = now["origin"] == "upload" and now["state"] in {"pending", "running"}
            if error.problem != "conflict" or not busy:
                raise
    raise HeadwaterError(f"{name} is still being scanned.", hint="Try again later.")


def _wait(server: ApiClient, job_id: str) -> None:
    for _ in server.events(f"/jobs/{job_id}/events"):
        pass


def _only(rows: list[Any], name: str) -> Any:
    if len(rows) > 1:
        raise BadInput(
            f"There are {len(rows)} codebases named {name}.",
            hint="Name one by its id: " + ", ".join(r["id"] for r in rows),
        )
    return rows[0]


def commit_fields(push: Push, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what is known about the commit of a folder, as the fields of a form; empty if it is in no checkout."""
    folder = push.path if push.path.is_dir() else push.path.parent
    known = git.commit_of(folder, push.commit or "HEAD") if push.path.is_dir() else None
    commit = known.id if known else push.commit or _first(environment, COMMIT_VARIABLES)
    if not commit:
        return {}
    branch = push.branch or _first(environment, BRANCH_VARIABLES) or (known.branch if known else "")
    fields = {"commit": commit.lower(), "branch": branch, "subject": known.subject if known else ""}
    if known and known.authored_at:
        fields["authored_at"] = known.authored_at.isoformat()
    return {name: value for name, value in fields.items() if value}


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def project_id(server: ApiClient, wanted: str) -> str:
    """Return the id of the project of a name or id.

    Raises:
        NotFound: there is none; the hint names similar ones.
    """
    projects = server.every("/projects")
    for row in projects:
        if wanted in {row["id"], row["name"]}:
            return str(row["id"])
    raise NotFound(f"There is no project {wanted}.", hint=did_you_mean(wanted, (row["name"] for row in projects)))


def codebase_named(server: ApiClient, project: str, wanted: str) -> Any:
    """Return the codebase of a name or id in a project.

    Raises:
        NotFound: there is none; the hint names similar ones.
        BadInput: there are several of that name.
    """
    rows = server.every(f"/projects/{project}/codebases")
    known = [row for row in rows if wanted in {row["id"], row["name"]}]
    if not known:
        raise NotFound(f"There is no codebase {wanted}.", hint=did_you_mean(wanted, (row["name"] for row in rows)))
    return _only(known, wanted)


def send(server: ApiClient, url: str, archive: PackedFiles, form: Mapping[str, str]) -> Any:
    """Upload an archive, and return the answer."""
    archive.content.seek(0)
    return server.call("POST", url, files={"file": (archive.filename, archive.content)}, data=dict(form))


@contextmanager
def packed(path: Path) -> Iterator[PackedFiles]:
    """Yield an archive as it is, or the files of a folder that a scan reads as a ZIP.

    Raises:
        Unreadable: there is no such path, or nothing in the folder that a scan reads.
    """
    if not path.exists():
        raise Unreadable(f"{path} does not exist.", hint="Give the path of a folder, a ZIP or a tar archive.")
    if not path.is_dir():
        with path.open("rb") as archive:
            yield PackedFiles(path.name, archive)
        return
    with tempfile.TemporaryFile() as out:
        _pack(path, out)
        yield PackedFiles(path.resolve().name + ".zip", out)


def _pack(folder: Path, out: IO[bytes]) -> None:
    from headwater.core.lineage.intake import intake  # importing it takes time, which other commands save

    paths = [file.path for file in intake(folder).files if file.status != "skipped"]
    if not paths:
        raise Unreadable(f"{folder} contains no code and no schema.", hint="Give the folder of the code.")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path in paths:
            # The intake takes away one folder around everything, so that none of the code base itself is missed.
            archive.write(os.path.join(folder, path), f"source/{path}")
