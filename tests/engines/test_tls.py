"""TLS connections to real servers with test certificates: trusted, rejected, and client certificates."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import trustme

from headwater.engines import Address, engine
from headwater.engines.postgresql.pg_dump import SchemaDump
from headwater.kit.errors import HeadwaterError
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import Tls
from suite.ports import free_port

POSTGRES = Path("/usr/lib/postgresql/15/bin")


@dataclass
class Server:
    """A server that speaks TLS to `db.example`, and to whom `client` is known."""

    engine: str
    address: Address
    ca: trustme.CA
    client: trustme.LeafCert


def user(name: str) -> dict[str, object]:
    return {"user": name, "group": name, "extra_groups": []} if os.geteuid() == 0 else {}


def own(folder: Path, name: str) -> None:
    for path in (folder, *folder.rglob("*")):
        if os.geteuid() == 0:
            shutil.chown(path, name, name)
        path.chmod(0o700 if path.is_dir() else 0o600)


@contextlib.contextmanager
def running(command: list[str], as_user: str, port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user(as_user))
    try:
        for _ in range(3_000):
            assert process.poll() is None, "the server ended"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(120)


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def server(request) -> Iterator[Server]:
    ca, port = trustme.CA(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="hw-tls-"))
    ca.cert_pem.write_to_path(folder / "ca.pem")
    leaf = ca.issue_cert("db.example")
    leaf.cert_chain_pems[0].write_to_path(folder / "server.pem")
    leaf.private_key_pem.write_to_path(folder / "server.key")
    try:
        with {"postgresql": postgresql, "mysql": mariadb}[request.param](folder, port) as address:
            yield Server(request.param, address, ca, ca.issue_cert("visitor@example", common_name="visitor"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgresql(folder: Path, port: int) -> Iterator[Address]:
    if not (POSTGRES / "initdb").exists():
        pytest.skip("no PostgreSQL with TLS is installed")
    own(folder, "postgres")
    data = folder / "data"
    subprocess.run(
        [POSTGRES / "initdb", "-D", data, "-U", "visitor", "-A", "trust", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        **user("postgres"),
    )
    (data / "pg_hba.conf").write_text("hostssl all all all cert clientcert=verify-full\n")
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "ssl": "on",
        "fsync": "off",
        "ssl_ca_file": folder / "ca.pem",
        "ssl_cert_file": folder / "server.pem",
        "ssl_key_file": folder / "server.key",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with running([str(POSTGRES / "postgres"), "-D", str(data), *settings], "postgres", port):
        yield Address("db.example", port, "postgres", "visitor", endpoint=Endpoint("127.0.0.1", port))


@contextlib.contextmanager
def mariadb(folder: Path, port: int) -> Iterator[Address]:
    if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
        pytest.skip("no MariaDB is installed")
    (folder / "init.sql").write_text(
        "DELETE FROM mysql.global_priv WHERE User = '';\nFLUSH PRIVILEGES;\nCREATE USER visitor@'%' REQUIRE X509;\nGRANT ALL ON test.* TO visitor@'%';\n"
    )
    own(folder, "mysql")
    data = folder / "data"
    subprocess.run(
        [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            *(["--user=mysql"] if os.geteuid() == 0 else []),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    command = [
        "mariadbd",
        "--no-defaults",
        f"--datadir={data}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={folder}/s",
        f"--ssl-ca={folder}/ca.pem",
        f"--ssl-cert={folder}/server.pem",
        f"--ssl-key={folder}/server.key",
        f"--init-file={folder}/init.sql",
        "--innodb-buffer-pool-size=8M",
    ]
    with running(command, "mysql", port):
        yield Address("db.example", port, "test", "visitor", endpoint=Endpoint("127.0.0.1", port))


def pem(blob: trustme.Blob) -> str:
    return blob.bytes().decode()


def tls(server: Server, **changed: object) -> Tls:
    whole = Tls(
        "verify-full",
        pem(server.ca.cert_pem),
        pem(server.client.cert_chain_pems[0]),
        pem(server.client.private_key_pem),
    )
    return replace(whole, **changed)


async def test_mutual_tls_succeeds(server: Server) -> None:
    for mode in ("verify-full", "verify-ca", "require"):
        session = await engine(server.engine).connect(replace(server.address, tls=tls(server, mode=mode)))
        assert (await session.ping()).tls, mode
        await session.close()


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("another CA", "not signed by a trusted CA"),
        ("another name", "another host name"),
        ("no certificate", ""),
        ("no TLS", ""),
    ],
)
async def test_untrusted_certificates_are_rejected(server: Server, what: str, sentence: str) -> None:
    address = {
        "another CA": replace(server.address, tls=tls(server, ca=pem(trustme.CA().cert_pem))),
        "another name": replace(server.address, host="other.example", tls=tls(server)),
        "no certificate": replace(server.address, tls=tls(server, certificate=None, key=None)),
        "no TLS": replace(server.address, tls=Tls("off")),
    }[what]
    with pytest.raises(HeadwaterError) as raised:
        await engine(server.engine).connect(address)
    assert sentence in raised.value.message and raised.value.hint
    assert "could not be reached" not in raised.value.message


async def test_server_name_may_differ_from_host(server: Server) -> None:
    address = replace(server.address, host="10.0.0.1", tls=tls(server, server_name="db.example"))
    session = await engine(server.engine).connect(address)
    await session.cancel()
    await session.close()


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
async def test_schema_archive_takes_the_same_route(server: Server) -> None:
    support = engine(server.engine).snapshots
    assert support
    for changed in ({}, {"mode": "verify-ca"}, {"mode": "require"}, {"server_name": "db.example"}):
        address = replace(server.address, tls=tls(server, **changed))
        reader = await support.open_reader(address)
        try:
            assert reader.schema_archiver
            archive = await asyncio.to_thread(reader.schema_archiver.write)
            assert archive.content, archive.notes
        finally:
            await reader.close()


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
@pytest.mark.parametrize("wrong", ["another CA", "another name", "no certificate"])
def test_schema_archive_rejects_untrusted_certificates(server: Server, wrong: str) -> None:
    address = {
        "another CA": replace(server.address, tls=tls(server, ca=pem(trustme.CA().cert_pem))),
        "another name": replace(server.address, host="other.example", tls=tls(server)),
        "no certificate": replace(server.address, tls=tls(server, certificate=None, key=None)),
    }[wrong]
    with pytest.raises(HeadwaterError) as raised:
        SchemaDump(address, 5).run()
    assert "127.0.0.1" not in raised.value.message
