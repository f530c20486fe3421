"""MariaDB servers that Headwater runs, with the real server and a real client."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import stat
import struct
import subprocess
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pymysql
import pytest
import trustme

from headwater.drivers import Spec, local
from headwater.drivers.local import LocalDriver
from headwater.engines import ProxyContext, Upstream
from headwater.engines.mysql import ENGINE, handshake, provision, proxy
from headwater.kit.errors import BadInput, NotFound, TooMany

pytestmark = pytest.mark.skipif(bool(provision.unavailable_reason()), reason=str(provision.unavailable_reason()))
QUOTAS = {"connections": 4, "disk_mb": 300, "statement_seconds": 2, "memory_mb": 256}
LINES = [
    line.split(" :: ", 1)
    for line in Path(__file__).with_name("instance_escapes.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


class Place:
    """A running MariaDB of ours."""

    def __init__(self, driver: LocalDriver, spec: Spec) -> None:
        self.driver, self.spec = driver, spec

    def connect(self, **more: Any) -> Any:
        to = self.driver.dsn(self.spec)
        wanted = {"unix_socket": str(to.socket), "user": to.user, "password": to.password, "database": to.database}
        return pymysql.connect(**(wanted | {"autocommit": True, "read_timeout": 60} | more))

    def ask(self, *statements: str) -> Any:
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return (cursor.fetchone() or [None])[0]


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    root = Path(tempfile.mkdtemp(prefix="hw-maria-"))
    root.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local, "engine", lambda name: ENGINE)
        patch.setattr(provision, "LENIENCY_SECONDS", 0)
        driver = LocalDriver(root / "databases")
        spec = Spec(uuid.uuid4(), "mysql", "my_shop", uuid.uuid4().hex, QUOTAS, {})
        await driver.create(spec)
        await driver.start(spec)
        yield Place(driver, spec)
        await driver.close()
    shutil.rmtree(root, ignore_errors=True)


async def test_data_survives_sleep(place: Place) -> None:
    place.ask("CREATE TABLE kept (answer int)", "INSERT INTO kept VALUES (42)")
    await place.driver.stop(place.spec)
    assert not Path(str(place.driver.dsn(place.spec).socket)).exists()
    await place.driver.start(place.spec)
    assert place.ask("SELECT answer FROM kept") == 42
    assert place.ask("SELECT current_user()") == "owner@localhost"
    figures = await place.driver.metrics(place.spec)
    assert figures["size_bytes"] > 0 and figures["queries"] > 0


@pytest.mark.parametrize(("expected", "text"), LINES, ids=[text[:60] for _, text in LINES])
async def test_owner_cannot_leave_its_database(place: Place, expected: str, text: str) -> None:
    try:
        got = f"= {place.ask(*text.split('; '))}"
    except pymysql.Error as error:
        got = str(error.args[0])
    assert got in expected.split("|"), got


async def test_time_limits_cannot_be_changed(place: Place) -> None:
    running = asyncio.create_task(asyncio.to_thread(place.ask, "SET max_statement_time = 0", "SELECT sleep(600)"))
    async with asyncio.timeout(120):
        while not running.done():
            await asyncio.sleep(0.3)
            await place.driver.enforce(place.spec, full=False)
    assert isinstance(running.exception(), pymysql.OperationalError)


async def test_full_database_allows_only_reads_and_deletes(place: Place) -> None:
    place.ask("CREATE TABLE filled (a int)", "INSERT INTO filled VALUES (1)")
    await place.driver.enforce(place.spec, full=True)
    for statement in ("INSERT INTO filled VALUES (2)", "CREATE TABLE more (a int)"):
        with pytest.raises(pymysql.OperationalError, match="denied"):
            place.ask(statement)
    place.ask("DELETE FROM filled")
    await place.driver.enforce(place.spec, full=False)
    place.ask("INSERT INTO filled VALUES (2)", "DROP TABLE filled")


async def test_connections_activity_and_transactions(place: Place) -> None:
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(place.connect(autocommit=False))
        for _ in range(3):
            stack.enter_context(place.connect())
        with pytest.raises(pymysql.OperationalError, match="max_user_connections"):
            place.connect()
        assert await place.driver.activity(place.spec) == provision.SessionCounts(4, 0)
        with first.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS held (a int)")
            cursor.execute("INSERT INTO held VALUES (1)")
        await asyncio.sleep(0.3)  # MariaDB looks at its transactions ten times a second
        assert (await place.driver.activity(place.spec)).busy == 1


async def test_names_options_and_passwords_are_checked(place: Place) -> None:
    folder = Path(str(place.driver.dsn(place.spec).socket)).parent.parent
    assert stat.S_IMODE((folder / "data").stat().st_mode) == stat.S_IMODE((folder / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "keeper.password").stat().st_mode) == 0o600
    assert (folder / "keeper.password").read_text() != (folder.parent / "templates/mariadb/keeper.password").read_text()
    for name, options in (("mysql", {}), ("fine", {"charset": "ebcdic"})):
        with pytest.raises(BadInput):
            await place.driver.create(Spec(uuid.uuid4(), "mysql", name, "pw", QUOTAS, options))
    changed = replace(place.spec, password="another")
    await place.driver.apply(changed)
    with pytest.raises(pymysql.OperationalError, match="denied"):
        place.connect()
    await place.driver.apply(place.spec)
    with pytest.raises(pymysql.OperationalError, match="denied"):
        place.connect(user=provision.ADMIN)


async def test_killed_instance_is_destroyed_completely(place: Place) -> None:
    spec = Spec(uuid.uuid4(), "mysql", "gone", uuid.uuid4().hex, QUOTAS, {"charset": "latin1"})
    await place.driver.create(spec)
    await place.driver.start(spec)
    folder = Path(str(place.driver.dsn(spec).socket)).parent.parent
    await place.driver.destroy(spec)
    assert not folder.exists() and place.driver.status(spec) == "absent"


async def reader_of(place: Place, person: str) -> Any:
    to = await place.driver.reader(place.spec, person)
    return place.connect(user=to.user, password=to.password)


@pytest.mark.parametrize("other", [None, "b" * 32], ids=["owner", "reader"])
async def test_reader_neither_sees_nor_ends_what_others_do(place: Place, other: str | None) -> None:
    with (
        await reader_of(place, "a" * 32) as reader,
        await reader_of(place, other) if other else place.connect() as victim,
        reader.cursor() as cursor,
    ):
        cursor.execute("SELECT user FROM information_schema.processlist")
        assert cursor.fetchall() == ((f"reader_{'a' * 32}",),)
        for how in ("QUERY", "CONNECTION"):
            with pytest.raises(pymysql.OperationalError, match="not owner of"):
                cursor.execute(f"KILL {how} {victim.thread_id()}")
        victim.ping(reconnect=False)


async def test_reader_selects_what_is_created_later_and_writes_nothing(place: Place) -> None:
    with await reader_of(place, "a" * 32) as reader, reader.cursor() as cursor:
        place.ask(
            "CREATE TABLE later (a int)",
            "INSERT INTO later VALUES (7)",
            "CREATE VIEW seen AS SELECT a FROM later",
            "CREATE FUNCTION twice(a int) RETURNS int DETERMINISTIC RETURN 2 * a",
        )
        cursor.execute("SELECT twice(a) FROM seen")
        assert cursor.fetchall() == ((14,),)
        for statement in (
            "INSERT INTO later VALUES (8)",
            "DELETE FROM later",
            "DROP TABLE later",
            "CREATE TABLE mine (a int)",
            "CREATE TEMPORARY TABLE mine (a int)",
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "SELECT * FROM mysql.user",
        ):
            with pytest.raises(pymysql.OperationalError, match="denied"):
                cursor.execute(statement)
    place.ask("DROP VIEW seen", "DROP TABLE later", "DROP FUNCTION twice")


@dataclass
class Door:
    """A proxy before the MariaDB."""

    place: Place
    port: int
    authority: Path
    meter: Meter
    tls_required: bool = False

    async def ask(self, *statements: str, **more: Any) -> Any:
        return await asyncio.to_thread(self._ask, statements, more)

    def connect(self, **more: Any) -> Any:
        to = {"host": "127.0.0.1", "port": self.port, "unix_socket": None, "ssl_disabled": "ssl" not in more}
        return self.place.connect(**(to | more))

    def _ask(self, statements: tuple[str, ...], more: dict[str, Any]) -> Any:
        with self.connect(**more) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return (cursor.fetchone() or [None])[0]


class Meter:
    """Counts as the supervisor does."""

    clients = 0

    def connected(self) -> None:
        if self.clients >= QUOTAS["connections"]:
            raise TooMany("The database already has 4 connections.")
        self.clients += 1

    def received_bytes(self) -> None: ...

    def disconnected(self) -> None:
        self.clients -= 1


@pytest.fixture
async def door(place: Place, tmp_path: Path) -> AsyncIterator[Door]:
    authority, meter = trustme.CA(), Meter()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    async def wake(name: str) -> Upstream:
        if name != place.spec.name:
            raise NotFound(f"There is no database named {name!r} here.", hint="Look again.")
        await place.driver.start(place.spec)
        return Upstream(place.driver.dsn(place.spec), meter, running.tls_required)

    loop = asyncio.get_running_loop()
    context = ProxyContext(wake, tls=tls)
    server = await loop.create_server(lambda: proxy.MysqlProxy().client_protocol(context), "127.0.0.1", 0)
    running = Door(place, server.sockets[0].getsockname()[1], tmp_path / "ca.pem", meter)
    yield running
    server.close()


async def test_client_through_proxy_wakes_instance(place: Place, door: Door) -> None:
    await place.driver.stop(place.spec)
    assert await door.ask("SELECT concat(current_user(), ' ', database())") == "owner@localhost my_shop"
    assert await door.ask("SELECT repeat('x', 5000000)") == "x" * 5_000_000
    assert await door.ask("SELECT 1", database=None, user=place.spec.name) == 1
    assert place.driver.status(place.spec) == "running"
    with await asyncio.to_thread(door.connect, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS) as connection:

        def several() -> list[Any]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1; SELECT 'zwei'")
                first = cursor.fetchall()
                cursor.nextset()
                return [first, cursor.fetchall()]

        assert await asyncio.to_thread(several) == [((1,),), (("zwei",),)]


async def test_proxy_terminates_tls(door: Door) -> None:
    tls = {"ca": str(door.authority), "check_hostname": True}
    assert await door.ask("SELECT length(repeat('y', 1000000))", host="localhost", ssl=tls) == 1_000_000
    program = shutil.which("mariadb")
    if program:
        command = [program, "-h127.0.0.1", f"-P{door.port}", "-uowner", "my_shop", "-BN", "-e", "SELECT 6 * 7"]
        env = {"MYSQL_PWD": door.place.spec.password, "PATH": "/usr/bin:/bin"}
        for flags in ([], ["--ssl"]):
            done = await asyncio.to_thread(
                subprocess.run, [*command, *flags], env=env, capture_output=True, text=True, timeout=240, check=False
            )
            assert done.stdout == "42\n", done.stderr


@pytest.mark.parametrize("user", ["{name}", "owner@{name}"])
async def test_clients_without_a_database_are_told_apart_by_their_user(door: Door, user: str) -> None:
    user = user.format(name=door.place.spec.name)
    assert await door.ask("SELECT database()", database=None, user=user) == "my_shop"
    assert await door.ask("SELECT 1", user=user) == 1
    env = {"MYSQL_PWD": door.place.spec.password, "PATH": "/usr/bin:/bin"}
    for program, *rest in (
        ["mysqldump", "--no-tablespaces", "my_shop"],
        ["mysqladmin", "status"],
        ["mysqlshow", "my_shop"],
    ):
        if not shutil.which(program):
            continue
        command = [program, "-h127.0.0.1", f"-P{door.port}", f"-u{user}", *rest]
        done = await asyncio.to_thread(
            subprocess.run, command, env=env, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr


async def test_error_without_a_database_says_which_user_names_it(door: Door) -> None:
    with pytest.raises(pymysql.OperationalError, match="uses the name of the database as its user: --user=NAME"):
        await door.ask("SELECT 1", database=None)


def test_url_names_the_database_as_its_user() -> None:
    url = proxy.MysqlProxy().client_url("127.0.0.1:7719", "shop", "s/cret")
    assert url == "mysql://shop:s%2Fcret@127.0.0.1:7719/shop"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"password": "wrong"}, 1045),
        ({"password": ""}, 1045),
        ({"user": "root"}, 1045),
        ({"user": "root@my_shop"}, 1045),
        ({"user": "owner@nosuch"}, 1045),
        ({"user": "headwater-keeper"}, 1045),
        ({"database": "nosuch"}, 1049),
        ({"database": None}, 1049),
    ],
    ids=str,
)
async def test_wrong_credentials_are_rejected_in_protocol(door: Door, more: dict[str, Any], code: int) -> None:
    with pytest.raises(pymysql.OperationalError) as refused:
        await door.ask("SELECT 1", **more)
    assert refused.value.args[0] == code


async def test_connections_above_quota_are_rejected(door: Door) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(await asyncio.to_thread(door.connect))
        with pytest.raises(pymysql.OperationalError, match="already has 4 connections"):
            await door.ask("SELECT 1")


async def test_clients_that_never_sign_in_keep_nobody_out(door: Door) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(600)]
    for _, writer in silent[::2]:
        writer.write(handshake.packet(1, b"\x05"))
    assert await door.ask("SELECT 1") == 1
    assert door.meter.clients <= 1
    for _, writer in silent:
        writer.close()


async def test_wrong_password_takes_no_place_of_the_quota(door: Door) -> None:
    for _ in range(QUOTAS["connections"] + 1):
        with pytest.raises(pymysql.OperationalError, match="Access denied"):
            await asyncio.to_thread(door.connect, password="wrong")
    assert await door.ask("SELECT 1") == 1


async def test_password_that_was_changed_outside_is_explained(door: Door) -> None:
    await door.ask("SET PASSWORD = PASSWORD('of my own')")
    with pytest.raises(pymysql.OperationalError, match="headwater db reset-password"):
        await door.ask("SELECT 1")
    await door.place.driver.apply(door.place.spec)
    assert await door.ask("SELECT 1") == 1


async def test_database_can_require_tls(door: Door) -> None:
    door.tls_required = True
    with pytest.raises(pymysql.OperationalError, match="without TLS are not allowed") as refused:
        await door.ask("SELECT 1")
    assert refused.value.args[0] == 3159
    assert await door.ask("SELECT 1", host="localhost", ssl={"ca": str(door.authority)}) == 1
    url = proxy.MysqlProxy().client_url("h:1", "shop", "s", encrypted=True)
    assert url == "mysql://shop:s@h:1/shop?ssl-mode=REQUIRED"


KILLS = [
    "KILL QUERY {}",
    "/* by the application */ KILL QUERY {}",
    "-- why\n# and\nKILL /*!50000 QUERY */ {} -- done",
    "SELECT 1; KILL QUERY {}",
    "PREPARE ending FROM 'KILL QUERY {}'; EXECUTE ending",
    "EXECUTE IMMEDIATE 'KILL QUERY {}'",
]


async def until_ended(door: Door, kill: Callable[[Any, int], None]) -> None:
    """Start an endless query through the proxy, and end it over another connection by the number of its greeting."""
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with (
        await asyncio.to_thread(door.connect) as victim,
        await asyncio.to_thread(door.connect, client_flag=flags) as killer,
    ):

        def allow_long_queries() -> None:
            with victim.cursor() as cursor:
                cursor.execute("SET max_statement_time = 0")

        def is_interrupted() -> bool:
            with victim.cursor() as cursor:
                try:
                    cursor.execute("SELECT sleep(60)")
                except pymysql.OperationalError as error:
                    return "was interrupted" in str(error)
                # Depending on where the kill finds it, sleep() returns 1 instead of an error.
                return cursor.fetchone() == (1,)

        await asyncio.to_thread(allow_long_queries)  # before the first kill, which may find any statement
        running = asyncio.create_task(asyncio.to_thread(is_interrupted))
        async with asyncio.timeout(120):
            while not running.done():
                await asyncio.to_thread(kill, killer, victim.thread_id())
                await asyncio.sleep(0.2)
        assert await running


@pytest.mark.parametrize("text", KILLS)
async def test_kill_ends_a_query_in_every_spelling(door: Door, text: str) -> None:
    def kill(killer: Any, number: int) -> None:
        with killer.cursor() as cursor:
            cursor.execute(text.format(number))
            while cursor.nextset():
                pass

    await until_ended(door, kill)


async def test_kill_by_the_number_that_sql_shows_ends_a_query(door: Door) -> None:
    def kill(killer: Any, _: int) -> None:
        with killer.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT sleep(60)'")
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL QUERY {number}")

    await until_ended(door, kill)


def prepared(connection: Any, text: str) -> bytes:
    """Prepare a statement in the binary protocol, which PyMySQL does not speak; return its number."""
    connection._execute_command(0x16, text)
    answer = connection._read_packet()._data
    if answer[7:9] != b"\0\0":  # parameters, which are described
        connection._read_packet()
    if answer[7:9] != b"\0\0" and not connection.server_capabilities & (1 << 24) & connection.client_flag:
        connection._read_packet()
    number: bytes = answer[1:5]
    return number


def execute(connection: Any, statement: bytes, parameter: bytes = b"") -> None:
    connection._execute_command(0x17, statement + b"\0" + struct.pack("<I", 1) + parameter)
    connection._read_packet()


@pytest.mark.parametrize(
    "parameter",
    [
        None,
        lambda number: b"\0\1\x08\0" + struct.pack("<Q", number),
        lambda number: b"\0\1\x05\0" + struct.pack("<d", number),
        lambda number: b"\0\1\xfd\0" + bytes([len(str(number))]) + str(number).encode(),
    ],
    ids=["literal", "integer", "double", "text"],
)
async def test_prepared_kill_ends_a_query(door: Door, parameter: Callable[[int], bytes] | None) -> None:
    def kill(killer: Any, number: int) -> None:
        if parameter is None:
            execute(killer, prepared(killer, f"KILL QUERY {number}"))
        else:
            execute(killer, prepared(killer, "KILL QUERY ?"), parameter(number))

    await until_ended(door, kill)


async def test_process_kill_ends_a_connection(door: Door) -> None:
    with (
        await asyncio.to_thread(door.connect) as victim,
        await asyncio.to_thread(door.connect) as killer,
    ):
        number = victim.thread_id()
        await asyncio.to_thread(killer._execute_command, 0x0C, struct.pack("<I", number))
        await asyncio.to_thread(killer._read_ok_packet)
        with pytest.raises(pymysql.OperationalError):
            await asyncio.to_thread(victim.query, "SELECT 1")


async def test_kill_with_proxy_connection_id_ends_query(door: Door) -> None:
    """As a client does on Ctrl-C: over a second connection, by the number that it was greeted with."""
    with await asyncio.to_thread(door.connect) as connection:

        def slow() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET max_statement_time = 0")
                cursor.execute("SELECT sleep(30) FROM information_schema.schemata")

        running = asyncio.create_task(asyncio.to_thread(slow))
        await asyncio.sleep(0.5)
        assert connection.thread_id() >= 2**31
        await door.ask(f"KILL QUERY {connection.thread_id()}")
        with contextlib.suppress(pymysql.OperationalError):  # sleep() that is cut returns 1, a scan raises 1317
            await asyncio.wait_for(running, 120)
    with pytest.raises(pymysql.OperationalError, match="Unknown thread"):
        await door.ask("KILL QUERY 4000000000")


@pytest.mark.parametrize(
    "sent", [b"", b"\xff" * 40, b"\x05\0\0\1hello", b"\xff\xff\xff\1" + b"x" * 30_000, b"GET / HTTP/1.0\r\n\r\n"]
)
async def test_unknown_protocol_is_rejected(door: Door, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    assert (await reader.read(1000))[4:5] == b"\x0a"
    writer.write(sent)
    writer.write_eof()
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()


async def test_columns_are_described_with_types_of_mariadb(door: Door) -> None:
    """Clients that ask for it learn that a column is JSON, which is a long text in the protocol otherwise."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    await door.ask("CREATE OR REPLACE TABLE documents (content JSON)")
    greeting = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "little") & 0xFFFFFF)
    nonce, _, offered = handshake.parse_greeting(greeting)
    assert offered & handshake.EXTENDED_METADATA
    address = door.place.driver.dsn(door.place.spec)
    proof = handshake.native_proof(address.password.encode(), nonce)
    for capabilities, described in ((offered, True), (offered | handshake.NOT_MARIADB, False)):
        login = handshake.login_packet(capabilities & ~handshake.TLS & ~handshake.LENGTHS, 45, address, proof)
        assert bool(handshake.parse_login(login).capabilities & handshake.EXTENDED_METADATA) is described
    login = handshake.login_packet(offered & ~handshake.TLS & ~handshake.LENGTHS, 45, address, proof)
    writer.write(handshake.packet(1, login))
    assert (await asyncio.wait_for(reader.read(1000), 60))[4:5] == b"\0"
    writer.write(handshake.packet(0, b"\x03SELECT content FROM documents"))
    assert b"\x01\x04json" in await asyncio.wait_for(reader.read(1000), 60)
    writer.close()


