"""A running Headwater with managed databases and a proxy, for tests."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import trustme

from entrypoints.headwater_process import HeadwaterProcess, start_headwater
from suite.ports import free_port


@dataclass
class ProxiedHeadwater:
    """A Headwater, its proxy's ports, and the certificate authority whose certificate the proxy shows."""

    headwater: HeadwaterProcess
    port: int
    authority: Path
    mysql_port: int

    @property
    def home(self) -> Path:
        return self.headwater.home

    def port_of(self, engine: str) -> int:
        """Return the proxy's port for clients of an engine."""
        return self.mysql_port if engine == "mysql" else self.port

    def create(self, name: str | None = None, **asked: Any) -> dict[str, Any]:
        """Create a database and return what a client needs to connect to it."""
        project = self.headwater.get("/projects")["items"][0]["id"]
        body = {"name": name or f"t{uuid.uuid4().hex[:10]}", **asked}
        answer = self.headwater.client.post(f"/api/v1/projects/{project}/databases?wait=60", json=body, timeout=150)
        assert answer.status_code == 201, answer.text
        database = answer.json()
        assert database["state"] == "running", database
        credentials = self.headwater.client.post(f"/api/v1/databases/{database['id']}/credentials").json()
        return database | {"password": credentials["password"], "user": credentials["user"]}

    def adopt(self, name: str, url: str) -> dict[str, Any]:
        """Connect an existing database."""
        project = self.headwater.get("/projects")["items"][0]["id"]
        body = {"name": name, "connection": {"url": url}}
        answer = self.headwater.client.post(f"/api/v1/projects/{project}/connections", json=body)
        assert answer.status_code == 201, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def show(self, database: dict[str, Any]) -> dict[str, Any]:
        """Return the current state of a database."""
        state: dict[str, Any] = self.headwater.get(f"/databases/{database['id']}")
        return state

    def desire(self, database: dict[str, Any], state: str) -> dict[str, Any]:
        """Ask for a state and wait for it."""
        path = f"/api/v1/databases/{database['id']}/desired"
        answer = self.headwater.client.put(path, json={"state": state})
        assert answer.status_code == 200, answer.text
        instance: dict[str, Any] = answer.json()
        return instance

    def until(self, database: dict[str, Any], state: str, seconds: float = 240.0) -> dict[str, Any]:
        """Wait until a database has a state."""
        end = time.monotonic() + seconds
        while (instance := self.show(database))["state"] != state:
            assert time.monotonic() < end, instance
            time.sleep(0.1)
        return instance

    def folder(self, database: dict[str, Any]) -> Path:
        """Return the folder of a database's instance."""
        return self.home / "databases" / str(database["id"])

    def connect(self, database: dict[str, Any], **more: Any) -> psycopg.Connection[Any]:
        """Connect through the proxy as the owner of a database."""
        options = {
            "host": "127.0.0.1",
            "port": self.port,
            "dbname": database["name"],
            "user": database["user"],
            "password": database["password"],
            "sslmode": "disable",
            "connect_timeout": 120,
            "autocommit": True,
        }
        return psycopg.connect(**(options | more))  # type: ignore[no-any-return]

    def ask(self, database: dict[str, Any], query: str, **more: Any) -> Any:
        """Return the first value of a query's result, over a new connection."""
        with self.connect(database, **more) as connection:
            row = connection.execute(query.encode()).fetchone()
            return row[0] if row else None


@contextlib.contextmanager
def proxied_headwater(home: Path, **variables: str) -> Iterator[ProxiedHeadwater]:
    """Start a Headwater whose proxy supports TLS, with one user signed in."""
    port, mysql_port, authority = free_port(), free_port(), trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    for name, blobs in (("ca", [authority.cert_pem]), ("cert", certificate.cert_chain_pems)):
        (home / f"{name}.pem").write_bytes(b"".join(blob.bytes() for blob in blobs))
    (home / "key.pem").write_bytes(certificate.private_key_pem.bytes())
    options = {
        "HEADWATER_PROXY_PORT": str(port),
        "HEADWATER_MYSQL_PROXY_PORT": str(mysql_port),
        "HEADWATER_TLS_CERTIFICATE": str(home / "cert.pem"),
        "HEADWATER_TLS_KEY": str(home / "key.pem"),
        "HEADWATER_LOG_LEVEL": "warning",
    }
    with start_headwater(home, **(options | variables)) as headwater:
        headwater.sign_up()
        yield ProxiedHeadwater(headwater, port, home / "ca.pem", mysql_port)
