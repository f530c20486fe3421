"""A law over all routes with a body: whatever stands in a field, it is refused or stored, and everything works afterwards."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from features.accounts import route_list
from features.accounts.test_matrix import BODIES, dashboard_of, filled, new_owner
from headwater.features.databases.supervisor.reconciler import Supervisor
from people import AppFixture, Person
from suite.profiles import LONG, variants

# What stands for its kind comes first; the long profile tries the rest, too.
POISON: list[Any] = [None, "\ud800x", "a\0b", 0]
if LONG:
    POISON += [
        "",
        "x" * 70_000,
        False,
        "\u202eabc",
        "a\nb: c",
        "../x",
        "-1",
        -1,
        1.5,
        10**30,
        float("1e300"),
        True,
        [],
        {},
        [None],
        {"": None},
        " " * 10,
    ]
HOSTS = ["\ud800", "a\0b", "a b", "x" * 300, "[::1", "http://x", "127.0.0.1:99999", "..", "ü€.test", "u\r\nX: y"]
EXTRA = {
    ("PUT", "/api/v1/organizations/{organization_id}/vault"): [
        {"kind": "s3", "bucket": bucket, "access_key": "a", "secret_key": "b", "endpoint": endpoint, "prefix": prefix}
        for bucket, prefix, endpoint in [
            ("a b", "", "http://127.0.0.1:1"),
            ("b", "../y", "http://127.0.0.1:1"),
            ("b", "a\nb", "http://127.0.0.1:1"),
            ("b", "//", "http://127.0.0.1:1"),
            ("b", "", "http://127.0.0.1:99999"),
            ("b", "", "http://u:p@127.0.0.1:1/x?y"),
            ("b", "", "ftp://127.0.0.1"),
            ("b\u202e", "", "http://[::1"),
            ("b", "", "http://a b"),
        ]
    ],
    ("POST", "/api/v1/projects/{project_id}/connections/test"): [
        {
            "engine": "postgresql",
            "host": "127.0.0.1",
            "port": 1,
            "user": "u",
            "proxy": {"kind": kind, "host": "127.0.0.1", "port": 1, "user": user, "password": password},
        }
        for kind in ("http", "socks5")
        for user, password in [("u:x", "p"), ("u\r\nX: y", "p"), ("ü€", "p"), ("u", "\r\n"), ("u" * 300, "p")]
    ]
    + [{"engine": "postgresql", "host": host, "port": 1, "user": "u"} for host in HOSTS]
    + [{"url": f"postgresql://u:p@{host}:1/x"} for host in HOSTS]
    + [
        {
            "engine": "postgresql",
            "host": "127.0.0.1",
            "port": 1,
            "user": "u",
            "ssh": {"host": host, "user": "u", "password": "p"},
        }
        for host in HOSTS
    ],
    ("POST", "/api/v1/projects/{project_id}/databases"): [
        {"name": "x", "engine": "mysql", "options": {"charset": "utf8; drop"}},
        {"name": "x", "options": {"version": "../../x"}},
        {"name": "x", "options": {"path": "/etc"}},
        {"name": "x", "options": {"": ""}},
    ],
    ("POST", "/api/v1/auth/signup"): [],
}
PUBLIC = {
    ("POST", "/api/v1/auth/reset-request"): {"email": "nobody@example.org"},
    ("POST", "/api/v1/auth/reset"): {"token": "x", "password": "seven wooden boats"},
    ("POST", "/api/v1/auth/email/confirmation"): {"token": "x"},
    ("POST", "/api/v1/invitations/offer"): {"token": "x"},
    ("POST", "/api/v1/auth/login"): {"email": "nobody@example.org", "password": "seven wooden boats"},
    ("POST", "/api/v1/auth/oidc/{provider}/start"): {"next": "/", "invitation": "x"},
    ("POST", "/api/v1/auth/oidc/{provider}/callback"): {"state": "x", "code": "x", "iss": "x", "error": "x"},
    ("POST", "/api/v1/auth/oidc/second-step"): {"code": "x"},
    ("POST", "/api/v1/auth/passkeys/sign-in"): {"ticket": "x", "credential": {}},
    ("POST", "/api/v1/auth/signup"): {"email": "nobody", "password": "seven wooden boats", "name": "n"},
}


@pytest.fixture(scope="module")
async def lasting_owner(module_app: AppFixture, supervisor: Supervisor) -> Person:
    owner = await new_owner(module_app, scanned=True)
    await dashboard_of(owner)  # it completes BODIES
    return owner


@pytest.fixture
async def owner(lasting_owner: Person) -> Person:
    """The owner with a new access token: all routes together may take longer than one lasts."""
    renewed = await lasting_owner.send("POST", "/auth/refresh", 200)
    lasting_owner.client.headers["authorization"] = f"Bearer {renewed['access_token']}"
    return lasting_owner


def properties(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a schema, whatever it is made of."""
    if "$ref" in schema:
        return properties(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    inner = [*schema.get("anyOf", []), *schema.get("oneOf", []), *([schema["items"]] if "items" in schema else [])]
    return {**schema.get("properties", {}), **{k: v for each in inner for k, v in properties(document, each).items()}}


def mutations(document: dict[str, Any], schema: dict[str, Any], body: Any) -> Iterator[Any]:
    """Yield the body with each field, and each field of its objects, replaced by each poison."""
    for name, inside in properties(document, schema).items():
        for value in POISON:
            yield {**body, name: value}
        nested = properties(document, inside)
        for field in nested:
            for value in POISON:
                known = body.get(name)
                if isinstance(known, list):
                    changed = copy.deepcopy(known) or [{}]
                    if isinstance(changed[0], dict):
                        changed[0][field] = value
                    yield {**body, name: changed}
                else:
                    yield {**body, name: {**(known if isinstance(known, dict) else {}), field: value}}


def schema_of(application: FastAPI, method: str, template: str) -> tuple[dict[str, Any], dict[str, Any]]:
    document = application.openapi()
    operation = document["paths"][template.replace(":path", "")][method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    return document, content.get("application/json", {}).get("schema", {})


async def listed(person: Person) -> None:
    """Read the lists that a row of anybody's could have broken."""
    project = f"/projects/{person.project['id']}"
    for path in ("/projects", "/keys", "/jobs", "/audit", "/alerts", "/auth/sessions", "/auth/me", "/instance"):
        await person.get(path)
    for path in ("databases", "queries", "dashboards", "codebases"):
        await person.get(f"{project}/{path}")
    for path in ("members", "vault", "vaults", "vault/keys", "snapshots"):
        await person.get(f"/organizations/{person.organization}/{path}")


ADDRESSES = ["%00", "%ED%A0%80", "..%2F..%2Fx", "x" * 5_000, "-1", "%27%22%3B"]


@pytest.mark.parametrize(
    ("method", "template"),
    [(method, path) for method, path, _ in route_list.load() if method == "GET" and "/api/v1/" in path],
    ids=lambda value: str(value),
)
async def test_poisoned_addresses_are_refused_or_looked_up(
    module_app: AppFixture, supervisor: Supervisor, owner: Person, method: str, template: str
) -> None:
    described = module_app.application.openapi()["paths"][template.replace(":path", "")]["get"]
    names = [parameter["name"] for parameter in described.get("parameters", []) if parameter["in"] == "query"]
    path = await filled(module_app, owner, template)
    addresses = [f"{path}?{name}={value}" for name in names for value in variants(ADDRESSES, 3)]
    addresses += [re.sub(r"\{[^}]*\}", value, template) for value in variants(ADDRESSES, 3) if "{" in template]
    wrong = []
    for address in addresses:
        async with owner.client.stream(method, address) as answer:
            if answer.status_code >= 500:
                wrong.append((answer.status_code, address[:200], (await answer.aread())[:300]))
    assert not wrong, wrong[:10]


# Changes come last: they may leave the resources of others without what those need, which addresses need, too.
ROUTES = sorted(
    {*BODIES, *PUBLIC, ("POST", "/api/v1/dashboards/{dashboard_id}/tiles")},
    key=lambda route: (["POST", "PUT", "PATCH"].index(route[0]), route[1]),
)


@pytest.mark.parametrize(("method", "template"), ROUTES, ids=lambda value: str(value))
async def test_poisoned_fields_are_refused_or_stored(
    module_app: AppFixture, supervisor: Supervisor, owner: Person, method: str, template: str
) -> None:
    path = await filled(module_app, owner, template)
    document, schema = schema_of(module_app.application, method, template)
    body = {**BODIES, **PUBLIC}[method, template]
    wrong = []
    for sent in [*mutations(document, schema, body), *EXTRA.get((method, template), [])]:
        text = json.dumps(sent)  # escapes: what a program sends that nobody has thought of
        answer = await owner.client.request(method, path, content=text, headers={"content-type": "application/json"})
        if answer.status_code >= 500:
            wrong.append((answer.status_code, text[:200], answer.text[:200]))
    assert not wrong, wrong[:10]


async def test_everything_works_afterwards(owner: Person, supervisor: Supervisor) -> None:
    await listed(owner)
    await supervisor.reconcile()
