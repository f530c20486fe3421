"""A killed server also ends its sandboxes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SERVER = """
import threading, types
from headwater.features.extracts.service.sandboxes import Sandbox, SandboxTask
opened = types.SimpleNamespace(manifest=types.SimpleNamespace(tables=()))
sandbox = Sandbox(opened, SandboxTask("SELECT count(*) FROM range(100000000000) WHERE hash(range) = 1", 600))
threading.Thread(target=sandbox.begin, daemon=True).start()
print(sandbox._process.pid, flush=True)
threading.Event().wait()
"""


def alive(pid: int) -> bool:
    """Return True if a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux ends children")
def test_killed_server_ends_its_sandboxes() -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        pid = int(server.stdout.readline())
        assert alive(pid)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        end = time.monotonic() + 240
        while alive(pid):
            assert time.monotonic() < end, "it goes on without its server"
            time.sleep(0.02)
