"""Several server processes: what one keeps in memory is used through each, and the death of one costs only its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from entrypoints.headwater_process import HeadwaterProcess, start_signed_up
from headwater.entrypoints.server.listeners import public_listeners
from headwater.kit.errors import Conflict
from headwater.kit.network.peers import Peers, socket_path
from headwater.kit.settings import Settings

NUMBERS = (0, 1)


@pytest.fixture(scope="module")
def headwater() -> Iterator[HeadwaterProcess]:
    with start_signed_up(HEADWATER_SERVERS="2", HEADWATER_ALLOW_LOOPBACK="true") as running:
        yield running


@pytest.fixture(scope="module")
def project(headwater: HeadwaterProcess) -> str:
    return str(headwater.get("/projects")["items"][0]["id"])


@pytest.fixture(scope="module")
def database(headwater: HeadwaterProcess, project: str) -> str:
    return str(headwater.post(f"/projects/{project}/databases?wait=60", name="one")["id"])


def settings_of(headwater: HeadwaterProcess) -> Settings:
    return Settings(home=headwater.home, servers=2)


@contextlib.contextmanager
def client_of(headwater: HeadwaterProcess, number: int, *, signed_in: bool = True) -> Iterator[httpx.Client]:
    """Yield a client with one connection, to that server process: the kernel chooses, so it is asked until it does."""
    process = headwater.pids(f"headwater serve {number}")[0]
    limits = httpx.Limits(max_connections=1, keepalive_expiry=None)
    headers = {"authorization": headwater.client.headers["authorization"]} if signed_in else {}
    base = f"http://127.0.0.1:{headwater.port}"
    while True:
        with httpx.Client(base_url=base, headers=headers, limits=limits, timeout=90) as client:
            with client.stream("GET", "/healthz") as answer:
                port = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
                answer.read()
            if accepted_by(process, headwater.port, port):
                yield client
                return


def accepted_by(process: int, port: int, client_port: int) -> bool:
    """Return True if a process has the server's end of a connection."""
    ends = f":{port:04X}", f":{client_port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    socket = next(f"socket:[{line[9]}]" for line in lines if line[1].endswith(ends[0]) and line[2].endswith(ends[1]))
    return any(_target(entry) == socket for entry in Path(f"/proc/{process}/fd").iterdir())


def _target(entry: Path) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(entry)
    return ""


@contextlib.contextmanager
def clients(headwater: HeadwaterProcess, *, signed_in: bool = True) -> Iterator[list[httpx.Client]]:
    """Yield a client of each server process."""
    with (
        client_of(headwater, 0, signed_in=signed_in) as first,
        client_of(headwater, 1, signed_in=signed_in) as second,
    ):
        yield [first, second]


def name_of_session(headwater: HeadwaterProcess, database: str, owner: int) -> str:
    """Return a new name for a session that a server process owns."""
    user = headwater.get("/auth/me")["user"]["id"]
    while True:
        name = uuid.uuid4().hex
        if Peers(settings_of(headwater), owner).owner_elsewhere(database, user, name) is None:
            return name


