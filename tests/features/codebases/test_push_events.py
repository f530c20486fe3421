"""Webhooks of git hosts: their signatures, with the examples of their documentation, and what they tell of."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from headwater.features.codebases.push_events import PushEvent, is_authentic, push_of

# The example with which GitHub's documentation lets one test an implementation.
GITHUB_SECRET, GITHUB_BODY = "It's a Secret to Everybody", b"Hello, World!"
GITHUB_SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
COMMIT = "bffeb74224043ba2feb48d137756c8a9331c449a"
NONE = "0" * 40
HEX = hmac.new(b"words", b"{}", hashlib.sha256).hexdigest()


def test_signature_of_github() -> None:
    assert is_authentic({"x-hub-signature-256": GITHUB_SIGNATURE}, GITHUB_BODY, GITHUB_SECRET)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-hub-signature-256": f"sha256={HEX}"},
        {"x-gitlab-token": "words"},
        {"x-gitea-signature": HEX},
        {"x-forgejo-signature": HEX},
        {"x-gitea-signature": HEX, "x-forgejo-signature": HEX, "x-hub-signature-256": f"sha256={HEX}"},
    ],
)
def test_every_host_is_recognised(headers: dict[str, str]) -> None:
    assert is_authentic(headers, b"{}", "words")
    assert not is_authentic(headers, b"{}", "other words")
    assert "x-gitlab-token" in headers or not is_authentic(headers, b"{} ", "words")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-gitlab-token": ""},
        {"x-gitlab-token": "wörds"},
        {"x-hub-signature-256": HEX},
        {"x-hub-signature-256": f"sha1={HEX}"},
        {"x-hub-signature-256": "sha256="},
        {"x-gitea-signature": f"sha256={HEX}"},
        {"x-gitea-signature": HEX.upper()},
        # A wrong signature is not made good by another header.
        {"x-hub-signature-256": "sha256=00", "x-gitlab-token": "words"},
        {"x-forgejo-signature": "00", "x-gitea-signature": HEX},
    ],
)
def test_wrong_signatures(headers: dict[str, str]) -> None:
    assert not is_authentic(headers, b"{}", "words")


GITHUB = {"ref": "refs/heads/main", "after": COMMIT, "repository": {"default_branch": "main"}}
GITLAB = {"object_kind": "push", "ref": "refs/heads/dev", "after": COMMIT, "project": {"default_branch": "main"}}


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        ({"x-github-event": "push"}, GITHUB, PushEvent("main", COMMIT, "main")),
        ({"x-gitlab-event": "Push Hook"}, GITLAB, PushEvent("dev", COMMIT, "main")),
        ({"x-gitea-event": "push"}, GITHUB, PushEvent("main", COMMIT, "main")),
        ({"x-forgejo-event": "push", "x-github-event": "push"}, GITHUB, PushEvent("main", COMMIT, "main")),
        ({"x-github-event": "push"}, GITHUB | {"after": NONE, "deleted": True}, PushEvent("main", "", "main")),
        ({"x-github-event": "push"}, GITHUB | {"ref": "refs/tags/v1"}, None),
        ({"x-github-event": "ping"}, {"zen": "Keep it logically awesome.", "hook_id": 1}, None),
        ({"x-gitlab-event": "Merge Request Hook"}, GITLAB, None),
        ({}, GITHUB, None),
        ({"x-github-event": "push"}, {"ref": ["refs/heads/main"], "after": 1}, None),
        ({"x-github-event": "push"}, {"ref": "refs/heads/main", "repository": []}, PushEvent("main", "", "")),
    ],
)
def test_what_a_request_tells_of(event: dict[str, str], payload: Any, expected: PushEvent | None) -> None:
    assert push_of(event, json.dumps(payload).encode()) == expected


def test_forms_and_what_is_no_json() -> None:
    form = urlencode({"payload": json.dumps(GITHUB)}).encode()
    headers = {"x-github-event": "push", "content-type": "application/x-www-form-urlencoded"}
    assert push_of(headers, form) == PushEvent("main", COMMIT, "main")
    for body in (b"", b"payload", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b"payload=[1]"):
        assert push_of(headers, body) is None
        assert push_of({"x-github-event": "push"}, body) is None
