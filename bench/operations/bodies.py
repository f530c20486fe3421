"""A gigabyte for every route, of every content type, with and without a stated length, beside the memory of the server."""

from __future__ import annotations

import contextlib
import re
import socket
import uuid
from collections import Counter

from bench.operations.connections import memory_mb
from bench.rows import Row
from entrypoints.headwater_process import HeadwaterProcess, start_signed_up
from features.accounts import route_list

COMMAND = "make bench PART=operations ARGS=bodies"
SIZE = 10**9
CHUNK = b"x" * 65_536
TYPES = ("application/json", "multipart/form-data; boundary=x", "application/octet-stream", "text/plain")
ROUTES = [(method, path) for method, path, _ in route_list.load() if method in {"POST", "PUT", "PATCH"}]
LIMIT_MB = 16.0


def bodies() -> list[Row]:
    """Measure a running Headwater."""
    with start_signed_up() as headwater:
        server = headwater.pids(" serve")[0]
        _send(headwater, *ROUTES[0], TYPES[0], stated=True)
        before, most, sent = memory_mb(server), 0.0, 0
        statuses: Counter[int] = Counter()
        for method, path in ROUTES:
            for kind in TYPES:
                for stated in (True, False):
                    status, size = _send(headwater, method, path, kind, stated=stated)
                    statuses[status] += 1
                    sent = max(sent, size)
            most = max(most, memory_mb(server) - before)
    said = ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items()))
    refused = all(400 <= status < 500 or status in {202, 204} for status in statuses)
    return [
        Row(
            "1 GB to every route, four content types, stated and unstated length",
            f"{said}; at most {sent / 2**20:.0f} MB sent",
            "413 or another refusal",
            "limit",
            None,
            "413 after its limit",
            refused,
            COMMAND,
        ),
        Row(
            "memory of the server for them",
            f"+{most:.0f} MB",
            f"{LIMIT_MB:.0f} MB",
            "limit",
            most / LIMIT_MB,
            "≤ +16 MB",
            most <= LIMIT_MB,
            COMMAND,
        ),
    ]


def _send(headwater: HeadwaterProcess, method: str, template: str, kind: str, *, stated: bool) -> tuple[int, int]:
    """Send until the server answers; return its status and how much was sent."""
    path = re.sub(r"\{[^}]*\}", str(uuid.UUID(int=1)), template)
    length = f"content-length: {SIZE}" if stated else "transfer-encoding: chunked"
    head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{headwater.port}\r\ncontent-type: {kind}\r\n{length}\r\n"
    token = headwater.client.headers["authorization"] if "/auth/" not in template else "none"
    sent = 0
    with socket.create_connection(("127.0.0.1", headwater.port), timeout=30) as connection:
        connection.sendall(f"{head}authorization: {token}\r\n\r\n".encode())
        connection.setblocking(False)
        answer = b""
        while sent < SIZE and not answer:
            with contextlib.suppress(BlockingIOError):
                answer = connection.recv(4_096)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                data = CHUNK if stated else b"10000\r\n" + CHUNK + b"\r\n"
                connection.setblocking(True)
                connection.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    sent += connection.send(data)
                connection.setblocking(False)
    return int(answer.split(b" ", 2)[1]) if answer else 0, sent
