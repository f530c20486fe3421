"""What stays reachable when recovery is turned off and on again, when the vault changes, and after a deletion."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from features.recovery.recovery_fixture import RecoveryFixture
from headwater.kit.clock import now


async def commit(recovery_fixture: RecoveryFixture, text: str) -> None:
    await recovery_fixture.sql(f"INSERT INTO step SELECT coalesce(max(n), 0) + 1, '{text}' FROM step")


async def recovered_texts(recovery_fixture: RecoveryFixture, moment: Any) -> set[str]:
    done = await recovery_fixture.back(time=moment)
    texts = {row[0] for row in await recovery_fixture.sql("SELECT DISTINCT body FROM step", done["target_id"])}
    await recovery_fixture.leave(done)
    return texts


async def disable(recovery_fixture: RecoveryFixture) -> Any:
    path = f"/databases/{recovery_fixture.database}/recovery"
    status = await recovery_fixture.person.send("PUT", path, 200, json={"enabled": False})
    async with asyncio.timeout(120):
        while await recovery_fixture.one("SELECT current_setting('archive_mode')") != "off":
            await asyncio.sleep(0.1)
    return status


async def test_time_when_recovery_was_off_is_no_part_of_a_window(recovery_fixture: RecoveryFixture) -> None:
    await commit(recovery_fixture, "before")
    before = now()
    off = await disable(recovery_fixture)
    assert datetime.fromisoformat(off["latest"]) >= before  # the last commit is archived, however young
    await commit(recovery_fixture, "while off")
    between = now()
    await recovery_fixture.tick()
    assert (await recovery_fixture.status())["latest"] == off["latest"]
    await recovery_fixture.enable()  # in the same log segment
    await commit(recovery_fixture, "after")
    after = now()
    await recovery_fixture.ship()
    first, second = (await recovery_fixture.status())["windows"]
    assert datetime.fromisoformat(first["latest"]) < between < datetime.fromisoformat(second["earliest"])
    refused = await recovery_fixture.begin(409, time=between.isoformat())
    assert "is missing" in refused["detail"]
    assert {"before"} <= await recovered_texts(recovery_fixture, before.isoformat())
    assert "while off" not in await recovered_texts(recovery_fixture, before.isoformat())
    assert {"before", "while off", "after"} <= await recovered_texts(recovery_fixture, after.isoformat())


async def test_new_vault_gets_the_log_and_a_base_backup(recovery_fixture: RecoveryFixture, tmp_path: Path) -> None:
    await commit(recovery_fixture, "in the old vault")
    old = now()
    await recovery_fixture.ship()
    first = await recovery_fixture.vault()
    organization = recovery_fixture.person.organization
    body = {"kind": "local", "folder": str(tmp_path / "vault")}
    await recovery_fixture.app.promote(recovery_fixture.person)
    await recovery_fixture.person.send("PUT", f"/organizations/{organization}/vault", 200, json=body)
    count = len(first.snapshots())
    await recovery_fixture.tick()
    await commit(recovery_fixture, "in the new vault")
    await recovery_fixture.ship()
    mixed = now()
    await recovery_fixture.ship()
    for base in (await recovery_fixture.status())["bases"]:
        if base["status"] == "taking":
            await recovery_fixture.worked(base["job"]["id"])
    second = await recovery_fixture.vault()
    assert len(first.snapshots()) == count
    assert {name.split("-")[0] for name in second.snapshots()} == {"base", "log"}
    await commit(recovery_fixture, "after the base")
    await recovery_fixture.ship()
    new = now()
    await recovery_fixture.ship()
    assert "in the new vault" not in await recovered_texts(recovery_fixture, old.isoformat())
    assert "in the new vault" in await recovered_texts(recovery_fixture, mixed.isoformat())
    assert "after the base" in await recovered_texts(recovery_fixture, new.isoformat())


async def test_last_commits_before_a_deletion_are_reachable_at_once(recovery_fixture: RecoveryFixture) -> None:
    await commit(recovery_fixture, "the last one")
    last = now()
    await recovery_fixture.person.send("DELETE", f"/databases/{recovery_fixture.database}", 204)
    assert "the last one" in await recovered_texts(recovery_fixture, last.isoformat())
    with pytest.raises(AssertionError, match="in the future"):
        await recovery_fixture.begin(202, time=(now() + timedelta(hours=1)).isoformat())
