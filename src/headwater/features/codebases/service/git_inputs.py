"""What users enter about a repository: checked, and completed with what follows from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from headwater.core import schedules
from headwater.kit import git_keys
from headwater.kit.errors import Invalid
from headwater.kit.git_address import GitAddress

CredentialsKind: TypeAlias = Literal["none", "token", "deploy_key"]
# The user name that goes with a token, by a part of the host's name; hosts that are not listed take any.
USERNAMES = (("gitlab", "oauth2"), ("bitbucket", "x-token-auth"), ("", "x-access-token"))
_BRANCH = re.compile(r"(?![-/])(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])$")


@dataclass(frozen=True, slots=True)
class GitCredentials:
    """How Headwater signs in: not at all, with a token, or with a deploy key, which is new if none is given."""

    kind: CredentialsKind = "none"
    username: str = ""
    token: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class CheckedCredentials:
    """Credentials as they are stored: the secret, its user name, or the public half of the key."""

    kind: CredentialsKind
    username: str = ""
    secret: str = field(default="", repr=False)
    public_key: str = ""
    is_new_key: bool = False


def checked_credentials(given: GitCredentials, address: GitAddress, name: str) -> CheckedCredentials:
    """Return credentials as they are stored.

    Raises:
        Invalid: they do not fit the address, or are incomplete.
    """
    if (given.kind == "deploy_key") != (address.scheme == "ssh"):
        sentence = "An SSH address needs a deploy key, and a deploy key an SSH address."
        raise Invalid({"credentials": sentence}, hint="Change the address or the kind of credentials.")
    if given.kind == "token":
        username = given.username.strip() or default_username(address.host)
        return CheckedCredentials("token", _one_word(username, "username"), _one_word(given.token.strip(), "token"))
    if given.kind == "none":
        return CheckedCredentials("none")
    if given.private_key:
        return CheckedCredentials(
            "deploy_key", secret=given.private_key.strip() + "\n", public_key=git_keys.public_half(given.private_key)
        )
    private, public = git_keys.new_key(f"headwater:{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}")
    return CheckedCredentials("deploy_key", secret=private, public_key=public, is_new_key=True)


def default_username(host: str) -> str:
    """Return the user name that goes with a token of a host."""
    return next(name for part, name in USERNAMES if part in host.lower())


def _one_word(text: str, field_name: str) -> str:
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise Invalid({field_name: f"The {field_name} must be one word of letters, digits and signs."})
    return text


def checked_branch(branch: str) -> str:
    """Return the name of a branch; empty is the default branch of the repository.

    Raises:
        Invalid: git does not allow the name.
    """
    branch = branch.strip().removeprefix("refs/heads/")
    if branch and not (_BRANCH.match(branch) and branch != "@"):
        raise Invalid({"branch": "This is not the name of a branch."}, hint="Enter a name such as main.")
    return branch


def checked_subfolder(subfolder: str) -> str:
    """Return the path of a folder in the repository, without slashes at its ends.

    Raises:
        Invalid: it leads out of the repository.
    """
    parts = [part for part in subfolder.strip().split("/") if part not in {"", "."}]
    if ".." in parts or not all(part.isprintable() for part in parts):
        raise Invalid(
            {"subfolder": "This is not a folder of the repository."}, hint="Enter a path such as services/api."
        )
    return "/".join(parts)


def checked_host_key(host_key: str) -> str:
    """Return the key of an SSH host, or its fingerprint; empty means that the first one that is seen is pinned.

    Raises:
        Invalid: it is neither.
    """
    host_key = host_key.strip()
    if host_key:
        git_keys.fingerprint(host_key)
    return " ".join(host_key.split()[:2])


def checked_schedule(cron: str, timezone: str) -> schedules.Schedule:
    """Return a schedule, or raise Invalid with what is wrong about it."""
    return schedules.checked(cron, timezone)
