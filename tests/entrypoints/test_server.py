"""The HTTP application as a whole: errors, headers, OpenAPI, probes, files of the web app."""

from __future__ import annotations

import json
import re
import uuid
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from app_fixtures import opened
from headwater.entrypoints.server import probes, problems, web
from headwater.entrypoints.server.app import build
from headwater.features.accounts.service import projects
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.kit.settings import Settings
from headwater.store.session import Store
from people import AppFixture

pytestmark = pytest.mark.usefixtures("with_sample")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v1/nothing", None, 404),
        ("GET", "/api/nothing", None, 404),
        ("PUT", "/api/v1/projects", None, 405),
        ("GET", "/api/v1/projects/not-an-id", None, 422),
        ("GET", "/api/v1/projects?limit=many", None, 422),
        ("POST", "/api/v1/projects", b"{", 422),
        ("POST", "/api/v1/projects", b'"text"', 422),
        ("POST", "/api/v1/projects", b"\xff\xfe", 422),
        ("POST", "/api/v1/projects", b'{"name": "\\ud800"}', 422),
        ("POST", "/api/v1/projects", b'{"name": "' + b"x" * 2_000_000 + b'"}', 413),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_errors_are_problem_json(
    app: AppFixture, method: str, path: str, body: bytes | None, status: int
) -> None:
    someone = await app.person()
    answer = await someone.client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "hint", "code"} <= problem.keys()
    assert problem["status"] == status
    assert "Traceback" not in answer.text


