"""What git says when a repository cannot be fetched, as one sentence that helps; the patterns are git's English."""

from __future__ import annotations

import re

from headwater.kit.errors import HeadwaterError, Unavailable
from headwater.kit.git_address import GitAddress
from headwater.kit.logs import MASK, redact

ACCESS_HINT = "Enter a token that may read the repository, or check the address."
# What git says (in lower case), and what that means. The first that matches is taken.
_MEANINGS = (
    (
        "authentication failed|access denied|could not read (username|password)|error: 40[13]\\b|permission denied",
        "refused the credentials, or needs some.",
        ACCESS_HINT,
    ),
    (
        "repository not found|not found|error: 404|does not appear to be a git repository|project you were looking for",
        "has no such repository, or the credentials may not read it.",
        ACCESS_HINT,
    ),
    (
        "error: 30\\d|redirect",
        "answers that the repository is at another address.",
        "Enter the address to which it leads; redirects are not followed.",
    ),
    (
        "certificate|ssl",
        "has a certificate that is not trusted.",
        "Let SSL_CERT_FILE name the certificate of its authority.",
    ),
    ("couldn't find remote ref", "has no such branch any more.", "Enter the name of another branch."),
    (
        "not valid: is this a git repository|server does not support|expected flush",
        "does not answer as a git server.",
        "Check the address.",
    ),
)
# What may be over in a minute: the job is tried again.
_PASSING = re.compile(
    "failed to connect|connection (refused|reset|timed out|was lost)|operation too slow|early eof|error: 5\\d\\d"
    "|hung up|timed out|recv failure|empty reply"
)


class GitFailed(Unavailable):
    """The repository could not be read."""

    status = 422
    code = "git_failed"


class GitUnreachable(Unavailable):
    """The server of the repository does not answer."""

    code = "git_unreachable"


def failure_of(said: str, address: GitAddress, token: str = "") -> HeadwaterError:
    """Return the error for what git said about a repository; it contains no secret."""
    lowered = said.lower()
    for pattern, meaning, hint in _MEANINGS:
        if re.search(pattern, lowered):
            return GitFailed(f"{address.host} {meaning}", hint=hint)
    if _PASSING.search(lowered):
        return GitUnreachable(f"{address.host} could not be reached, or broke off.", hint="Is it up? Try again later.")
    return GitFailed(f"{address.text} could not be fetched: {_last_line(said, token)}")


def _last_line(said: str, token: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    text = (fatal or lines or ["git gives no reason"])[0]
    text = "".join(char for char in text if char.isprintable())[:300]
    return str(redact(text.replace(token, MASK) if token else text))
