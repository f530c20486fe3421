"""Codebases over HTTP: valid and invalid uploads, and the results of scans."""

from __future__ import annotations

import csv
import io
import json
import tarfile
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from headwater.features.codebases import uploads
from headwater.features.codebases.service import graph as graph_service
from headwater.kit import atomic_upload
from people import AppFixture, Person

pytestmark = pytest.mark.usefixtures("with_sample")

SQL = "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, nick text);\n"
PYTHON = (
    "def find(cursor, id):\n"
    "    cursor.execute('SELECT email FROM users WHERE id = %s', (id,))\n"
    "\n"
    "def rename(cursor, email):\n"
    "    cursor.execute('UPDATE users SET email = %s', (email,))\n"
)


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


APP = zipped(db__schema_dot_sql=SQL, app__users_dot_py=PYTHON, logo_dot_png=b"\x89PNG\0\0\0")


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in (("db/schema.sql", SQL), ("app/users.py", PYTHON)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content.encode()))
    return out.getvalue()


async def upload(person: Person, content: bytes, name: str = "app.zip", **data: str) -> httpx.Response:
    return await person.client.post(
        f"/api/v1/projects/{person.project['id']}/codebases", files={"file": (name, content)}, data=data
    )


async def scanned(app: AppFixture, person: Person, content: bytes = APP, **data: str) -> dict[str, Any]:
    answer = await upload(person, content, **data)
    assert answer.status_code == 202, answer.text
    await app.work(answer.json()["job"]["id"])
    result: dict[str, Any] = await person.get(f"/codebases/{answer.json()['codebase']['id']}")
    return result


def no_new_files(app: AppFixture, before: set[str]) -> bool:
    folder = uploads.folder(app.server.settings)
    return {file.name for file in folder.glob("*")} == before


@pytest.fixture
def before(app: AppFixture) -> set[str]:
    return {file.name for file in uploads.folder(app.server.settings).glob("*")}


async def test_upload_requires_membership(app: AppFixture, before: set[str]) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    path = f"/api/v1/projects/{owner.project['id']}/codebases"
    assert (await (await app.stranger()).post(path, files={"file": ("a.zip", APP)})).status_code == 401
    assert (await neighbour.client.post(path, files={"file": ("a.zip", APP)})).status_code == 404
    assert no_new_files(app, before)


@pytest.mark.parametrize("content", [APP, tarred()], ids=["zip", "tar.gz"])
async def test_upload_is_scanned(app: AppFixture, content: bytes) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone, content, name="My app")
    scan = codebase["scan"]
    assert (codebase["name"], codebase["state"], codebase["origin"]) == ("My app", "completed", "upload")
    assert (scan["tables"], scan["columns"], scan["usages"]) == (1, 3, 3)
    assert {row["language"]: row["files"] for row in scan["languages"]} == {"python": 1, "sql": 1}
    project = await someone.get(f"/projects/{someone.project['id']}")
    assert (project["codebase_count"], project["table_count"], project["usage_count"]) == (2, 1, 3)


@pytest.mark.parametrize(
    ("name", "content", "status", "says"),
    [
        ("empty.zip", b"PK\x05\x06" + b"\0" * 18, 422, "empty.zip is empty."),
        ("not.zip", b"hello", 422, "neither a folder nor a complete ZIP or tar archive"),
        ("nothing.zip", b"", 422, "neither a folder nor a complete ZIP or tar archive"),
        ("cut.zip", APP[:200], 422, "neither a folder nor a complete ZIP or tar archive"),
        ("big.zip", b"PK" + b"x" * 1_100_000, 413, "big.zip is larger than 1 MB."),
        ("../../etc/passwd", b"hello", 422, "passwd is neither"),
    ],
)
async def test_invalid_archives_are_rejected_with_a_reason(
    app: AppFixture, before: set[str], name: str, content: bytes, status: int, says: str
) -> None:
    someone = await app.person()
    answer = await upload(someone, content, name)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert no_new_files(app, before)
    assert len((await someone.get(f"/projects/{someone.project['id']}/codebases"))["items"]) == 1


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", {"content-type": "application/json"}),
        (b"x", {"content-type": "multipart/form-data"}),
        (b"garbage", {"content-type": "multipart/form-data; boundary=b"}),
        (
            b"--b\r\nContent-Disposition: form-data; name=other\r\n\r\nx\r\n--b--\r\n",
            {"content-type": "multipart/form-data; boundary=b"},
        ),
        (
            b"--b\r\nContent-Disposition: form-data; name=file; filename=a.zip\r\n\r\nPK\x03\x04",
            {"content-type": "multipart/form-data; boundary=b"},
        ),
    ],
    ids=["json", "no boundary", "garbage", "no file", "cut off"],
)
async def test_malformed_upload_requests_are_rejected(
    app: AppFixture, before: set[str], body: bytes, headers: dict[str, str]
) -> None:
    someone = await app.person()
    path = f"/api/v1/projects/{someone.project['id']}/codebases"
    answer = await someone.client.post(path, content=body, headers=headers)
    assert answer.status_code == 400
    assert no_new_files(app, before)


