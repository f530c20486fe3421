"""What git runs instead of `ssh`: passes bytes between git and the process that holds the SSH connection and its key.

It is a script of the standard library alone, so that it starts in milliseconds: `python -I -S git_ssh_client.py FD …`,
where FD is an inherited socket. Its last argument is the command that git wants to run on the host.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading

CHUNK = 65_536


def main(descriptor: int, command: str) -> None:
    """Send the command, then what git writes; write what comes back until the other end closes."""
    end = socket.socket(fileno=descriptor)
    request = {"command": command, "protocol": os.environ.get("GIT_PROTOCOL", "")}
    end.sendall(json.dumps(request).encode() + b"\n")
    threading.Thread(target=_send, args=(end,), daemon=True).start()
    while data := end.recv(CHUNK):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _send(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := os.read(0, CHUNK):
            end.sendall(data)
        end.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    with contextlib.suppress(OSError):
        main(int(sys.argv[1]), sys.argv[-1])