async def test_unexpected_error_reveals_nothing(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret")

    someone = await app.person()
    monkeypatch.setattr(projects, "list_projects", crash)
    answer = await someone.client.get("/api/v1/projects")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert {"x-request-id", "content-security-policy", "x-content-type-options"} <= answer.headers.keys()
    assert answer.headers["cache-control"] == "no-store"


async def test_unreachable_store_is_reported(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("postgresql://u:secret@h"))

    someone = await app.person()
    monkeypatch.setattr(projects, "list_projects", away)
    answer = await someone.client.get("/api/v1/projects")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "secret" not in answer.text


async def test_security_headers_are_set_everywhere(app: AppFixture) -> None:
    stranger = await app.stranger()
    for path in ("/", "/healthz", "/api/v1/instance", "/api/v1/nothing", "/api/docs"):
        headers = (await stranger.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        for directive in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert directive in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert (headers.get("cache-control") == "no-store") == path.startswith("/api/v1/")
        assert headers["x-content-type-options"] == "nosniff"
        assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
    given = await stranger.get("/healthz", headers={"x-request-id": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    forged = await stranger.get("/healthz", headers={"x-request-id": "a b\tc"})
    assert forged.headers["x-request-id"] != "a b\tc"


async def test_openapi_and_its_page_are_public_and_self_contained(app: AppFixture) -> None:
    stranger = await app.stranger()
    described = (await stranger.get("/api/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    assert described == json.loads(json.dumps(build().openapi()))
    names = [operation["operationId"] for path in described["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
    assert (
        "multipart/form-data"
        in described["paths"]["/api/v1/projects/{project_id}/codebases"]["post"]["requestBody"]["content"]
    )
    page = (await stranger.get("/api/docs")).text
    for location in ("/api/docs.js", "/api/docs.css"):
        assert location in page
        assert (await stranger.get(location)).status_code == 200
    assert not re.search(r"https?://", page)


async def test_readiness_requires_store_migrations_and_worker(app: AppFixture) -> None:
    stranger = await app.stranger()
    assert (await stranger.get("/healthz")).json() == {"status": "ok"}
    answer = await stranger.get("/readyz")
    supervisor = answer.json()["supervisor"]
    assert supervisor in {"ok", "does not answer"}  # another test of this process may have started it
    assert (answer.status_code, answer.json()) == (
        503,
        {
            "status": "not ready",
            "store": "ok",
            "migrations": "ok",
            "worker": "none alive",
            "supervisor": supervisor,
            "disk": "ok",
        },
    )
    engine = app.server.database.engine
    nowhere = Store("postgresql://u:p@127.0.0.1:9/none")
    app.server.database.engine = nowhere.engine
    try:
        assert (await stranger.get("/readyz")).json()["store"] == "does not answer"
        assert (await stranger.get("/healthz")).status_code == 200
        assert (await stranger.get("/metrics")).status_code == 200
    finally:
        app.server.database.engine = engine
        await nowhere.close()


async def test_full_disk_is_not_ready(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "LEAST_FREE_MB", 10**9)
    answer = await (await app.stranger()).get("/readyz")
    assert answer.status_code == 503
    assert re.fullmatch(r"only \d+ MB free", answer.json()["disk"])


async def test_supervisor_that_answers_is_ready(app: AppFixture, supervisor: Supervisor) -> None:
    assert (await (await app.stranger()).get("/readyz")).json()["supervisor"] == "ok"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/v1/auth/login", "POST"),
        ("PUT", "/api/v1/projects", "GET, HEAD, POST"),
        ("POST", "/api/v1/projects/01900000-0000-7000-8000-000000000000", "DELETE, GET, HEAD, PATCH"),
        ("OPTIONS", "/api/v1/keys", "GET, HEAD, POST"),
        ("TRACE", "/api/v1/keys", "GET, HEAD, POST"),
        ("OPTIONS", "/api/v1/databases/01900000-0000-7000-8000-000000000000/migrations/run", "POST"),
        ("OPTIONS", "/api/v1/databases/01900000-0000-7000-8000-000000000000/migrations/1", "DELETE, GET, HEAD"),
    ],
)
async def test_wrong_method_names_the_right_ones(app: AppFixture, method: str, path: str, allowed: str) -> None:
    answer = await (await app.stranger()).request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/auth/identities/proof"), ("PATCH", "/auth/passkeys/options")]
)
async def test_wrong_method_beside_a_route_with_a_parameter(app: AppFixture, method: str, path: str) -> None:
    answer = await (await app.person()).client.request(method, f"/api/v1{path}", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    invalid = await (await app.person()).client.request(method, f"/api/v1{path.rpartition('/')[0]}/x", json={})
    assert invalid.status_code == 422


async def test_foreign_host_names_are_refused(app: AppFixture) -> None:
    stranger = await app.stranger(host="evil.test")
    answer = await stranger.get("/api/v1/instance")
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host")
    assert "HEADWATER_ALLOWED_HOSTS" in answer.json()["hint"]
    assert (await stranger.get("/")).status_code == 421
    assert (await stranger.get("/healthz")).status_code == 200, "probes come by any name"
    for host in ("localhost:7717", "127.0.0.1", "[::1]:80", "headwater.test"):
        assert (await (await app.stranger(host=host)).get("/api/v1/instance")).status_code == 200


async def test_trusted_proxy_tells_address_and_scheme(settings: Settings, store_url: str, application: FastAPI) -> None:
    behind = settings.model_copy(update={"trusted_proxies": (ip_network("198.51.100.0/24"),)})
    async with opened(behind, store_url, application) as app:
        body = {"email": f"{uuid.uuid4().hex}@example.org", "password": "seven wooden boats"}
        headers = {"x-forwarded-for": "192.0.2.66, 192.0.2.7", "x-forwarded-proto": "https"}
        for ip, seen, hsts in (("198.51.100.9", "192.0.2.7", True), ("203.0.113.9", "203.0.113.9", False)):
            client = await app.stranger(ip)
            client.base_url = httpx.URL("http://headwater.test")
            answer = await client.post("/api/v1/auth/signup", json=body, headers=headers)
            if answer.status_code == 409:
                answer = await client.post("/api/v1/auth/login", json=body, headers=headers)
            expected = "max-age=31536000; includeSubDomains" if hsts else None
            assert answer.headers.get("strict-transport-security") == expected
            token = {"authorization": f"Bearer {answer.json()['access_token']}"}
            sessions = (await client.get("/api/v1/auth/sessions", headers=token)).json()["items"]
            assert sessions[0]["ip"] == seen


async def test_names_below_ours_may_do_without_https(settings: Settings, store_url: str, application: FastAPI) -> None:
    proxies = (ip_network("198.51.100.0/24"),)
    behind = settings.model_copy(update={"trusted_proxies": proxies, "hsts_subdomains": False})
    async with opened(behind, store_url, application) as app:
        answer = await (await app.stranger("198.51.100.9")).get("/", headers={"x-forwarded-proto": "https"})
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_text_says_its_encoding_and_folders_are_not_listed(app: AppFixture, built: Path) -> None:
    (built / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    stranger = await app.stranger()
    for path in ("/", "/favicon.svg", "/assets/app-1.js", "/api/docs", "/api/docs.css", "/metrics"):
        answer = await stranger.get(path)
        assert (answer.status_code, "charset=utf-8" in answer.headers["content-type"]) == (200, True), path
    for path in ("/assets", "/assets/"):
        assert "app-1.js" not in (await stranger.get(path)).text


async def test_errors_are_documented_as_they_are_sent(app: AppFixture) -> None:
    described = build().openapi()
    assert "HTTPValidationError" not in described["components"]["schemas"]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for status in ("400", "401", "403", "404", "405", "409", "413", "421", "422", "429", "500", "503"):
                name = operation["responses"][status]["$ref"].rpartition("/")[2]
                content = described["components"]["responses"][name]["content"]
                assert list(content) == ["application/problem+json"], (method, path)


async def test_panic_of_a_library_is_a_problem(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    async def panic(*_: object, **__: object) -> None:
        raise PanicException("request valid: InvalidUri")

    someone = await app.person()
    monkeypatch.setattr(projects, "list_projects", panic)
    answer = await someone.client.get("/api/v1/projects")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "InvalidUri" not in answer.text


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>index")
    (folder / "assets" / "app-1.js").write_text("plain")
    (folder / "assets" / "app-1.js.br").write_bytes(b"packed")
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr(web, "FOLDER", folder)
    return folder


async def test_web_app_files_are_served(app: AppFixture, built: Path) -> None:
    stranger = await app.stranger()
    for path in ("/", "/p/1/lineage", "/index.html"):
        page = await stranger.get(path)
        assert (page.text, page.headers["cache-control"]) == ("<!doctype html>index", "no-cache")
    packed = await stranger.get("/assets/app-1.js", headers={"accept-encoding": "br"})
    assert packed.headers["content-encoding"] == "br"
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-type"].startswith("text/javascript")
    plain = await stranger.get("/assets/app-1.js", headers={"accept-encoding": "identity"})
    assert plain.text == "plain"
    assert (await stranger.get("/assets/gone.js")).status_code == 404
    for path in ("/../secret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret", "/..%5csecret", "/%00"):
        assert "secret" not in (await stranger.get(path)).text


async def test_missing_web_app_is_reported(app: AppFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(web, "FOLDER", tmp_path / "none")
    answer = await (await app.stranger()).get("/")
    assert "was not built" in answer.text


async def test_reasons_of_invalid_requests_are_logged_without_values(
    app: AppFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "log", structlog.get_logger())
    client = await app.stranger()
    body = {"email": 7, "password": "a secret value", "A secret name": "a secret value"}
    with structlog.testing.capture_logs() as lines:
        assert (await client.post("/api/v1/auth/login", json=body)).status_code == 422
        assert (
            await client.post("/api/v1/auth/login", content=b"{", headers={"content-type": "application/json"})
        ).status_code == 422
    logged = [line["fields"] for line in lines if line["event"] == "request.invalid"]
    assert logged == [["body.email: string_type", "body: extra_forbidden"], ["body: json_invalid"]]
    assert "secret" not in str(lines)
