"""Runs schemathesis against a real Headwater, as its administrator, with one of everything that the API is about.

The description of the API is completed first: path parameters get the ids of existing resources, bodies get examples.
No worker runs, so that what takes minutes or reaches outside (restores, copies, scans) is queued and not done.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from entrypoints.headwater_process import HeadwaterProcess, start_signed_up
from features.accounts.test_matrix import BODIES

HOOKS = "entrypoints.api_fuzz_hooks"
EVERY_PHASE = ("examples", "coverage", "fuzzing", "stateful")
# Operations whose resource is gone or stopped afterwards get resources of their own.
ENDING = re.compile(r"^DELETE |/desired$|/deletion/|/jobs/\{job_id\}/|/members/\{user_id\}$|/users/\{user_id\}")
SIGN_IN = """\
path = "/api/v1/auth/login"
payload = { email = "fault@example.org", password = "seven wooden boats" }
extract_selector = "/access_token"
retry_on = [401]"""
REJECTIONS = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
UNTESTED_OPERATIONS: dict[str, str] = {}
"""Operations that are not sent, each with its reason."""
UNTESTED_CHECKS: dict[str, str] = {}
"""Checks that are switched off, each with its reason."""


@dataclass
class FuzzReport:
    """What a run sent, and what was wrong with the answers."""

    cases: Counter[str] = field(default_factory=Counter)
    """Requests by phase."""
    operations: set[str] = field(default_factory=set)
    server_errors: int = 0
    problems: dict[tuple[str, str], str] = field(default_factory=dict)
    """What was wrong by operation and check: the first request that shows it, and its answer."""
    complete: bool = False

    def add(self, event: str, content: dict[str, Any]) -> None:
        """Take note of an event of the run."""
        if event == "ScenarioFinished":
            self._add_scenario(content["phase"], content["recorder"])
        elif event in {"NonFatalError", "FatalError"}:
            what = content.get("value") or content.get("exception") or {}
            self.problems.setdefault((str(content.get("label")), what.get("type", event)), json.dumps(what)[:2000])
        elif event == "EngineFinished":
            self.complete = content["stop_reason"] == "completed"

    def _add_scenario(self, phase: str, recorder: dict[str, Any]) -> None:
        interactions = recorder.get("interactions", {})
        self.operations.add(recorder["label"])
        self.cases[phase] += len(interactions)
        for case, interaction in interactions.items():
            status = (interaction.get("response") or {}).get("status_code", 0)
            self.server_errors += status >= 500
            for check in recorder.get("checks", {}).get(case, ()):
                if check["status"] != "success":
                    key = (_operation(recorder, case), check["name"])
                    self.problems.setdefault(key, _evidence(interaction, check))


def _operation(recorder: dict[str, Any], case: str) -> str:
    value = recorder["cases"][case]["value"]
    return f"{value['method']} {value['path']}"


def _evidence(interaction: dict[str, Any], check: dict[str, Any]) -> str:
    request, response = interaction["request"], interaction.get("response") or {}
    sent = f"{request['method']} {request['uri']} {_text(request.get('body'))}"
    failure = json.dumps(check.get("failure") or check)
    return f"{sent[:600]}\n  {response.get('status_code')} {_text(response.get('content'))[:400]}\n  {failure[:600]}"


def _text(body: Any) -> str:
    """Return a body of the report, which is text or base64."""
    encoded = body.get("$base64") if isinstance(body, dict) else None
    return base64.b64decode(encoded).decode(errors="replace") if encoded is not None else str(body or "")


@dataclass
class Resources:
    """Ids by the name of their path parameter: of what stays, and of what may be ended."""

    lasting: dict[str, str]
    expendable: dict[str, str]

    def of(self, operation: str) -> dict[str, str]:
        """Return the values of the path parameters for an operation such as `GET /api/v1/projects/{project_id}`."""
        return self.lasting | (self.expendable if ENDING.search(operation) else {})


@contextlib.contextmanager
def start_fuzzed() -> Iterator[tuple[HeadwaterProcess, Resources]]:
    """Start a Headwater with a resource of each kind, whose worker is halted when all of them exist."""
    with start_signed_up() as headwater:
        resources = prepare(headwater)
        workers = headwater.pids("headwater worker")
        assert workers
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield headwater, resources
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGCONT)


def prepare(headwater: HeadwaterProcess) -> Resources:
    """Create a resource of each kind; of what operations end, a second one."""
    me = headwater.get("/auth/me")
    project = headwater.get("/projects")["items"][0]["id"]
    lasting = {"project_id": project, "organization_id": me["organizations"][0]["id"], "session": "1", "how": "cancel"}
    lasting |= {
        "user_id": me["user"]["id"],
        "name": "citext",
        "export_id": str(uuid.uuid4()),
        "run_id": str(uuid.uuid4()),
    }
    lasting |= of_codebase(headwater, project) | of_database(headwater, project)
    expendable = of_ended(headwater, project, lasting)
    return Resources(lasting, expendable)


def of_codebase(headwater: HeadwaterProcess, project: str) -> dict[str, str]:
    """Return ids about the sample code base."""
    codebase = headwater.get(f"/projects/{project}/codebases")["items"][0]
    return {
        "codebase_id": codebase["id"],
        "job_id": codebase["job_id"],
        "schema_id": codebase["scan"]["id"],
        "path": "shop/orders.py",
        "endpoint_id": str(uuid.uuid4()),  # the sample serves nothing
        "usage_id": "0",
    }


def of_database(headwater: HeadwaterProcess, project: str) -> dict[str, str]:
    """Create a database with a table, and what hangs on it; return the ids."""
    database = headwater.post(f"/projects/{project}/databases?wait=60", name="shop", engine="postgresql")["id"]
    headwater.sql(database, "CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)")
    query = {"name": "q", "text": "SELECT 1", "shared": True, "database_id": database}
    query_id = headwater.post(f"/projects/{project}/queries", **query)["id"]
    board = headwater.post(f"/projects/{project}/dashboards", name="board")["id"]
    tiles = headwater.post(f"/dashboards/{board}/tiles", query_id=query_id)["tiles"]
    file = {"file": ("x.csv", b"a\n1\n")}
    upload = headwater.client.post(f"/api/v1/databases/{database}/imports", files=file).raise_for_status().json()
    migration = headwater.post(f"/databases/{database}/migrations", name="m", up="SELECT 1")
    policy = headwater.client.put(f"/api/v1/databases/{database}/policy", json={"schedule": {"cron": "0 4 * * *"}})
    assert policy.is_success, policy.text
    return {
        "database_id": database,
        "query_id": query_id,
        "dashboard_id": board,
        "tile_id": tiles[0]["id"],
        "transfer_id": upload["transfer"]["id"],
        "version": migration["version"],
        "table": "t",
        **of_snapshot(headwater, database),
    }


def of_snapshot(headwater: HeadwaterProcess, database: str) -> dict[str, str]:
    """Take a snapshot; return its id, and those of a restore and a link of it."""
    taken = headwater.post(f"/databases/{database}/snapshots")["id"]
    wait_until(lambda: headwater.get(f"/snapshots/{taken}")["status"] == "complete")
    restore = headwater.post(f"/snapshots/{taken}/restores", name="restored")["id"]
    wait_until(lambda: headwater.get(f"/restores/{restore}")["job"]["state"] == "completed")
    link = headwater.post(f"/snapshots/{taken}/links", format="csv")
    return {"snapshot_id": taken, "restore_id": restore, "link_id": link["id"], "token": link["url"].rpartition("/")[2]}


def of_ended(headwater: HeadwaterProcess, project: str, lasting: dict[str, str]) -> dict[str, str]:
    """Create what an operation may end; return the ids."""
    database = headwater.post(f"/projects/{project}/databases?wait=60", name="spare", engine="sqlite")["id"]
    organization = f"/organizations/{lasting['organization_id']}"
    invited = headwater.post(f"{organization}/invitations", email="spare@example.org", role="viewer")
    with httpx.Client(base_url=headwater.client.base_url, timeout=60) as guest:
        body = {"email": "spare@example.org", "password": "seven wooden boats", "invitation": invited["token"]}
        user = guest.post("/api/v1/auth/signup", json=body).raise_for_status().json()["user"]["id"]
    again = headwater.post(f"{organization}/invitations", email="other@example.org", role="viewer")
    return {
        "database_id": database,
        "project_id": headwater.post("/projects", name="Spare")["id"],
        "user_id": user,
        "invitation_id": again["invitation"]["id"],
        "session_id": headwater.get(f"/users/{user}/sessions")["items"][0]["id"],
        "key_id": headwater.post("/keys", name="k", scopes=["read"])["key"]["id"],
    }


def wait_until(holds: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.05)


def described(document: dict[str, Any], resources: Resources) -> dict[str, Any]:
    """Complete the description of the API: existing resources as examples of path parameters, and bodies as examples."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            values = resources.of(f"{method.upper()} {path}")
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path" and parameter["name"] in values:
                    parameter["example"] = values[parameter["name"]]
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content and (body := BODIES.get((method.upper(), path))):
                content["application/json"]["example"] = body
    return document


