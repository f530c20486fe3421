"""A real S3 for tests: SeaweedFS in one process, on ports and in a folder of its own."""

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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from headwater.vault.s3 import S3Blobs
from suite.ports import free_ports
from suite.processes import die_with_parent

KEY, SECRET, BUCKET = "visitor", "a-secret-of-the-tests", "vaults"
READER = "reader"
"""An access key, with the same secret key, that may read and list but not write."""
_WITHIN_SECONDS = 240.0


@dataclass(frozen=True)
class Place:
    """A running S3: where it answers."""

    endpoint: str

    @property
    def options(self) -> dict[str, str]:
        return {"endpoint": self.endpoint, "access_key_id": KEY, "secret_access_key": SECRET}

    def blobs(self, prefix: str) -> S3Blobs:
        return S3Blobs(BUCKET, prefix, http=True, retries=1, **self.options)


def program() -> str | None:
    """Return where the server's program is, if anywhere."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


@contextlib.contextmanager
def running() -> Iterator[Place]:
    """Give a server that answers and has an empty bucket; it is gone at the end."""
    for last in (False, False, True):  # a port that was free may be somebody's by now
        with contextlib.ExitStack() as stack:
            location = stack.enter_context(_started(last=last))
            if location:
                yield location
                return


@contextlib.contextmanager
def _started(*, last: bool) -> Iterator[Place | None]:
    """Give a server, or None when it ended at once, unless this is the last try."""
    folder = Path(tempfile.mkdtemp(prefix="hw-s3-"))
    rights = [
        {"name": name, "credentials": [{"accessKey": name, "secretKey": SECRET}], "actions": actions}
        for name, actions in ((KEY, ["Admin"]), (READER, ["Read", "List"]))
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": rights}))
    master, volume, filer, s3 = free_ports(4, offset=10_000)  # where SeaweedFS has its own protocol
    command = [
        str(program()),
        "-logdir",
        str(folder),
        "server",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-dir={folder}",
        f"-master.port={master}",
        f"-volume.port={volume}",
        f"-filer.port={filer}",
        "-filer",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.config={folder}/s3.json",
        "-volume.max=20",
        "-master.volumeSizeLimitMB=256",
        "-master.telemetry=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",  # else of two servers on one machine the second ends
    ]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, cwd=folder, preexec_fn=die_with_parent
        )
    try:
        location = Place(f"http://127.0.0.1:{s3}")
        ready = _is_ready(server, location)
        assert ready or not last, (folder / "log").read_text("utf-8", "replace")[-3000:]
        yield location if ready else None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(120)
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(server: subprocess.Popen[bytes], place: Place) -> bool:
    """Wait until the bucket takes a blob: until then volumes are still being made; False when that never was."""
    until = time.monotonic() + _WITHIN_SECONDS
    store = S3Store(
        BUCKET,
        config={"region": "us-east-1", **place.options},
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    while time.monotonic() < until and server.poll() is None:
        try:
            obstore.put(store, "ready", b"yes")
            obstore.delete(store, "ready")
        except (BaseError, OSError):
            time.sleep(0.2)
        else:
            return True
    return False