@pytest.mark.parametrize("plugin", [handshake.SHA2, b"ed25519", b""])
async def test_other_authentication_plugins_work(door: Door, plugin: bytes) -> None:
    """A client that begins with another plugin is checked by it, or asked for the usual one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)

    async def receive() -> tuple[int, bytes]:
        head = await reader.readexactly(4)
        return head[3], await reader.readexactly(int.from_bytes(head[:3], "little"))

    nonce, _, offered = handshake.parse_greeting((await receive())[1])
    address = door.place.driver.dsn(door.place.spec)
    password = address.password.encode()
    proof = (
        handshake.sha2_proof(password, nonce) if plugin == handshake.SHA2 else handshake.native_proof(password, nonce)
    )
    login = handshake.login_packet(
        offered & ~handshake.TLS & ~handshake.LENGTHS, 45, address, proof if plugin != b"ed25519" else b"?"
    )
    writer.write(handshake.packet(1, login.replace(handshake.NATIVE, plugin)))
    number, answer = await receive()
    if plugin == handshake.SHA2:
        assert (number, answer) == (2, b"\x01\x03")
        number, answer = await receive()
    elif plugin == b"ed25519":
        assert answer.startswith(b"\xfe" + handshake.NATIVE) and number == 2
        writer.write(handshake.packet(3, handshake.native_proof(password, answer[-21:-1])))
        number, answer = await receive()
    assert answer[:1] == b"\0", answer
    writer.write(handshake.packet(0, b"\x03SELECT 'through'"))
    assert b"through" in await asyncio.wait_for(reader.read(1000), 10)
    writer.close()
