"""What the webhooks of git hosts send: their signatures, and the push that a request tells of. Pure functions.

GitHub, Gitea and Forgejo sign the body with HMAC-SHA256; GitLab sends the secret itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

# The header of each host, and what stands before the signature. The first that a request has is the one that counts.
SIGNATURES = (("x-hub-signature-256", "sha256="), ("x-forgejo-signature", ""), ("x-gitea-signature", ""))
TOKEN = "x-gitlab-token"  # noqa: S105 - the name of a header
EVENTS = ("x-github-event", "x-gitlab-event", "x-forgejo-event", "x-gitea-event")
PUSHES = frozenset({"push", "Push Hook"})
NO_COMMIT = frozenset("0")


@dataclass(frozen=True, slots=True)
class PushEvent:
    """A push: its branch, its commit now ("" if the branch was deleted), and the default branch if it is named."""

    branch: str
    commit: str
    default_branch: str = ""


def is_authentic(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Return True if a request has the signature or the token of a secret; compared in constant time."""
    for header, prefix in SIGNATURES:
        if header in headers:
            expected = prefix + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            return hmac.compare_digest(expected.encode(), headers[header].encode("utf-8", "replace"))
    return hmac.compare_digest(secret.encode(), headers.get(TOKEN, "").encode("utf-8", "replace"))


def push_of(headers: Mapping[str, str], body: bytes) -> PushEvent | None:
    """Return the push to a branch that a request tells of; None for any other event, such as a test of the webhook."""
    event = next((headers[name] for name in EVENTS if name in headers), "")
    payload = _payload(headers.get("content-type", ""), body)
    ref = payload.get("ref")
    if event not in PUSHES or not isinstance(ref, str) or not ref.startswith("refs/heads/"):
        return None
    commit = payload.get("after") or payload.get("checkout_sha")
    gone = not isinstance(commit, str) or set(commit) <= NO_COMMIT
    return PushEvent(ref.removeprefix("refs/heads/"), "" if gone else str(commit), _default_branch(payload))


def _payload(content_type: str, body: bytes) -> dict[str, Any]:
    """Return the JSON of a body, or that in the field `payload` of a form, which GitHub and Gitea can send, too."""
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            body = parse_qs(body.decode(), max_num_fields=10)["payload"][0].encode()
        payload = json.loads(body)
    except (ValueError, KeyError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _default_branch(payload: Mapping[str, Any]) -> str:
    for holder in ("repository", "project"):
        inner = payload.get(holder)
        if isinstance(inner, dict) and isinstance(inner.get("default_branch"), str):
            return str(inner["default_branch"])
    return ""