def configuration(document: dict[str, Any], resources: Resources, phases: Sequence[str]) -> str:
    """Return schemathesis.toml: who signs in, and which values path parameters get in most cases."""
    lines = [f"[auth.dynamic.openapi.HTTPBearer]\n{SIGN_IN}"]
    lines += [f"[phases.{phase}]\nextra-data-sources.responses = false" for phase in phases if phase != "stateful"]
    lines += [f"[checks.negative_data_rejection]\nexpected-statuses = {REJECTIONS}"]
    lines += [f"[checks.{name}]\nenabled = false" for name in UNTESTED_CHECKS]
    lines += [f"[dictionaries]\n{dictionaries(resources)}", f"[parameters]\n{bindings(resources.lasting, 'lasting')}"]
    for operation in operations_of(document):
        if operation in UNTESTED_OPERATIONS:
            lines.append(f'[[operations]]\ninclude-name = "{operation}"\nenabled = false')
        elif ENDING.search(operation):
            values = bindings(resources.expendable, "expendable", "parameters.")
            lines.append(f'[[operations]]\ninclude-name = "{operation}"\n{values}')
    return "\n".join(lines)


def operations_of(document: dict[str, Any]) -> list[str]:
    """Return the names of all operations, such as `GET /api/v1/projects`."""
    return [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]