def run(client: httpx.Client, database: str, text: str, **more: Any) -> Any:
    answer = client.post(f"/api/v1/databases/{database}/query", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it does not happen")


@pytest.mark.parametrize("owner", NUMBERS)
def test_transaction_of_a_session_goes_on_through_each_process(
    headwater: HeadwaterProcess, database: str, owner: int
) -> None:
    session, table = name_of_session(headwater, database, owner), f"t{owner}"
    with clients(headwater) as (first, second):
        begun = run(first, database, f"BEGIN; CREATE TABLE {table} (n int)", session=session)
        assert begun["error"] is None and begun["in_transaction"]
        inserted = run(second, database, f"INSERT INTO {table} VALUES (1), (2)", session=session)
        assert inserted["error"] is None and inserted["in_transaction"]
        backends = {
            run(client, database, "SELECT pg_backend_pid()", session=session)["results"][0]["rows"][0][0]
            for client in (first, second)
        }
        assert len(backends) == 1
        assert run(first, database, f"SELECT count(*) FROM {table}", session=session)["results"][0]["rows"] == [[2]]
        assert run(second, database, f"SELECT * FROM {table}")["error"] is not None  # another session
        assert second.delete(f"/api/v1/databases/{database}/query-sessions/{session}").status_code == 204
        ended = run(first, database, f"SELECT * FROM {table}", session=session)
        assert ended["error"]["sqlstate"] == "42P01" and not ended["in_transaction"]


@pytest.mark.parametrize("owner", NUMBERS)
@pytest.mark.parametrize("named", [True, False])
def test_run_is_cancelled_through_the_other_process(
    headwater: HeadwaterProcess, database: str, owner: int, named: bool
) -> None:
    run_id, outcomes = str(uuid.uuid4()), []
    more = {"session": name_of_session(headwater, database, owner)} if named else {}
    with clients(headwater) as both:
        running, other = both[owner], both[1 - owner]
        work = threading.Thread(
            target=lambda: outcomes.append(run(running, database, "SELECT pg_sleep(80)", run_id=run_id, **more))
        )
        work.start()
        cancel = f"/api/v1/databases/{database}/runs/{run_id}/cancel"
        until(lambda: other.post(cancel).status_code == 204)
        work.join(60)
        assert outcomes[0]["error"]["code"] == "cancelled"
        gone = other.post(cancel)
        assert gone.status_code == 404 and "No such query is running" in gone.json()["detail"]


def test_errors_and_addresses_of_relayed_runs_are_those_of_the_client(
    headwater: HeadwaterProcess, database: str
) -> None:
    sessions = [name_of_session(headwater, database, owner) for owner in NUMBERS]
    with clients(headwater) as both:
        for client in both:
            for session in sessions:
                refused = client.post(f"/api/v1/databases/{uuid.uuid4()}/query", json={"text": "", "session": session})
                assert refused.status_code == 404 and refused.json()["code"] == "not_found"
                answer = client.post(
                    f"/api/v1/databases/{database}/query",
                    json={"text": "CREATE TABLE IF NOT EXISTS relayed ()", "session": session},
                    headers={"x-headwater-client": "203.0.113.9", "x-request-id": session},
                )
                assert answer.json()["error"] is None and answer.headers["x-request-id"] == session
                assert answer.headers["x-frame-options"] == "DENY"
        entries = headwater.get("/audit?limit=200")["items"]
        addresses = [entry["ip"] for entry in entries if entry["action"] == "statement.create"]
        assert len(addresses) >= 4 and set(addresses) == {"127.0.0.1"}


def test_sign_ins_are_counted_across_processes(headwater: HeadwaterProcess) -> None:
    email = f"{uuid.uuid4().hex}@example.org"
    body = {"email": email, "password": "seven wooden boats", "name": "Guessed"}
    assert headwater.client.post("/api/v1/auth/signup", json=body).status_code == 201
    wrong = {"email": email, "password": "eight wooden boats"}
    headwater.client.cookies.clear()
    with clients(headwater, signed_in=False) as both:
        statuses = [both[attempt % 2].post("/api/v1/auth/login", json=wrong).status_code for attempt in range(12)]
    # the address of the sign-up is known, so that its attempts count apart: ten of them, whoever counts
    assert statuses == [401] * 10 + [429] * 2


def test_ended_credentials_are_refused_by_each_process_at_once(headwater: HeadwaterProcess) -> None:
    body = {"email": f"{uuid.uuid4().hex}@example.org", "password": "seven wooden boats", "name": "Leaver"}
    with clients(headwater, signed_in=False) as both, clients(headwater) as admins:
        for ending in NUMBERS:
            here, there = both[ending], both[1 - ending]
            here.post("/api/v1/auth/signup", json=body)
            signed_in = here.post("/api/v1/auth/login", json=_credentials(body))
            bearer = {"authorization": f"Bearer {signed_in.json()['access_token']}"}
            key = here.post("/api/v1/keys", json={"name": "k", "scopes": ["read"]}, headers=bearer).json()
            with_key = {"authorization": f"Bearer {key['secret']}"}
            for headers in (bearer, with_key):
                assert [each.get("/api/v1/auth/me", headers=headers).status_code for each in both] == [200, 200]
            assert here.delete(f"/api/v1/keys/{key['key']['id']}", headers=bearer).is_success
            assert there.get("/api/v1/auth/me", headers=with_key).status_code == 401
            assert here.post("/api/v1/auth/logout", headers=bearer).is_success
            assert there.get("/api/v1/auth/me", headers=bearer).status_code == 401
        signed_in = both[0].post("/api/v1/auth/login", json=_credentials(body)).json()
        bearer = {"authorization": f"Bearer {signed_in['access_token']}"}
        assert [each.get("/api/v1/auth/me", headers=bearer).status_code for each in both] == [200, 200]
        user = signed_in["user"]["id"]
        assert admins[0].patch(f"/api/v1/users/{user}", json={"active": False}).is_success
        assert [each.get("/api/v1/auth/me", headers=bearer).status_code for each in both] == [401, 401]


def _credentials(body: dict[str, str]) -> dict[str, str]:
    return {name: body[name] for name in ("email", "password")}


def test_events_of_a_job_come_from_the_process_that_did_not_queue_it(headwater: HeadwaterProcess, project: str) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("schema.sql", "CREATE TABLE users (id int PRIMARY KEY);")
    with clients(headwater) as (first, second):
        files = {"file": ("app.zip", out.getvalue())}
        job = first.post(f"/api/v1/projects/{project}/codebases", files=files).json()["job"]["id"]
        with second.stream("GET", f"/api/v1/jobs/{job}/events") as stream:
            lines = list(stream.iter_lines())
    states = [json.loads(line[6:]).get("state") for line in lines if line.startswith("data: ")]
    assert "event: end" in lines and "completed" in states


def test_sessions_of_a_deleted_database_end_in_each_process(
    headwater: HeadwaterProcess, database: str, project: str
) -> None:
    url = headwater.post(f"/databases/{database}/credentials")["url"]
    twin = headwater.post(f"/projects/{project}/connections", name="twin", connection={"url": url})["id"]
    with clients(headwater) as both:
        for owner in NUMBERS:
            session = name_of_session(headwater, twin, owner)
            text = "BEGIN; SELECT set_config('application_name', 'twin', false)"
            assert run(both[0], twin, text, session=session)["in_transaction"]
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'twin'"
        assert headwater.sql(database, count) == [[2]]
        assert both[0].delete(f"/api/v1/databases/{twin}").status_code == 204
        until(lambda: headwater.sql(database, count) == [[0]])


def test_one_scrape_shows_all_processes(headwater: HeadwaterProcess) -> None:
    with clients(headwater) as both:
        for client in both:
            for _ in range(5):
                assert client.get("/api/v1/organizations").status_code == 200
        numbers = {}
        for number in NUMBERS:
            transport = httpx.HTTPTransport(uds=str(socket_path(settings_of(headwater), number)))
            with httpx.Client(transport=transport, base_url="http://server") as private:
                numbers[number] = _value(private.get("/private/metrics").text, 'requests_total{area="organizations"')
        scraped = [client.get("/metrics").text for client in both]
    assert all(number >= 5 for number in numbers.values()), numbers
    for text in scraped:
        assert _value(text, 'requests_total{area="organizations"') == sum(numbers.values())
        assert _value(text, "headwater_servers ") == 2
        lines = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
        assert len(lines) == len(set(lines)) > 100


def _value(text: str, start: str) -> float:
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if start in line and line[0] != "#")


