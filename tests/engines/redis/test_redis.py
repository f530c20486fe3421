"""Redis as an engine: commands, cells, limits, cancelling, refused commands, patterns of keys, TLS."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from engines.test_every_engine import subject
from headwater.catalog.results import Finished, Limits, QueryCancelled, QueryError, QueryTimeout, Rows, Started
from headwater.engines import Address, engine, parse_url
from headwater.engines.redis import patterns
from headwater.engines.redis.command_text import commands
from headwater.engines.redis.errors import refusal
from headwater.kit.errors import BadInput, HeadwaterError, Unavailable
from headwater.kit.network.endpoint import Endpoint
from headwater.kit.network.tls import Tls
from headwater.testing.engines.subject import READ_ONLY, connected, rows, run_all, run_refused
from suite.ports import free_port

FOLDER = Path(__file__).parent
REFUSED = [line for line in (FOLDER / "refused.txt").read_text().splitlines() if not line.startswith("#")]


async def test_commands_yield_frames() -> None:
    text = '# greeting\nSET a "1 \\"x\\"\\n"\n\n  GET a  \nHSET h f 1 g 2\nHGETALL h\nGET none\nZADD z 1.5 m\nZRANGE z 0 -1 WITHSCORES'
    async with connected(subject("redis")) as session:
        frames = await run_all(session, text)
        started = [frame for frame in frames if isinstance(frame, Started)]
        assert [text[item.start : item.end] for item in started] == [
            line.strip() for line in text.split("\n")[1:] if line.strip()
        ]
        assert [item.columns and [column.name for column in item.columns] for item in started] == [
            None,
            ["value"],
            ["value"],
            ["field", "value"],
            ["value"],
            ["value"],
            ["member", "score"],
        ]
        assert [row for frame in frames if isinstance(frame, Rows) for row in frame.rows] == [
            ('1 "x"\n',),
            (2,),
            ("f", "1"),
            ("g", "2"),
            (None,),
            (1,),
            ("m", 1.5),
        ]
        assert [frame.command for frame in frames if isinstance(frame, Finished)][:2] == ["SET", "GET"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("set 'it\\'s' x", [b"set", b"it's", b"x"]),
        (r'echo "\x00\n\"ü"', [b"echo", b'\x00\n"\xc3\xbc']),
        ("get a'b", [b"get", b"a'b"]),
        ('set a ""', [b"set", b"a", b""]),
    ],
)
def test_words_are_quoted_as_in_redis_cli(text: str, words: list[bytes]) -> None:
    (command,) = commands(text)
    assert list(command.words) == words


@pytest.mark.parametrize(
    ("text", "place"), [("GET 'a", 4), ('SET a\nGET "b"c', 13), ("GET \ud800", 4), ("", None), ("# x", None)]
)
async def test_invalid_texts_are_rejected(text: str, place: int | None) -> None:
    async with connected(subject("redis")) as session:
        error = await run_refused(session, text)
        assert isinstance(error, QueryError) and error.position == place


async def test_values_are_lossless_and_large_numbers_are_texts() -> None:
    async with connected(subject("redis")) as session:
        await run_all(session, 'SET b "\\xff\\x00a\\""\nSET n 9007199254740993\nRPUSH l a "b c"\nXADD s 1-1 f v')
        assert await rows(session, "GET b") == [('"\\xff\\x00a\\""',)]
        assert await rows(session, "INCRBY n 0") == [("9007199254740993",)]
        assert await rows(session, "LRANGE l 0 -1") == [("a",), ("b c",)]
        assert await rows(session, "XRANGE s - +") == [("1-1", '{"f": "v"}')]
        assert await rows(session, "GET b", None, Limits(cell=2)) == [('"\\',)]
        assert (await rows(session, "INFO server"))[0][:2] == ("server", "redis_version")
        assert ("n",) in await rows(session, "SCAN 0 COUNT 100")
        assert (await rows(session, "MULTI\nGET n\nHLEN h\nEXEC"))[-2:] == [("9007199254740993",), (0,)]
        assert await rows(session, "MULTI\nGET n") == []
        assert await rows(session, "DISCARD\nGET n") == [("9007199254740993",)]


async def test_parameters_stand_for_whole_words() -> None:
    async with connected(subject("redis")) as session:
        await run_all(session, "SET $1 $2", ["a b", "x\r\nDEL y"])
        assert await rows(session, "GET :key", {"key": "a b"}) == [("x\r\nDEL y",)]
        for text, given in (("GET $1", ["a", "b"]), ("GET $2", ["a"]), ("GET :k", {"l": 1}), ("GET $1", [None])):
            with pytest.raises(BadInput):
                await run_all(session, text, given)


async def test_error_stops_the_run() -> None:
    async with connected(subject("redis")) as session:
        error = await run_refused(session, "SET a 1\nINCR\nSET b 1")
        assert isinstance(error, QueryError) and error.statement == 1 and error.position == 8
        error = await run_refused(session, "SET s x\nLPUSH s 1")
        assert isinstance(error, QueryError) and error.sqlstate == "WRONGTYPE" and error.hint
        assert await rows(session, "EXISTS a b") == [(1,)]


@pytest.mark.parametrize("text", REFUSED)
async def test_dangerous_commands_are_rejected(text: str) -> None:
    async with connected(subject("redis")) as session:
        error = await run_refused(session, text)
        assert "is not allowed here" in error.message and error.hint
        assert await rows(session, "PING") == [("PONG",)]


async def test_read_only_holds() -> None:
    tested = subject("redis")
    async with tested.fresh() as address:
        session, witness = await tested.engine.connect(address), await tested.engine.connect(address)
        await run_all(session, "SET kept 1")
        for text in tested.tricks:
            try:
                await run_all(session, text, None, READ_ONLY)
            except HeadwaterError as error:
                assert error.message, text
            assert await rows(witness, "GET kept") == [("1",)], text
            assert await rows(witness, "DBSIZE") == [(1,)], text
            assert await rows(witness, "PTTL kept") == [(-1,)], text
            assert await rows(session, "GET kept", None, READ_ONLY) == [("1",)], text
        assert (await run_refused(session, "SET kept 2", READ_ONLY)).sqlstate == "25006"  # type: ignore[attr-defined]
        await session.close()
        await witness.close()


async def test_limits_time_and_cancel() -> None:
    async with connected(subject("redis")) as session:
        for begin in range(0, 20_000, 5000):
            await run_all(session, "RPUSH l " + " ".join(str(i) for i in range(begin, begin + 5000)))
        for limits, expected in (
            (Limits(rows=10), 10),
            (Limits(rows=2500), 2500),
            (Limits(rows=None, bytes=3000), 2000),
        ):
            frames = await run_all(session, "LRANGE l 0 -1", None, limits)
            given = sum(len(frame.rows) for frame in frames if isinstance(frame, Rows))
            assert 0 < given <= expected and isinstance(frames[-1], Finished) and frames[-1].truncated
        assert len(await rows(session, "LRANGE l 0 -1")) == 20_000
        error = await run_refused(session, "BLPOP none 0", Limits(seconds=0.3))
        assert isinstance(error, QueryTimeout)
        running = asyncio.create_task(run_all(session, "BLPOP none 0"))
        await asyncio.sleep(0.2)
        await session.cancel()
        with pytest.raises(QueryCancelled):
            await running
        assert not session.broken()
        async with aclosing(session.run("LRANGE l 0 -1")) as frames_:
            async for frame in frames_:
                if isinstance(frame, Rows):
                    break
        assert await rows(session, "LLEN l") == [(20_000,)]


async def test_keys_command_is_limited_to_small_databases() -> None:
    async with connected(subject("redis")) as session:
        assert await rows(session, "KEYS *") == []
        await run_all(session, "MSET " + " ".join(f"k{i} 1" for i in range(10_001)))
        assert "SCAN" in str((await run_refused(session, "KEYS *")).hint)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["user:1", "user:2", "user:1:cart"], ["user:*", "user:*:cart"]),
        (["config:theme", "config:language"], ["config:language", "config:theme"]),
        (["by-mail:a@b.example", "by-mail:c@d.example"], ["by-mail:*"]),
        (["session:0190b1c2-8f3e-7d11-a111-0123456789ab"], ["session:*"]),
        ([f"word{i}" for i in range(101)], ["*"]),
        (["name:alice", "name:bob", "name:carol"], ["name:*"]),
        (["v1:{42}:x", "a::b", ""], ["", "a::b", "v1:*:x"]),
    ],
)
def test_keys_are_grouped(keys: list[str], expected: list[str]) -> None:
    assert list(patterns.grouped(keys)) == expected


async def test_patterns_are_relations() -> None:
    async with connected(subject("redis")) as session:
        text = "\n".join(f"HSET user:{i} name n{i} mail m{' vip 1' if i == 3 else ''}" for i in range(1, 9))
        await run_all(session, f"{text}\nSET visits:1 5 EX 1000\nSET visits:2 5\nZADD top 1 a\nXADD log * level info")
        schema = await engine("redis").inspect(session)
        assert [relation.name for relation in schema] == ["log", "top", "user:*", "visits:*"]
        user, visits = schema.relation("user:*"), schema.relation("visits:*")
        assert user and user.kind == "keyspace" and user.inferred_from == user.rows == 8 and user.size_bytes
        assert [(column.name, column.nullable) for column in user.columns] == [
            ("key", False),
            ("mail", False),
            ("name", False),
            ("vip", True),
        ]
        assert visits and dict(visits.attrs) == {"type": "string", "expiring": "50 %"}


async def test_connected_clients_are_listed_and_ended() -> None:
    tested = subject("redis")
    async with tested.fresh() as address:
        first, watcher = await tested.engine.connect(address), await tested.engine.connect(address)
        waiting = asyncio.create_task(run_all(first, "BLPOP none 0"))
        async with asyncio.timeout(120):
            while not (
                eaches := [each for each in await tested.engine.activity.sessions(watcher) if each.state == "blocked"]
            ):
                await asyncio.sleep(0.05)
        assert await tested.engine.activity.end_session(watcher, eaches[0].id, terminate=False)
        with pytest.raises(QueryError):
            await waiting
        assert await tested.engine.activity.end_session(watcher, eaches[0].id, terminate=True)
        async with asyncio.timeout(120):
            while not first.broken():
                await asyncio.sleep(0.02)
        with pytest.raises(Unavailable):
            await run_all(first, "PING")
        assert not await tested.engine.activity.end_session(watcher, "999999", terminate=True)
        await first.close()
        await watcher.close()


@pytest.fixture(scope="module")
def encrypted() -> Iterator[tuple[Address, trustme.CA]]:
    if not shutil.which("redis-server"):
        pytest.skip("no redis-server is installed")
    ca, port, folder = trustme.CA(), free_port(), Path(tempfile.mkdtemp(prefix="hw-redis-tls-"))
    leaf = ca.issue_cert("db.example")
    ca.cert_pem.write_to_path(folder / "ca.pem")
    leaf.cert_chain_pems[0].write_to_path(folder / "server.pem")
    leaf.private_key_pem.write_to_path(folder / "server.key")
    command = [
        "redis-server",
        "--port",
        "0",
        "--tls-port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--tls-auth-clients",
        "yes",
    ]
    for name, file in (("ca-cert", "ca.pem"), ("cert", "server.pem"), ("key", "server.key")):
        command += [f"--tls-{name}-file", str(folder / file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
    yield Address("db.example", port, endpoint=Endpoint("127.0.0.1", port)), ca
    process.terminate()
    process.wait(120)
    shutil.rmtree(folder, ignore_errors=True)


async def test_tls_certificate_is_verified(encrypted: tuple[Address, trustme.CA]) -> None:
    address, ca = encrypted
    leaf = ca.issue_cert("visitor@example")
    pem = [blob.bytes().decode() for blob in (ca.cert_pem, leaf.cert_chain_pems[0], leaf.private_key_pem)]
    whole = Tls("verify-full", *pem)
    async with asyncio.timeout(120):
        while True:
            try:
                session = await engine("redis").connect(replace(address, tls=whole))
                break
            except HeadwaterError:
                await asyncio.sleep(0.1)
    assert (await session.ping()).tls
    await session.close()
    for mode in ("prefer", "require", "verify-ca"):
        session = await engine("redis").connect(replace(address, tls=replace(whole, mode=mode)))
        assert (await session.ping()).tls
        await session.close()
    for tls, message in (
        (replace(whole, ca=trustme.CA().cert_pem.bytes().decode()), "not signed by a trusted CA"),
        (replace(whole, server_name="other.example"), "another host name"),
        (replace(whole, certificate=None, key=None), ""),
        (Tls("off"), ""),
    ):
        with pytest.raises(HeadwaterError) as raised:
            await engine("redis").connect(replace(address, tls=tls), seconds=3)
        assert message in raised.value.message and raised.value.hint


async def test_only_resolved_address_is_dialled() -> None:
    async with subject("redis").fresh() as address:
        session = await engine("redis").connect(replace(address, host="no-such-host.invalid", port=1))
        assert await rows(session, "PING") == [("PONG",)]
        await session.close()
    for message in ("MOVED 3999 10.0.0.1:6381", "ASK 3999 10.0.0.1:6381"):
        output = refusal(message, 0, 0)
        assert "another node" in output.message and "10.0.0.1" not in f"{output.message} {output.hint}"


def test_urls_are_parsed() -> None:
    name, address = parse_url("rediss://:secret@cache.example:6380/2")
    assert (name, address.port, address.database, address.tls.mode) == ("redis", 6380, "2", "verify-full")
