"""Reads revisions of a git checkout with the user's own git; nothing in the checkout or its index changes.

Raises `BadInput` or `NotFound` with a hint when the folder is no checkout, git is absent or a revision is not known.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from headwater.kit.errors import BadInput, NotFound
from headwater.kit.git_commit import LOG_FORMAT, GitCommit, of_log


class GitRevision(NamedTuple):
    """The files of a folder as a commit has them, and the paths that have been renamed or deleted since.

    `folder` exists as long as the context manager that returned it is open; `prefix` is its path in the checkout, such
    as `server/`. `moved` has the new path of each renamed file, and None for a deleted one; paths are relative to the
    folder.
    """

    commit: str
    folder: Path
    prefix: str
    moved: Mapping[str, str | None]


@contextmanager
def revision(folder: Path, name: str) -> Iterator[GitRevision]:
    """Yield the files of a folder as they were where the current branch left a revision (their merge base).

    Raises:
        BadInput: the folder is in no git checkout, or git is not installed.
        NotFound: there is no such revision, or it does not have the folder.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder.", hint="Give a folder of a git checkout.")
    prefix = _git(folder, "rev-parse", "--show-prefix").rstrip("\n")
    commit = _merge_base(folder, name)
    with tempfile.TemporaryDirectory(prefix="headwater-") as temporary:
        target = Path(temporary) / "tree"
        target.mkdir()
        environment = {"GIT_INDEX_FILE": str(Path(temporary) / "index"), "GIT_LFS_SKIP_SMUDGE": "1"}
        top = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
        _git(top, "read-tree", commit, environment=environment)
        _git(top, "checkout-index", "--all", "--force", f"--prefix={target}/", environment=environment)
        if not (target / prefix).is_dir():
            raise NotFound(f"{folder} does not exist in {name}.", hint="Give a revision that has it.")
        yield GitRevision(commit, target / prefix, prefix, _moved(folder, commit))


def commit_of(folder: Path, name: str = "HEAD") -> GitCommit | None:
    """Return a commit of the checkout that a folder is in, with the current branch; None if there is no such commit."""
    try:
        log = _run(
            folder, ["log", "-1", "--no-show-signature", f"--format={LOG_FORMAT}", "--end-of-options", name, "--"]
        )
        branch = _run(folder, ["symbolic-ref", "--quiet", "--short", "HEAD"])
    except BadInput:  # git is not installed
        return None
    return of_log(log.stdout, branch.stdout.strip()) if log.returncode == 0 and log.stdout else None


def _merge_base(folder: Path, name: str) -> str:
    wanted = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
    commit = _git(folder, *wanted, missing=NotFound(f"There is no revision {name}.", hint="Fetch it first: git fetch."))
    base = _run(folder, ["merge-base", "HEAD", commit.strip()])
    # Without a common history, as in a shallow clone, the revision itself is compared.
    return (base.stdout if base.returncode == 0 else commit).strip()


def _moved(folder: Path, commit: str) -> dict[str, str | None]:
    """Return the new paths of the files that were renamed since a commit, and None for deleted ones."""
    options = ["diff", "--name-status", "-z", "--find-renames", "--no-ext-diff", "--diff-filter=RD", "--relative"]
    parts = iter(_git(folder, *options, commit).split("\0"))
    moved: dict[str, str | None] = {}
    for status in parts:
        if status:
            old = next(parts)
            moved[old] = next(parts) if status.startswith("R") else None
    return moved


def _git(
    folder: Path, *arguments: str, missing: NotFound | None = None, environment: Mapping[str, str] | None = None
) -> str:
    done = _run(folder, list(arguments), environment)
    if done.returncode == 0:
        return done.stdout
    if missing is not None:
        raise missing
    said = done.stderr.strip().splitlines()
    raise BadInput(
        f"git cannot read {folder}: {said[-1] if said else 'no reason is given'}", hint="It must be in a git checkout."
    )


def _run(
    folder: Path, arguments: list[str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    values = os.environ | dict(environment or {})
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=values,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except FileNotFoundError as error:
        raise BadInput("git is not installed.", hint="Install git, or give the change itself.") from error
