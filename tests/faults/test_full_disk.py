"""A full disk while databases are created: it is reported, leaves no partial database, and free space repairs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.headwater_process import wait_until_none_is_left
from entrypoints.proxied_headwater import ProxiedHeadwater, proxied_headwater
from headwater.engines.postgresql.provision import SPARES
from suite import storage

DISK, LEFT = "320m", 8 * 2**20


@pytest.fixture
def proxied() -> Iterator[ProxiedHeadwater]:
    """A Headwater on a small disk."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    home = Path(tempfile.mkdtemp(prefix="hw-full-", dir=storage.disk()))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", home], check=True)
    try:
        with proxied_headwater(home) as running:
            yield running
        wait_until_none_is_left(home)
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)
        shutil.rmtree(home, ignore_errors=True)


def fill(home: Path) -> Path:
    """Leave a few megabytes free."""
    ballast = home / "ballast"
    with ballast.open("wb") as out:
        while shutil.disk_usage(home).free > LEFT:
            out.write(bytes(2**20))
            out.flush()
    return ballast


def test_full_disk_leaves_no_partial_database_and_loses_no_data(proxied: ProxiedHeadwater) -> None:
    first = proxied.create("first")
    with proxied.connect(first) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    ballast = fill(proxied.home)
    assert proxied.headwater.client.get("/readyz").json()["disk"].endswith(" MB free")
    project = proxied.headwater.get("/projects")["items"][0]["id"]
    for number in range(SPARES + 1):  # some may find their data ready: made ahead, before the disk was full
        body = {"name": f"another-{number}"}
        answer = proxied.headwater.client.post(f"/api/v1/projects/{project}/databases?wait=60", json=body)
        assert answer.status_code == 201, answer.text
        last = answer.json()
        if last["state"] != "running":
            break
    assert last["state"] == "failed" and ("No space left" in last["state_reason"] or "disk" in last["state_reason"]), (
        last
    )
    body = {"text": "INSERT INTO kept SELECT generate_series(1, 10000000)"}
    refused = proxied.headwater.client.post(f"/api/v1/databases/{first['id']}/query", json=body, timeout=60)
    assert refused.status_code in {200, 422, 503}, refused.text
    message = refused.json()["error"]["message"] if refused.status_code == 200 else refused.json()["detail"]
    assert "No space left" in message or "disk" in message, message
    ballast.unlink()
    assert proxied.ask(first, "SELECT count(*) FROM kept") == 1
    proxied.desire(last, "running")
    assert proxied.until(last, "running")
    credentials = proxied.headwater.client.post(f"/api/v1/databases/{last['id']}/credentials").json()
    assert proxied.ask(last | {"user": credentials["user"], "password": credentials["password"]}, "SELECT 1") == 1