async def test_new_version_replaces_files_and_names_its_commit(app: AppFixture, before: set[str]) -> None:
    someone, neighbour = await app.person(), await app.person("neighbour")
    codebase = await scanned(app, someone, APP, commit="abc1234", branch="main", subject="First")
    assert codebase["scan"]["commit"] == {"id": "abc1234", "branch": "main", "subject": "First", "authored_at": None}
    path = f"/api/v1/codebases/{codebase['id']}/upload"
    files = {"file": ("b.zip", zipped(db__schema_dot_sql=SQL))}
    assert (await (await app.stranger()).post(path, files=files)).status_code == 401
    assert (await neighbour.client.post(path, files=files)).status_code == 404
    broken = await someone.client.post(path, files={"file": ("c.zip", b"hello")})
    assert broken.status_code == 422
    unknown = await someone.client.post(path, files=files, data={"commit": "main"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "commit")
    when = {"commit": "f" * 40, "authored_at": "yesterday"}
    assert (await someone.client.post(path, files=files, data=when)).status_code == 422
    sent = await someone.client.post(path, files=files, data=when | {"authored_at": "2026-03-01T12:00:00Z"})
    assert sent.status_code == 202, sent.text
    busy = await someone.client.post(path, files=files)
    assert (busy.status_code, busy.json()["code"]) == (409, "conflict")
    assert (await someone.get(f"/codebases/{codebase['id']}"))["scan"]["usages"] == 3
    await app.work(sent.json()["job"]["id"])
    after = await someone.get(f"/codebases/{codebase['id']}")
    assert (after["filename"], after["scan"]["usages"], after["scan"]["commit"]["id"]) == ("b.zip", 0, "f" * 40)
    again = await someone.send("POST", f"/codebases/{codebase['id']}/rescan", 202)
    await app.work(again["job"]["id"])
    assert (await someone.get(f"/codebases/{codebase['id']}"))["scan"]["commit"]["id"] == "f" * 40
    assert no_new_files(app, before | {codebase["id"]})


async def test_only_an_upload_gets_a_new_version(app: AppFixture) -> None:
    someone = await app.person()
    sample = (await someone.get(f"/projects/{someone.project['id']}/codebases"))["items"][0]
    refused = await someone.send("POST", f"/codebases/{sample['id']}/upload", 409, files={"file": ("a.zip", APP)})
    assert refused["detail"] == "This codebase was not uploaded."


@pytest.mark.parametrize("is_first", [True, False])
async def test_form_with_an_unknown_field_is_refused_and_leaves_no_file(
    app: AppFixture, before: set[str], is_first: bool
) -> None:
    person = await app.person()
    fields = [("title", (None, b"main")), ("file", ("a.zip", APP))]
    path = f"/api/v1/projects/{person.project['id']}/codebases"
    answer = await person.client.post(path, files=fields if is_first else fields[::-1])
    assert answer.status_code == 400
    assert answer.json()["detail"] == "The form has an unknown field, 'title'."
    assert answer.json()["hint"] == "Its fields are: file, name, commit, branch, subject, authored_at."
    assert no_new_files(app, before)


async def test_interrupted_upload_leaves_no_file(app: AppFixture, before: set[str]) -> None:
    someone = await app.person()
    begun = b"--b\r\nContent-Disposition: form-data; name=file; filename=a.zip\r\n\r\nPK\x03\x04"
    messages = iter([{"type": "http.request", "body": begun, "more_body": True}, {"type": "http.disconnect"}])
    path = f"/api/v1/projects/{someone.project['id']}/codebases"
    headers = {
        "host": "headwater.test",
        "content-type": "multipart/form-data; boundary=b",
        "authorization": someone.client.headers["authorization"],
    }
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "server": ("headwater.test", 443),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    await someone.client._transport.app(scope, receive, send)  # type: ignore[attr-defined]
    assert answers[0]["status"] == 400
    assert no_new_files(app, before)


async def test_full_disk_is_reported(app: AppFixture, before: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    someone = await app.person()
    monkeypatch.setattr(atomic_upload.os, "fsync", full)
    answer = await upload(someone, APP)
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "The upload cannot be stored: No space left on device.",
    )
    assert no_new_files(app, before)


async def test_upload_is_streamed_to_disk(app: AppFixture) -> None:
    settings = app.server.settings
    seen: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(APP), 50):
            yield APP[start : start + 50]
            seen.append(len(list(uploads.folder(settings).glob("*.part"))))

    import uuid

    assert await uploads.receive(settings, uuid.uuid4(), chunks(), "app.zip") == len(APP)
    assert set(seen) == {1}


