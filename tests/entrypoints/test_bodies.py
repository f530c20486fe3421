"""Every route reads no more of a body than it takes, whatever the type, with and without a stated length."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from features.accounts import route_list
from people import AppFixture

CHUNK = b"x" * 65_536
MOST = 1_048_576 + 2 * len(CHUNK)
TYPES = [
    "application/json",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "",
]
ROUTES = [
    (method, path)
    for method, path, _ in route_list.load()
    if method not in {"GET", "HEAD"} and not path.endswith("/logout")
]
LARGER = {
    "/api/v1/databases/{database_id}/edits": 20 * 1_048_576,
    "/api/v1/hooks/codebases/{codebase_id}": 5 * 1_048_576,  # a push of two thousand commits
}


class EndlessBody:
    """A client that sends for ever, and counts how much is read of it."""

    def __init__(self) -> None:
        self.read = 0
        self.status = 0

    async def receive(self) -> dict[str, Any]:
        self.read += len(CHUNK)
        assert self.read < 10 * MOST + 20 * 1_048_576, "it is read without end"
        return {"type": "http.request", "body": CHUNK, "more_body": True}

    async def send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)


async def sent(application: FastAPI, method: str, path: str, headers: dict[str, str]) -> EndlessBody:
    client = EndlessBody()
    raw = [(name.encode(), value.encode()) for name, value in ({"host": "headwater.test"} | headers).items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": raw,
    }
    scope |= {"scheme": "https", "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}
    await application(scope, client.receive, client.send)
    return client


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.partition(";")[0] or "none")
async def test_no_route_reads_more_than_it_takes(app: AppFixture, kind: str) -> None:
    someone = await app.person()
    for signed_in in (False, True):
        headers = {"content-type": kind} if kind else {}
        headers |= {"authorization": someone.client.headers["authorization"]} if signed_in else {}
        for method, template in ROUTES:
            path = re.sub(r"\{[^}]*\}", str(uuid.UUID(int=1)), template)
            client = await sent(app.application, method, path, headers)
            assert 200 <= client.status < 500, (method, path, client.status)
            assert client.read <= LARGER.get(template, 0) + MOST, (method, path, client.read)
            stated = await sent(app.application, method, path, headers | {"content-length": "1000000000"})
            assert stated.read <= len(CHUNK), (method, path, "the length was stated")


async def test_upload_stops_at_its_limit(app: AppFixture) -> None:
    someone = await app.person()
    head = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'

    class Upload(EndlessBody):
        async def receive(self) -> dict[str, Any]:
            first = self.read == 0
            message = await super().receive()
            return message | {"body": head} if first else message

    client = Upload()
    headers = {
        "content-type": "multipart/form-data; boundary=x",
        "authorization": someone.client.headers["authorization"],
    }
    path = f"/api/v1/projects/{someone.project['id']}/codebases"
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": [(k.encode(), v.encode()) for k, v in ({"host": "headwater.test"} | headers).items()]}
    scope |= {"scheme": "https", "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)}
    await app.application(scope, client.receive, client.send)
    assert client.status == 413
    assert client.read <= MOST, "the limit of uploads in tests is 1 MB"


def open_objects(part: Any, schemas: dict[str, Any], name: str, seen: set[str]) -> Iterator[str]:
    """Yield the names of objects with fields that accept others than they name."""
    if not isinstance(part, dict):
        return
    reference = str(part.get("$ref", "")).rpartition("/")[2]
    if reference and reference not in seen:
        seen.add(reference)
        yield from open_objects(schemas[reference], schemas, reference, seen)
    if part.get("properties") and part.get("additionalProperties") is not False:
        yield name
    inner = [*part.get("properties", {}).values(), part.get("items"), part.get("additionalProperties")]
    for each in [*inner, *part.get("anyOf", ()), *part.get("oneOf", ()), *part.get("allOf", ())]:
        yield from open_objects(each, schemas, name, seen)


def test_no_route_takes_fields_that_it_does_not_name(application: FastAPI) -> None:
    """A field that is not meant for an action is refused, whatever the model behind it has."""
    described = application.openapi()
    contents = [
        operation["requestBody"]["content"].get("application/json", {}).get("schema")
        for operations in described["paths"].values()
        for operation in operations.values()
        if "requestBody" in operation
    ]
    assert len(contents) > 80
    seen: set[str] = set()
    open_ones = {name for part in contents for name in open_objects(part, described["components"]["schemas"], "", seen)}
    # Its kinds are read by another library, and are under test in features/query/test_change_schema.py.
    assert open_ones <= {"SchemaChange"}
