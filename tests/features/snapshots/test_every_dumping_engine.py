"""Snapshots of databases that are not PostgreSQL: taken, told apart, given back."""

from __future__ import annotations

import pytest

from features.snapshots.shelf import Shelf
from features.transfers.moves import SHOP
from headwater.engines import Dumps, all_engines
from headwater.features.databases.keeper.keeping import Keeper
from people import House

ENGINES = [name for name in ("mysql", "sqlite") if isinstance(all_engines()[name], Dumps)]
SUMS = {
    "mysql": "SELECT count(*), sum(crc32(concat_ws('|', id, title, artist_id, price, at, day, data, hex(raw), f, d))) FROM album",
    "sqlite": "SELECT count(*), sum(length(title)), sum(price), sum(d), max(at), min(hex(raw)) FROM album",
}


@pytest.mark.parametrize("engine", ENGINES)
async def test_taken_and_given_back(house: House, keeper: Keeper, engine: str) -> None:
    person = await house.person("ines")
    shelf = Shelf(house, person, await person.database(engine))
    await shelf.sql(SHOP[engine])
    before = await shelf.sql(SUMS[engine])
    first = await shelf.take()
    assert (first["status"], first["rows"], first["tables"]) == ("complete", 4000, 2), first["job"]
    await shelf.sql("DELETE FROM album WHERE id < 100")
    second = await shelf.take()
    assert (second["parent_id"], second["rows"]) == (first["id"], 3901), second["job"]
    assert 0 < second["new_bytes"] < first["new_bytes"]
    done = await shelf.restore(first, name="back")
    assert done["job"]["state"] == "completed", done["job"]
    assert all(one["same"] for one in done["tables"])
    assert await shelf.sql(SUMS[engine], done["target_id"]) == before
    await shelf.sql("INSERT INTO artist (name) VALUES ('next')", done["target_id"])
    in_place = await person.client.post(
        f"/api/v1/snapshots/{first['id']}/restores", json={"target_id": shelf.database, "mode": "overwrite"}
    )
    assert in_place.status_code == 400
    assert "in place" in in_place.json()["detail"]