async def test_rescan_replaces_the_results(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone)
    answer = await someone.send("POST", f"/codebases/{codebase['id']}/rescan", 202)
    await someone.send("POST", f"/codebases/{codebase['id']}/rescan", 409)
    assert (await someone.get(f"/codebases/{codebase['id']}"))["scan"]["id"] == codebase["scan"]["id"]
    await app.work(answer["job"]["id"])
    again = (await someone.get(f"/codebases/{codebase['id']}"))["scan"]
    assert again["id"] != codebase["scan"]["id"]
    assert again["usages"] == 3
    async with app.server.database.transaction() as db:
        rows = await db.execute(text("SELECT count(*) FROM scan_usages"))
        totals = await db.execute(text("SELECT sum(usages) FROM scans"))
        assert rows.scalar_one() == totals.scalar_one()


async def test_deleting_a_codebase_deletes_its_results(app: AppFixture, before: set[str]) -> None:
    owner, neighbour = await app.person(), await app.person("neighbour")
    codebase = await scanned(app, owner)
    await neighbour.send("DELETE", f"/codebases/{codebase['id']}", 404)
    pending = await owner.send("POST", f"/codebases/{codebase['id']}/rescan", 202)
    await owner.send("DELETE", f"/codebases/{codebase['id']}", 204)
    assert (await owner.get(f"/jobs/{pending['job']['id']}"))["state"] == "cancelled"
    assert no_new_files(app, before)
    async with app.server.database.transaction() as db:
        query = text("SELECT count(*) FROM scan_files WHERE scan_id = CAST(:id AS uuid)")
        assert (await db.execute(query, {"id": codebase["scan"]["id"]})).scalar_one() == 0
    assert (await owner.get(f"/projects/{owner.project['id']}"))["codebase_count"] == 1


async def test_damaged_archive_fails_with_a_readable_error(app: AppFixture) -> None:
    someone = await app.person()
    broken = bytearray(APP)
    at = broken.index(b"db/schema.sql") + len(b"db/schema.sql") + 4
    broken[at : at + 20] = b"\xff" * 20
    answer = await upload(someone, bytes(broken), "broken.zip")
    assert answer.status_code == 202
    await app.work(answer.json()["job"]["id"])
    job = await someone.get(f"/jobs/{answer.json()['job']['id']}")
    assert job["state"] in {"failed", "completed"}
    if job["state"] == "failed":
        assert job["attempts"] == 1
        assert answer.json()["codebase"]["id"] not in job["error"], "a generated name means nothing to anybody"