def dictionaries(resources: Resources) -> str:
    """Return the entry of each id in the table of values."""
    ids = [("lasting", resources.lasting), ("expendable", resources.expendable)]
    return "\n".join(f"{kind}-{name}.values = [{json.dumps(id_)}]" for kind, each in ids for name, id_ in each.items())


def bindings(ids: dict[str, str], kind: str, table: str = "") -> str:
    """Return the entries that bind path parameters to their values, in nine of ten cases."""
    entries = (f'{table}"path.{name}" = {{ dictionary = "{kind}-{name}", probability = 0.9 }}' for name in ids)
    return "\n".join(entries)


def fuzz(
    headwater: HeadwaterProcess, resources: Resources, folder: Path, phases: Sequence[str], examples: int
) -> FuzzReport:
    """Run phases of schemathesis with all checks, and so many examples of each operation where a phase is random."""
    document = described(headwater.client.get("/api/openapi.json").json(), resources)
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "schemathesis.toml").write_text(configuration(document, resources, phases))
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(folder / "schemathesis.toml")]
    command += ["run", str(folder / "openapi.json"), "--url", f"http://127.0.0.1:{headwater.port}"]
    command += ["--phases", ",".join(phases), "--max-examples", str(examples), "--continue-on-failure"]
    command += ["--no-shrink", "--request-timeout", "60", "--report-ndjson-path", str(folder / "events.ndjson")]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "SCHEMATHESIS_HOOKS": HOOKS, "NO_COLOR": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=folder)
    assert done.returncode in {0, 1}, done.stdout[-4000:] + done.stderr[-4000:]
    report = FuzzReport()
    with (folder / "events.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            [(event, content)] = json.loads(line).items()
            report.add(event, content)
    return report
