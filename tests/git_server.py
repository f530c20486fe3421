"""A git host on loopback: repositories that tests write, over smart HTTP with basic authentication, and over SSH."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncssh

USER, TOKEN = "x-access-token", "canary-token-4711"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-03-01T12:00:00+01:00",
    "GIT_COMMITTER_DATE": "2026-03-02T12:00:00+01:00",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as somebody with a name and without settings of their own."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | _IDENTITY, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@dataclass
class GitRepository:
    """A repository with a work tree; the hosts serve the `.git` folder of it."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, branch: str = "main") -> GitRepository:
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", f"--initial-branch={branch}")
        git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
        return cls(folder)

    def commit(self, subject: str, **files: str | bytes) -> str:
        """Write files (`__` is a slash, `_dot_` a dot) and commit them; return the id of the commit."""
        for name, content in files.items():
            path = self.folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        git(self.folder, "add", "--all", "--force")
        git(self.folder, "commit", "--quiet", "--allow-empty", f"--message={subject}")
        return git(self.folder, "rev-parse", "HEAD")


@dataclass
class HttpGitHost:
    """The repositories below a folder over HTTP; with `token`, only for those who send it."""

    folder: Path
    url: str = ""
    token: str = ""
    redirects: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda path: None
    """Called with the path of each request before it is answered."""


@contextlib.contextmanager
def http_git_host(folder: Path) -> Iterator[HttpGitHost]:
    """Serve the repositories below a folder."""
    host = HttpGitHost(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(host))
    host.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(host: HttpGitHost) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            host.requests.append(parts.path)
            host.before(parts.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            for prefix, target in host.redirects.items():
                if parts.path.startswith(prefix):
                    self.send_response(302)
                    self.send_header("location", target + self.path.removeprefix(prefix))
                    self.end_headers()
                    return
            expected = "Basic " + base64.b64encode(f"{USER}:{host.token}".encode()).decode()
            if host.token and self.headers.get("authorization") != expected:
                self.send_response(401)
                self.send_header("www-authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            self._serve(parts.path, parts.query, body)

        def _serve(self, path: str, query: str, body: bytes) -> None:
            env = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(host.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("content-type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
                "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            }
            done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=False)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = [line.split(": ", 1) for line in head.decode().splitlines() if ": " in line]
            status = next((value for name, value in headers if name == "Status"), "200 OK")
            self.send_response(int(status.split()[0]))
            for name, value in headers:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


@dataclass
class SshGitHost:
    """The repositories below a folder over SSH, for those with one of the public keys."""

    folder: Path
    port: int = 0
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    public_keys: set[str] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)

    def address(self, path: str) -> str:
        return f"ssh://git@127.0.0.1:{self.port}/{path}"


@contextlib.asynccontextmanager
async def ssh_git_host(folder: Path) -> AsyncIterator[SshGitHost]:
    """Serve the repositories below a folder over SSH."""
    host = SshGitHost(folder)
    async with _listening(host) as port:
        host.port = port
        yield host


async def _pump(source: Any, sink: Any, *, ends: bool = False) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
        if ends:
            sink.write_eof()


@contextlib.asynccontextmanager
async def _listening(host: SshGitHost) -> AsyncIterator[int]:
    class Server(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            text = " ".join(key.export_public_key("openssh").decode().split()[:2])
            return username == "git" and text in {" ".join(known.split()[:2]) for known in host.public_keys}

    async def serve(process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = process.command or ""
        host.commands.append(command)
        path = command.removeprefix("git-upload-pack ").strip("'/")
        env = os.environ | {"GIT_PROTOCOL": process.env.get("GIT_PROTOCOL", "")}
        child = await asyncio.create_subprocess_exec(
            "git", "upload-pack", str(host.folder / path), stdin=-1, stdout=-1, stderr=-1, env=env
        )
        assert child.stdin and child.stdout and child.stderr
        sending = asyncio.create_task(_pump(process.stdin, child.stdin, ends=True))
        await asyncio.gather(_pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr))
        process.exit(await child.wait())
        sending.cancel()

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Server,
        server_host_keys=[host.host_key],
        process_factory=serve,
        encoding=None,
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