async def test_lineage_is_paged_with_totals(app: AppFixture) -> None:
    someone = await app.person()
    path = f"/codebases/{(await scanned(app, someone))['id']}/lineage"
    every = await someone.get(path)
    assert [(u["column_name"], u["usage_type"], u["line_number"]) for u in every["usages"]] == [
        ("email", "projection", 2),
        ("email", "update", 5),
        ("id", "filter", 2),
    ]
    sums = {row["column_name"]: row for row in every["column_summaries"]}
    assert list(sums) == ["id", "email", "nick"]
    assert (sums["nick"]["total"], sums["email"]["total"], sums["email"]["files"]) == (0, 2, 1)
    assert sums["email"]["counts"]["update"] == 1
    usage = every["usages"][0]
    assert usage["column_id"] == sums["email"]["column_id"]
    assert (usage["symbol"], usage["code_snippet"]) == (
        "find",
        "cursor.execute('SELECT email FROM users WHERE id = %s', (id,))",
    )
    pages, cursor = [], None
    for _ in range(3):
        page = await someone.get(path, limit=1, **({"cursor": cursor} if cursor else {}))
        assert (page["column_summaries"] == []) == (cursor is not None)
        pages += page["usages"]
        cursor = page["next"]
    assert (pages, cursor) == (every["usages"], None)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"table": "USERS"}, 3),
        ({"table": "users", "column": "email"}, 2),
        ({"column": "nick"}, 0),
        ({"usage_type": ["filter", "update"]}, 2),
        ({"file": "app/users.py"}, 3),
        ({"file": "app"}, 0),
        ({"language": "python"}, 3),
        ({"language": "ruby"}, 0),
        ({"tier": "A"}, 3),
        ({"symbol": "rename"}, 1),
        ({"q": "UPDATE users"}, 1),
        ({"q": "100%"}, 0),
        ({"q": "_"}, 0),
        ({"q": "\\"}, 0),
        ({"q": "'"}, 3),
    ],
    ids=str,
)
async def test_lineage_filters(app: AppFixture, query: dict[str, Any], count: int) -> None:
    someone = await app.person()
    path = f"/codebases/{(await scanned(app, someone))['id']}"
    result = await someone.get(f"{path}/lineage", **query)
    assert len(result["usages"]) == count
    assert sum(row["total"] for row in result["column_summaries"]) == count


async def test_invalid_filters_are_rejected(app: AppFixture) -> None:
    someone = await app.person()
    url = f"/codebases/{(await scanned(app, someone))['id']}"
    for path in (
        "lineage?usage_type=look",
        "lineage?tier=Z",
        "lineage?cursor=nonsense",
        "lineage?q=%00",
        "graph?depth=9",
        "lineage?limit=0",
        "lineage?limit=100000",
        "files?cursor=WzFd",
        "export?format=pdf",
    ):
        answer = await someone.client.get(f"/api/v1{url}/{path}")
        assert answer.status_code in {400, 422}, path
        assert answer.headers["content-type"] == "application/problem+json"


