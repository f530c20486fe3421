"""Hands out TCP ports for servers under test, so that two test processes never get the same one.

A port that was only probed can be taken by another process before the server binds it. These ports lie below the range
from which systems choose ports for outgoing connections, and a locked file reserves each until its process ends.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

HOST = "127.0.0.1"
PORTS = range(11_000, 32_000)
_reserved: dict[int, IO[bytes]] = {}


def free_port() -> int:
    """Return a port that nobody listens on, reserved for this process."""
    return free_ports(1)[0]


def free_ports(count: int, *, offset: int = 0) -> list[int]:
    """Return ports that nobody listens on, reserved for this process.

    Args:
        count: how many.
        offset: reserve the port that lies so far above each of them, too.
    """
    candidates = random.SystemRandom().sample(PORTS, len(PORTS))
    usable = (port for port in candidates if port + offset in PORTS and _reserve({port, port + offset}))
    return list(itertools.islice(usable, count))


def _reserve(ports: set[int]) -> bool:
    """Reserve all of these ports or none; return whether they were free."""
    if ports & _reserved.keys():
        return False
    files = {port: file for port in ports if (file := _lock(port))}
    if files.keys() != ports or not all(_is_free(port) for port in ports):
        for file in files.values():
            file.close()
        return False
    _reserved.update(files)
    return True


def _lock(port: int) -> IO[bytes] | None:
    folder = Path(tempfile.gettempdir()) / f"headwater-test-ports-{os.geteuid()}"
    folder.mkdir(exist_ok=True, mode=0o700)
    file = (folder / str(port)).open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
