"""Checks for every engine: it describes itself, connects, explains failures, and closes."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from functools import partial

from headwater.catalog.entries import EntryChange, Search
from headwater.catalog.results import QueryError
from headwater.engines import Address
from headwater.kit.errors import BadInput, HeadwaterError, Unavailable
from headwater.kit.network.endpoint import Endpoint
from headwater.testing.engines.subject import PATIENCE, ConformanceCheck, Subject, connected


async def is_described(subject: Subject) -> None:
    """The package describes itself; its options have unique names, and labels."""
    engine = subject.engine
    assert engine.display_name and engine.schemes and all(scheme.islower() for scheme in engine.schemes)
    assert engine.language.islower() and bool(engine.dialect.sqlglot) == (engine.language == "sql")
    names = [option.name for option in engine.options]
    assert len(set(names)) == len(names) and all(option.label for option in engine.options)


async def failing_to_connect_is_a_sentence(subject: Subject) -> None:
    """A wrong address or wrong credentials give an error with a hint that reveals no secret."""
    async with subject.fresh() as address:
        wrong = [replace(address, path=address.path.parent)] if address.path else list(_wrong(address))
        for wrong_address in wrong:
            try:
                async with asyncio.timeout(PATIENCE):
                    await subject.engine.connect(replace(wrong_address, password="pass-phrase-of-mine"), seconds=5)  # noqa: S106
            except HeadwaterError as error:
                message = f"{error.message} {error.hint}"
                assert error.message.endswith(".") and error.hint, message
                for secret in ("pass-phrase", "127.0.0.1", str(address.path)):
                    assert secret not in message, message
            else:
                raise AssertionError(f"connected to {wrong_address}")


def _wrong(address: Address) -> list[Address]:
    nobody = replace(address, user="nobody-there")
    nowhere = replace(address, port=1, endpoint=Endpoint("127.0.0.1", 1))
    return [nobody, nowhere, replace(address, database="no-such-database")]


async def ping_tells_facts(subject: Subject) -> None:
    """A ping returns product and version, and no address or secret."""
    async with subject.fresh() as address:
        session = await subject.engine.connect(address)
        facts = await session.ping()
        await session.close()
    assert facts.product and facts.version[0].isdigit() and 0 <= facts.latency_ms < math.inf
    assert facts.size_bytes is None or facts.size_bytes >= 0
    text = f"{facts.product} {facts.version} {facts.tls} {facts.warnings}"
    for secret in filter(None, (address.password, address.host, str(address.path or ""))):
        assert secret not in text


async def closing_twice_is_no_error(subject: Subject) -> None:
    """A closed session is broken, and can be closed again."""
    async with subject.fresh() as address:
        session = await subject.engine.connect(address)
        assert not session.broken()
        await session.close()
        await session.close()
        assert session.broken()


async def cancel_of_nothing_is_no_error(subject: Subject) -> None:
    """A late `cancel` does not affect the next run."""
    async with connected(subject) as session:
        await session.cancel()
        await session.ping()


async def nothing_to_run_is_a_sentence(subject: Subject) -> None:
    """An empty text and an incomplete character are refused with an error; the session stays usable."""
    async with connected(subject) as session:
        for text in ("", " \n ", "\ud800"):
            try:
                async with asyncio.timeout(PATIENCE):
                    async for _ in session.run(text):
                        pass
            except QueryError as error:
                assert error.message.endswith("."), error.message
            else:
                raise AssertionError(f"{text!r} was run")
            await session.ping()


async def a_closed_session_says_so(subject: Subject) -> None:
    """Every call on a closed session raises an error."""
    async with subject.fresh() as address:
        session = await subject.engine.connect(address)
        await session.close()
        for ask in (session.ping, partial(subject.engine.inspect, session)):
            try:
                async with asyncio.timeout(PATIENCE):
                    await ask()
            except Unavailable as error:
                assert error.message and error.hint
            else:
                raise AssertionError("a closed session answered")


async def an_empty_database_is_inspected(subject: Subject) -> None:
    """A new database has an empty Schema."""
    async with connected(subject) as session:
        assert (await subject.engine.inspect(session)).relations == ()


async def entries_are_found_again(subject: Subject) -> None:
    """`entry` finds by id what `entries` lists; invalid ids, cursors and filters are the user's errors."""
    engine = subject.engine.browsing
    if engine is None:
        return
    async with connected(subject) as session:
        kinds = {holder.kind for holder in await engine.collections(session)}
        assert kinds <= {"collection", "view", "keys"}
        insert = EntryChange("insert", "made:1", "string", body="1")
        if kinds != {"keys"}:
            insert = EntryChange("insert", body='{"name": "Zoë"}')
        outcome = await engine.change_entry(session, "made", insert)
        assert outcome.applied
        page = await engine.entries(session, "made", Search())
        assert [item.id for item in page.items] == [outcome.id] and page.next is None and page.total == 1
        entry = await engine.entry(session, "made", outcome.id)
        assert entry and entry.whole and entry.id == outcome.id
        gone = await engine.change_entry(session, "made", EntryChange("delete", outcome.id, was=entry.body))
        assert gone.applied and await engine.entry(session, "made", outcome.id) is None
        again = await engine.change_entry(session, "made", EntryChange("delete", outcome.id, was=entry.body))
        assert not again.applied and again.now is None
        try:
            await engine.entries(session, "made", Search(cursor="not a cursor"))
        except BadInput as error:
            assert error.hint
        else:
            raise AssertionError("a made-up cursor was taken")


CHECKS: tuple[ConformanceCheck, ...] = (
    is_described,
    failing_to_connect_is_a_sentence,
    ping_tells_facts,
    closing_twice_is_no_error,
    cancel_of_nothing_is_no_error,
    nothing_to_run_is_a_sentence,
    a_closed_session_says_so,
    an_empty_database_is_inspected,
    entries_are_found_again,
)
