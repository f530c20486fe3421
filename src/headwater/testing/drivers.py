"""The conformance suite of drivers: requirements on every way to run a server, for every engine.

Each check takes a driver without databases, and a function that returns new specs; it raises AssertionError. `CHECKS`
lists them. They use a server's sessions only through the engine's contract.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from headwater.catalog.entries import EntryChange
from headwater.drivers import Driver, Spec
from headwater.engines import Address, Session, engine
from headwater.kit.errors import HeadwaterError

Check = Callable[[Driver, Callable[[], Spec]], Awaitable[None]]


async def write_mark(driver: Driver, spec: Spec) -> None:
    """Write a row that `find_mark` can find."""
    browsing = engine(spec.engine).browsing
    if browsing is None:
        await run(driver, spec, "CREATE TABLE kept (answer int)")
        return
    session = await engine(spec.engine).connect(driver.dsn(spec))
    try:
        assert (
            await browsing.change_entry(session, "kept", EntryChange("insert", "kept:1", "string", body="1"))
        ).applied
    finally:
        await session.close()


async def find_mark(driver: Driver, spec: Spec) -> None:
    """Fail unless the row of `write_mark` exists."""
    browsing = engine(spec.engine).browsing
    if browsing is None:
        await run(driver, spec, "SELECT answer FROM kept")
        return
    session = await engine(spec.engine).connect(driver.dsn(spec))
    try:
        assert await browsing.entry(session, "kept", "kept:1")
    finally:
        await session.close()


async def run(driver: Driver, spec: Spec, text: str) -> None:
    """Run a statement as the owner, over a new connection."""
    session = await engine(spec.engine).connect(driver.dsn(spec))
    try:
        async for _ in session.run(text):
            pass
    finally:
        await session.close()


async def connects(driver: Driver, spec: Spec) -> bool:
    """Return True if the owner can connect."""
    try:
        session = await engine(spec.engine).connect(driver.dsn(spec), seconds=3)
        await session.ping()
    except (HeadwaterError, OSError):
        return False
    await session.close()
    return True


async def goes_its_way(driver: Driver, new: Callable[[], Spec]) -> None:
    """States go from absent to stopped, running, stopped, absent; every call is idempotent; written data stays."""
    spec = new()
    assert driver.status(spec) == "absent"
    for _ in range(2):
        await driver.create(spec)
        assert driver.status(spec) == "stopped"
    for _ in range(2):
        await driver.start(spec)
        assert driver.status(spec) == "running"
    await write_mark(driver, spec)
    for _ in range(2):
        await driver.stop(spec)
        assert driver.status(spec) == "stopped"
    await driver.create(spec)
    await driver.start(spec)
    await find_mark(driver, spec)
    for _ in range(2):
        await driver.destroy(spec)
        assert driver.status(spec) == "absent"


async def nobody_else_connects(driver: Driver, new: Callable[[], Spec]) -> None:
    """A password opens only its own database, and a stopped database accepts no connection."""
    first, two = new(), new()
    for spec in (first, two):
        await driver.create(spec)
        await driver.start(spec)
        assert await connects(driver, spec)
    if driver.dsn(first).password:
        assert not await connects(driver, replace(first, password=two.password))
    await driver.stop(first)
    if driver.dsn(first).path is None:
        assert not await connects(driver, first)
    assert await connects(driver, two)
    for spec in (first, two):
        await driver.destroy(spec)


async def follows_its_spec(driver: Driver, new: Callable[[], Spec]) -> None:
    """A changed password or quota is in effect after `apply`, and after a start without `apply`."""
    spec = new()
    await driver.create(spec)
    await driver.start(spec)
    changed = replace(spec, password=f"{spec.password}2", quotas={**spec.quotas, "connections": 7})
    await driver.apply(changed)
    assert await connects(driver, changed)
    await driver.stop(changed)
    again = replace(changed, password=f"{spec.password}3")
    await driver.start(again)
    assert await connects(driver, again)
    if driver.dsn(spec).password:
        assert not await connects(driver, spec)
    await driver.destroy(again)


async def readers_only_read(driver: Driver, new: Callable[[], Spec]) -> None:
    """A reader's role reads what the owner writes before and after it exists, writes nothing, and has its own password.

    It survives a restart, and follows the owner's password. Engines without roles give the owner's address.
    """
    spec, person = new(), uuid.uuid4().hex
    await driver.create(spec)
    await driver.start(spec)
    address = await driver.reader(spec, person)
    if address.user != driver.dsn(spec).user:
        assert address.password != spec.password
        await write_mark(driver, spec)
        await _reads_but_does_not_write(spec, address)
        changed = replace(spec, password=f"{spec.password}2")
        await driver.stop(spec)
        await driver.start(changed)
        renewed = await driver.reader(changed, person)
        assert renewed.user == address.user and renewed.password != address.password
        await _reads_but_does_not_write(spec, renewed)
    await driver.destroy(spec)


async def _reads_but_does_not_write(spec: Spec, address: Address) -> None:
    details = engine(spec.engine)
    session = await details.connect(address)
    try:
        if details.browsing:
            assert await details.browsing.entry(session, "kept", "kept:1")
            change = EntryChange("insert", "kept:2", "string", body="1")
            await _refused(details.browsing.change_entry(session, "kept", change))
        else:
            async for _ in session.run("SELECT answer FROM kept"):
                pass
            for statement in ("INSERT INTO kept VALUES (1)", "DELETE FROM kept", "CREATE TABLE more (a int)"):
                await _refused(_finish(session, statement))
    finally:
        await session.close()


async def _finish(session: Session, statement: str) -> None:
    async for _ in session.run(statement):
        pass


async def _refused(work: Awaitable[object]) -> None:
    try:
        await work
    except HeadwaterError:
        return
    raise AssertionError("A reader has written.")


async def is_measured(driver: Driver, new: Callable[[], Spec]) -> None:
    """Sessions are counted, figures are numbers, disk usage is measured, and quotas affect nobody within them."""
    spec = new()
    await driver.create(spec)
    await driver.start(spec)
    session = await engine(spec.engine).connect(driver.dsn(spec))
    activity = await driver.activity(spec)
    assert 0 <= activity.busy <= activity.sessions
    metrics = await driver.metrics(spec)
    assert metrics["size_bytes"] >= 0 and all(isinstance(value, float) for value in metrics.values())
    assert await driver.disk_bytes(spec) > 0
    await driver.enforce(spec, full=False)
    await session.ping()
    await session.close()
    await driver.destroy(spec)


async def is_cut_off_anywhere(driver: Driver, new: Callable[[], Spec]) -> None:
    """After a cancelled create or start, the database can be created, started and destroyed."""
    for pause in (0.0, 0.01, 0.03, 0.1):
        spec = new()
        for work in (driver.create(spec), driver.start(spec)):
            task = asyncio.create_task(_whatever(work))
            await asyncio.sleep(pause)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await driver.create(spec)
        await driver.start(spec)
        assert await connects(driver, spec)
        await driver.destroy(spec)
        assert driver.status(spec) == "absent"


async def _whatever(work: Awaitable[None]) -> None:
    try:
        await work
    except (HeadwaterError, OSError):
        return


async def ends_what_it_started(driver: Driver, new: Callable[[], Spec]) -> None:
    """`close` stops every server; `sweep` keeps known instances, and unknown ones until the grace period is over."""
    spec, stray = new(), new()
    for instance in (spec, stray):
        await driver.create(instance)
        await driver.start(instance)
    await driver.close()
    assert driver.status(spec) == "stopped"
    await driver.sweep({spec.id}, timedelta(days=1))
    assert driver.status(stray) == "stopped"
    await driver.sweep({spec.id}, timedelta(0))
    assert (driver.status(spec), driver.status(stray)) == ("stopped", "absent")
    await driver.start(spec)
    assert await connects(driver, spec)
    await driver.destroy(spec)


CHECKS: tuple[Check, ...] = (
    goes_its_way,
    nobody_else_connects,
    follows_its_spec,
    readers_only_read,
    is_measured,
    is_cut_off_anywhere,
    ends_what_it_started,
)
