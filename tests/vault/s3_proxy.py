"""A small HTTP proxy in front of an S3 that spoils one request, or all from one on, as networks and servers do."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, get_args
from urllib.parse import urlsplit

from vault.s3 import Place

Spoil = Literal["internal", "slow-down", "reset", "lost", "cut", "race"]
SPOILS: tuple[Spoil, ...] = get_args(Spoil)
_ERRORS: dict[Spoil, tuple[int, str]] = {"internal": (500, "InternalError"), "slow-down": (503, "SlowDown")}
_RST = struct.pack("ii", 1, 0)


class Proxy:
    """What a running proxy does to requests; `arm` counts them anew.

    `internal` answers 500 and `slow-down` 503, without asking the server · `reset` breaks the connection before it is
    asked · `lost` after it has done what was asked, before the answer · `cut` in the middle of the answer's body ·
    `race` lets somebody else write the name just before a PUT that creates.
    """

    def __init__(self, behind: Place, address: tuple[str, int], rival: Callable[[str], None]) -> None:
        self.place = Place(f"http://{address[0]}:{address[1]}")
        self._behind, self._rival, self._lock = urlsplit(behind.endpoint), rival, threading.Lock()
        self._at: int | None = None
        self.arm(None)

    def arm(self, at: int | None, spoil: Spoil = "internal", *, lasting: bool = False) -> None:
        """Spoil the request of this number from now on, from 0, and with `lasting` all after it; None for none."""
        with self._lock:
            self._at, self._spoil, self._lasting = at, spoil, lasting
            self.spoilt = 0
            self.methods: list[str] = []

    def due(self, method: str, creates: bool) -> Spoil | None:
        """Count a request and return what is wrong with it."""
        with self._lock:
            number = len(self.methods)
            self.methods.append(method)
            if self._at is None or number < self._at or (number > self._at and not self._lasting):
                return None
            self.spoilt += 1
            if self._spoil == "race" and not creates:
                return None
            return None if self._spoil == "cut" and method != "GET" else self._spoil

    def serve(self, asked: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = asked.rfile.read(int(asked.headers.get("content-length", 0)))
        spoil = self.due(asked.command, asked.headers.get("if-none-match") == "*")
        if spoil in _ERRORS:
            status, code = _ERRORS[spoil]
            _answer(asked, status, [], f"<Error><Code>{code}</Code></Error>".encode())
            return
        if spoil == "race":
            self._rival(urlsplit(asked.path).path)
        if spoil != "reset":
            status, headers, content = self._forwarded(asked, body)
            if spoil is None or spoil == "race":
                _answer(asked, status, headers, content)
                return
            if spoil == "cut":
                _answer(asked, status, headers, content, sent=len(content) // 2)
        asked.close_connection = True
        asked.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
        asked.connection.close()

    def _forwarded(self, asked: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        server = http.client.HTTPConnection(str(self._behind.hostname), self._behind.port, timeout=30)
        with contextlib.closing(server):
            server.putrequest(asked.command, asked.path, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.headers.items():
                server.putheader(name, value)
            server.endheaders(body)
            answer = server.getresponse()
            return answer.status, answer.getheaders(), answer.read()


def _answer(
    to: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], content: bytes, *, sent: int | None = None
) -> None:
    to.send_response_only(status)
    of_head = {name.lower(): value for name, value in headers}
    for name, value in headers:
        if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
            to.send_header(name, value)
    size = of_head.get("content-length", "0") if to.command == "HEAD" else str(len(content))
    if status != 204:
        to.send_header("content-length", size)
    to.end_headers()
    to.wfile.write(content[:sent])
    to.wfile.flush()


@contextlib.contextmanager
def proxied(behind: Place, rival: Callable[[str], None]) -> Iterator[Proxy]:
    """Give a proxy that listens; `rival` is told the path of an object that somebody else shall have written."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with contextlib.suppress(ConnectionError, ValueError):  # ValueError: the socket was closed by us
                super().handle_one_request()
                return
            self.close_connection = True

        def finish(self) -> None:
            with contextlib.suppress(OSError, ValueError):
                super().finish()

        def log_message(self, *_: object) -> None:
            pass

        def _served(self) -> None:
            proxy.serve(self)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _served  # noqa: N815 (names of http.server)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy = Proxy(behind, server.server_address[:2], rival)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
