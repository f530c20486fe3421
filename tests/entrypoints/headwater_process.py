"""A real `headwater up` as a child process, also for tests that kill parts of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from entrypoints.command_line import invoke
from suite.ports import free_port
from suite.processes import die_with_parent


def processes_of(home: Path) -> dict[int, str]:
    """Return the processes that belong to a home folder, by id, with their command lines."""
    processes, variable = {}, f"HEADWATER_HOME={home}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(home) in command or variable in (entry / "environ").read_bytes().split(b"\0"):
                processes[int(entry.name)] = command.strip()
    processes.pop(os.getpid(), None)
    return processes


def wait_until_none_is_left(home: Path, seconds: float = 240) -> None:
    """Wait until no process of a home folder is left; the helpers of a process end a moment after it."""
    deadline = time.monotonic() + seconds
    while left := processes_of(home):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


@dataclass
class HeadwaterProcess:
    """A running Headwater with one user signed in."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    client: httpx.Client

    def pids(self, part: str) -> list[int]:
        """Return the ids of the processes whose command line contains a text."""
        return [pid for pid, command in processes_of(self.home).items() if part in command]

    def wait_ready(self, seconds: float = 300.0) -> float:
        """Wait until `/readyz` reports ready; return the seconds that it took."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            with contextlib.suppress(httpx.HTTPError):
                if self.client.get("/readyz").status_code == 200:
                    return time.monotonic() - started
            time.sleep(0.1)
        raise AssertionError(f"not ready after {seconds} s: {(self.home / 'up.log').read_text()[-4000:]}")

    def sign_up(self) -> None:
        """Create an account and sign in."""
        body = {"email": "fault@example.org", "password": "seven wooden boats", "name": "Fault"}
        answer = self.client.post("/api/v1/auth/signup", json=body)
        if answer.status_code == 409:
            answer = self.client.post("/api/v1/auth/login", json={key: body[key] for key in ("email", "password")})
        self.client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        while self.get("/jobs?state=pending")["items"] or self.get("/jobs?state=running")["items"]:
            time.sleep(0.1)  # the sample

    def get(self, path: str) -> Any:
        """Return the JSON of a GET; retried while parts of Headwater are being restarted."""
        for _ in range(2_000):
            with contextlib.suppress(httpx.HTTPError):
                answer = self.client.get(f"/api/v1{path}")
                if answer.status_code < 500:
                    return answer.json()
            time.sleep(0.1)
        raise AssertionError(f"{path} is not answered")

    def post(self, path: str, **body: Any) -> Any:
        """Return the answer of a request that must succeed."""
        answer = self.client.post(f"/api/v1{path}", json=body, timeout=90)
        assert answer.is_success, answer.text
        return answer.json()

    def sql(self, database: str, text: str) -> Any:
        """Run statements that must succeed, and return the rows of the last one."""
        answer = self.post(f"/databases/{database}/query", text=text)
        assert answer["error"] is None, answer["error"]
        return answer["results"][-1]["rows"]

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(120)
        self.client.close()


@contextlib.contextmanager
def start_headwater(home: Path, python: str = sys.executable, **variables: str) -> Iterator[HeadwaterProcess]:
    """Start `headwater up`, yield it, and stop it; `python` is that of the checkout that is started."""
    port = free_port()
    env = {
        **os.environ,
        "HEADWATER_HOME": str(home),
        "HEADWATER_SECURE_COOKIES": "false",
        "HEADWATER_OPEN_SIGNUP": "true",
        "HEADWATER_PROXY_PORT": str(free_port()),
        "HEADWATER_MYSQL_PROXY_PORT": str(free_port()),
        "HEADWATER_ACCESS_TOKEN_SECONDS": "7200",
        "HEADWATER_PROOF_MINUTES": "600",
    } | variables
    log = (home / "up.log").open("ab")
    process = subprocess.Popen(
        [python, "-m", "headwater", "up", "--port", str(port)],
        env=env,
        stdout=log,
        stderr=log,
        preexec_fn=die_with_parent,
    )
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
    processes = HeadwaterProcess(home, port, process, client)
    try:
        processes.wait_ready()
        yield processes
    finally:
        processes.stop()
        log.close()


@contextlib.contextmanager
def start_signed_up(folder: Path | None = None, **variables: str) -> Iterator[HeadwaterProcess]:
    """Start a Headwater in a temporary folder, with one user signed in; everything is deleted at the end."""
    home = Path(tempfile.mkdtemp(prefix="hw-one-", dir=folder))
    home.chmod(0o755)  # the servers of databases have users of their own
    wanted = {"HEADWATER_LOG_LEVEL": "warning", "HEADWATER_MYSQL_PROXY_PORT": str(free_port())}
    with start_headwater(home, **(wanted | variables)) as processes:
        processes.sign_up()
        yield processes
    shutil.rmtree(home, ignore_errors=True)


def _take_interrupts() -> None:
    """Undo what a shell does to programs in the background, which inherit that they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Commands:
    """The command line in this process, signed in as a new user of a Headwater, or with the given authorization."""

    def __init__(self, headwater: HeadwaterProcess, authorization: str = "") -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{headwater.port}/api/v1", timeout=120)
        self.email, self.url = f"{uuid.uuid4().hex}@example.org", f"http://127.0.0.1:{headwater.port}"
        body = {"email": self.email, "password": "seven wooden boats", "name": "Commander"}
        bearer = authorization or f"Bearer {self._post('/auth/signup', body)['access_token']}"
        self._client.headers["authorization"] = bearer
        secret = self._post("/keys", {"name": "cli", "scopes": ["admin"]})["secret"]
        self._variables = {"HEADWATER_URL": f"http://127.0.0.1:{headwater.port}", "HEADWATER_API_KEY": secret}

    def get(self, path: str) -> Any:
        """Return the JSON of a GET as the same user."""
        return self._client.get(path).raise_for_status().json()

    def run(self, *words: str, code: int = 0, **variables: str) -> str:
        """Run `headwater WORDS`, which must exit with a code; return all that it prints."""
        done = invoke(*words, **self._variables | variables)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `headwater WORDS` as a process, to which a signal can be sent."""
        env = os.environ | self._variables
        command = [sys.executable, "-m", "headwater", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=env, text=True, preexec_fn=_take_interrupts, **pipes)

    def run_json(self, *words: str, code: int = 0) -> Any:
        """Run it with --json; return its answer."""
        return json.loads(self.run(*words, "--json", code=code))

    def close(self) -> None:
        """Close the connection to the server."""
        self._client.close()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._client.post(path, json=body).raise_for_status().json()