async def test_graph_grows_with_its_depth(app: AppFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = await app.person()
    codebase = (await someone.get(f"/projects/{someone.project['id']}/codebases"))["items"][0]
    await app.work(codebase["job_id"])
    path = f"/codebases/{codebase['id']}/graph"
    sizes = []
    for depth in (1, 2, 3):
        graph = await someone.get(path, table="customers", column="email", depth=depth)
        displayed = {column["column_id"] for table in graph["tables"] for column in table["columns"]}
        assert {edge["column_id"] for edge in graph["edges"]} <= displayed
        functions = {(f["file_path"], s["symbol"]) for f in graph["code"] for s in f["symbols"]}
        assert {(edge["file_path"], edge["symbol"]) for edge in graph["edges"]} == functions
        assert sum(f["total"] for f in graph["code"]) == sum(edge["count"] for edge in graph["edges"])
        sizes.append(len(graph["edges"]))
    assert sizes == sorted(set(sizes))
    everything = await someone.get(path)
    assert len(everything["relations"]) >= 4
    monkeypatch.setattr(graph_service, "BUSIEST_TABLES", 1)
    everything = await someone.get(path)
    assert everything["hidden"]["tables"] > 0
    drawn = sum(edge["count"] for edge in everything["edges"])
    scan = (await someone.get(f"/codebases/{codebase['id']}"))["scan"]
    assert drawn + everything["hidden"]["usages"] == scan["usages"]


async def test_files_are_listed_and_returned(app: AppFixture) -> None:
    someone = await app.person()
    path = f"/codebases/{(await scanned(app, someone))['id']}"
    listed = (await someone.get(f"{path}/files"))["items"]
    assert [(row["path"], row["status"], row["usage_count"]) for row in listed] == [
        ("app/users.py", "scanned", 3),
        ("db/schema.sql", "scanned", 0),
        ("logo.png", "skipped", 0),
    ]
    assert [row["path"] for row in (await someone.get(f"{path}/files", prefix="db/"))["items"]] == ["db/schema.sql"]
    assert [row["path"] for row in (await someone.get(f"{path}/files", q="USERS"))["items"]] == ["app/users.py"]
    displayed = await someone.get(f"{path}/files/app/users.py")
    assert (displayed["content"], displayed["truncated"], len(displayed["usages"])) == (PYTHON, False, 3)
    wrong = await someone.send("GET", f"{path}/files/src/users.py", 404)
    assert wrong["hint"] == "Did you mean app/users.py?"
    assert [row["reason"] for row in (await someone.get(f"{path}/skipped"))["items"]] == ["binary"]
    assert (await someone.get(f"{path}/not-understood"))["items"] == []


async def test_exports_contain_all_usages(app: AppFixture) -> None:
    someone = await app.person()
    path = f"/api/v1/codebases/{(await scanned(app, someone))['id']}/export"
    rows = list(csv.DictReader(io.StringIO((await someone.client.get(path)).text)))
    assert [(row["column_name"], row["usage_type"]) for row in rows] == [
        ("email", "projection"),
        ("email", "update"),
        ("id", "filter"),
    ]
    report = json.loads((await someone.client.get(path, params={"format": "json"})).text)
    assert report.keys() == {"headwater", "source", "files", "schema", "usages", "not_understood", "skipped"}
    assert (report["source"], len(report["usages"]), len(report["skipped"])) == ("app.zip", 3, 1)
    page = await someone.client.get(path, params={"format": "html"})
    assert "users.email" in page.text
    assert page.headers["content-disposition"] == "attachment; filename*=UTF-8''app.html"


async def test_schemas_are_listed_and_formatted(app: AppFixture) -> None:
    someone = await app.person()
    codebase = await scanned(app, someone)
    listed = (await someone.get(f"/projects/{someone.project['id']}/schemas"))["items"]
    assert [(row["codebase_id"], row["tables"], row["columns"]) for row in listed] == [(codebase["id"], 1, 3)]
    schema = await someone.get(f"/schemas/{listed[0]['id']}")
    assert schema == await someone.get(f"/codebases/{codebase['id']}/schema")
    table = schema["tables"][0]
    assert (table["name"], table["origins"]) == ("users", [{"file": "db/schema.sql", "line": 1}])
    assert [(c["name"], c["nullable"], c["primary_key"]) for c in table["columns"]] == [
        ("id", False, True),
        ("email", False, False),
        ("nick", True, False),
    ]
    for notation, beginning in (("sql", "CREATE TABLE users"), ("dbml", "Table users"), ("mermaid", "erDiagram")):
        answer = await someone.client.get(f"/api/v1/schemas/{listed[0]['id']}", params={"format": notation})
        assert beginning in answer.text
        assert answer.headers["content-type"].startswith("text/plain")


async def test_codebase_without_a_scan_is_reported(app: AppFixture) -> None:
    someone = await app.person()
    codebase = (await upload(someone, APP)).json()["codebase"]
    assert (codebase["state"], codebase["scan"]) == ("pending", None)
    answer = await someone.send("GET", f"/codebases/{codebase['id']}/lineage", 404)
    assert answer["detail"] == "This codebase has no complete scan yet."


async def test_invalid_characters_are_stored(app: AppFixture) -> None:
    someone = await app.person()
    odd = "def f(c):\n    c.execute('SELECT email FROM users')  # \x07 \udce9 ünïcödé 😀 \x00\n"
    content = zipped(schema_dot_sql=SQL, odd_dot_py=odd.encode("utf-8", "surrogateescape"))
    assert (await scanned(app, someone, content))["state"] == "completed"
