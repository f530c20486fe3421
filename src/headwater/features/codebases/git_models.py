"""The wire shapes of codebases that are read from a git repository."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr

from headwater.features.accounts.api_models import Change, Input, Name, Text, Wire
from headwater.features.codebases.api_models import CodebaseOut
from headwater.features.jobs.api_models import JobOut

Url = Annotated[Text, Field(max_length=1000)]
Branch = Annotated[Text, Field(max_length=250)]
Subfolder = Annotated[Text, Field(max_length=1000)]
HostKey = Annotated[Text, Field(max_length=5000)]


class GitCredentialsIn(Input):
    """How Headwater signs in to the host of a repository.

    A `token` has a user name; without one, that which the host asks for is used. A `deploy_key` is a private key
    without a passphrase; without one a new key is made, whose public half is shown.
    """

    kind: Literal["none", "token", "deploy_key"] = "none"
    username: Name = ""
    token: SecretStr = Field(SecretStr(""), max_length=5000)
    private_key: SecretStr = Field(SecretStr(""), max_length=20_000)


class GitScheduleIn(Input):
    """When to look for a new commit: a cron expression of five fields, in an IANA time zone."""

    cron: Annotated[Text, Field(min_length=1, max_length=200)]
    timezone: Annotated[Text, Field(max_length=100)] = "UTC"


class GitCodebaseIn(Input):
    """A codebase to read from a git repository.

    An empty `branch` is the default branch of the repository; of a `subfolder` only its files are scanned.
    `host_key` is the public key of an SSH host or its SHA256 fingerprint; if it is empty, the first one seen is pinned.
    """

    url: Url = Field(examples=["https://github.com/acme/shop.git", "git@gitlab.com:acme/shop.git"])
    name: Name = ""
    branch: Branch = ""
    subfolder: Subfolder = ""
    credentials: GitCredentialsIn = GitCredentialsIn()
    host_key: HostKey = ""
    schedule: GitScheduleIn | None = None


class GitSourceChange(Change):
    """Changes of the repository of a codebase; null ends the schedule, an empty `host_key` pins the next one seen."""

    NULLABLE: ClassVar[frozenset[str]] = frozenset({"schedule"})

    url: Url | None = None
    branch: Branch | None = None
    subfolder: Subfolder | None = None
    credentials: GitCredentialsIn | None = None
    host_key: HostKey | None = None
    schedule: GitScheduleIn | None = None


class GitScheduleOut(Wire):
    """When Headwater looks for a new commit, and the next time it does."""

    cron: str
    timezone: str
    next_at: datetime | None


class GitSourceOut(Wire):
    """The repository of a codebase, without its secrets.

    `host_fingerprint` is that of the pinned key of the SSH host. `webhook` is whether pushes start scans;
    `webhook_path` is where they are sent. `failure` is why the last look at the repository failed, if it did.
    """

    url: str
    branch: str
    default_branch: str
    subfolder: str
    credentials: Literal["none", "token", "deploy_key"]
    username: str
    public_key: str
    host_fingerprint: str
    schedule: GitScheduleOut | None
    webhook: bool
    webhook_path: str
    checked_at: datetime | None
    failure: str


class GitCodebaseOut(Wire):
    """A codebase that was added, and the job that scans it; none before its new deploy key is in the repository."""

    codebase: CodebaseOut
    git: GitSourceOut
    job: JobOut | None


class WebhookOut(Wire):
    """The webhook of a codebase, to enter at the git host; the secret is shown only now."""

    url: str
    secret: str


class HookOut(Wire):
    """What a webhook led to."""

    outcome: Literal["started", "waiting", "unchanged", "ignored"]
    reason: str
    job_id: uuid.UUID | None