def test_address_is_not_shared_with_another_headwater(headwater: HeadwaterProcess) -> None:
    other = Settings(home=headwater.home, port=headwater.port, servers=2)
    with pytest.raises(Conflict, match="cannot be used"), public_listeners(other):
        pass


def test_private_sockets_are_private(headwater: HeadwaterProcess) -> None:
    for number in NUMBERS:
        path = socket_path(settings_of(headwater), number)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert headwater.client.get("/private/metrics").headers["content-type"].startswith("text/html")
    assert headwater.client.delete(f"/private/databases/{uuid.uuid4()}/sessions").status_code == 405


def test_killed_process_costs_only_its_own_sessions(headwater: HeadwaterProcess, database: str) -> None:
    mine, lost = (name_of_session(headwater, database, owner) for owner in NUMBERS)
    victim = headwater.pids("headwater serve 1")[0]
    with client_of(headwater, 0) as client:
        for session in (mine, lost):
            assert run(client, database, f"BEGIN; CREATE TABLE k{session} ()", session=session)["in_transaction"]
        os.kill(victim, signal.SIGKILL)
        assert client.get("/api/v1/auth/me").status_code == 200
        assert run(client, database, f"SELECT * FROM k{mine}", session=mine)["in_transaction"]
        # What connects meanwhile waits for the new process, or is answered by the other.
        with httpx.Client(base_url=client.base_url, headers=client.headers, timeout=60) as fresh:
            assert fresh.get("/api/v1/auth/me").status_code == 200
        ended = run(client, database, f"SELECT * FROM k{lost}", session=lost)
        assert ended["error"]["sqlstate"] == "42P01" and not ended["in_transaction"]
        assert run(client, database, f"COMMIT; SELECT * FROM k{mine}", session=mine)["error"] is None
    assert headwater.pids("headwater serve 1") not in ([], [victim])
