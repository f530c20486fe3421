"""The address of a git repository as users enter it: https, ssh, or the short form `git@host:path`; nothing else.

An address holds no secret: a token in it would end up on pages, in logs and in error messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from headwater.kit.errors import BadInput, Invalid
from headwater.kit.identity_providers import is_secure
from headwater.kit.network.guard import parse_host

EXAMPLES = "Enter https://host/owner/name.git, ssh://git@host/owner/name.git or git@host:owner/name.git."
MAX_LENGTH = 1000
_SHORT = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+):(?P<path>(?!/?/)[^:]+)$", re.ASCII)
_PORTS = {"https": 443, "http": 80, "ssh": 22}


@dataclass(frozen=True, slots=True)
class GitAddress:
    """A repository; `text` is its address as users see it, `url` what git gets, without the port of an SSH host."""

    scheme: Literal["https", "http", "ssh"]
    host: str
    port: int
    user: str
    text: str
    url: str

    @property
    def name(self) -> str:
        """The last part of the path, without `.git`."""
        path = self.text.rstrip("/").removesuffix(".git").rstrip("/")
        return unquote(re.split(r"[/:]", path)[-1]) or self.host

    @property
    def server(self) -> tuple[str, str, int, str]:
        """What credentials are for: two addresses of one server may be given the same ones."""
        return self.scheme, self.host.lower(), self.port, self.user


def parse(text: str) -> GitAddress:
    """Return the address in a text.

    Raises:
        Invalid: it is no address of a repository, or it has a password; the error never repeats a password.
    """
    text = text.strip()
    if len(text) > MAX_LENGTH or not text.isprintable() or " " in text or "\\" in text:
        raise _invalid("This is not the address of a git repository.")
    short = _SHORT.match(text)
    if short:
        host, user = short["host"], short["user"] or "git"
        _check_host(host)
        address = f"{user}@{host}:{short['path']}"
        return GitAddress("ssh", host, 22, user, address, address)
    return _parse_url(text)


def _parse_url(text: str) -> GitAddress:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _invalid("This is not the address of a git repository.") from error
    scheme = parts.scheme.lower()
    if scheme == "http" and not is_secure(text):
        raise _invalid("Plain http is not encrypted.", "Enter the https address of the repository.")
    if scheme not in {"https", "http", "ssh"} or not host:
        raise _invalid("This is not the https or ssh address of a git repository.")
    if parts.password is not None or (scheme != "ssh" and parts.username is not None):
        raise _invalid(
            "The address has a user or password in it.", "Enter the token as credentials, not in the address."
        )
    if not parts.path.strip("/") or parts.query or parts.fragment:
        raise _invalid("The address must end with the path of the repository.")
    _check_host(host)
    user = (parts.username or "git") if scheme == "ssh" else ""
    if user and not re.fullmatch(r"[\w.][\w.-]*", user, re.ASCII):
        raise _invalid("The user in the address is not valid.")
    shown = f"[{host}]" if ":" in host else host
    at = f"{user}@" if user else ""
    suffix = f":{port}" if port and port != _PORTS[scheme] else ""
    whole = f"{scheme}://{at}{shown}{suffix}{parts.path}"
    url = f"ssh://{at}{shown}{parts.path}" if scheme == "ssh" else whole
    kind: Literal["https", "http", "ssh"] = "ssh" if scheme == "ssh" else "http" if scheme == "http" else "https"
    return GitAddress(kind, host, port or _PORTS[scheme], user, whole, url)


def _check_host(host: str) -> None:
    """Raise Invalid for a host that git could read in another way than the guard: an odd spelling, or a last dot."""
    try:
        ip = parse_host(host)
    except BadInput as error:
        raise _invalid("The host in the address is not valid.") from error
    if host.endswith(".") or (ip is not None and str(ip) != host):
        raise _invalid("The host in the address is not spelled as usual.")


def _invalid(message: str, hint: str = EXAMPLES) -> Invalid:
    return Invalid({"url": message}, hint=hint)
