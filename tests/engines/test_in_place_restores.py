"""In-place restores give back the rows of the snapshot; append_missing leaves existing rows unchanged."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.test_every_engine import REFILLING, subject
from headwater.testing.engines.in_place_restore import ALBUMS, ARTISTS, open_scenario, same
from suite.profiles import examples

NUMBERS = st.integers(1, ARTISTS)
CHANGES = st.one_of(
    st.builds("DELETE FROM album WHERE id % {} = 0".format, st.integers(1, 9)),
    st.builds("DELETE FROM album WHERE artist_id = {0}; DELETE FROM artist WHERE id = {0}".format, NUMBERS),
    st.builds("UPDATE artist SET bio = NULL, name = concat(name, '-{}') WHERE id > {}".format, NUMBERS, NUMBERS),
    st.builds("UPDATE album SET id = id + 1000, title = '' WHERE id = {}".format, st.integers(1, ALBUMS)),
    st.builds("INSERT INTO note (body) VALUES ('{}'), (NULL)".format, NUMBERS),
    st.builds("INSERT INTO artist (name) VALUES ('other {}')".format, st.integers()),
    st.just("DELETE FROM note"),
)


@pytest.mark.parametrize("name", REFILLING)
@settings(max_examples=examples(4), deadline=None)
@given(changes=st.lists(CHANGES, min_size=1, max_size=6, unique=True))
def test_in_place_restore_overwrites_and_completes(name: str, changes: list[str]) -> None:
    asyncio.run(_overwritten_and_completed(name, "; ".join(changes)))


async def _overwritten_and_completed(name: str, changes: str) -> None:
    if name == "sqlite":
        changes = changes.replace("concat(name, '", "(name || '")  # it has no concat() before 3.44
    async with open_scenario(subject(name)) as scenario:
        stored = await scenario.read_state()
        await scenario.run(changes)
        spoilt = await scenario.read_state()
        await scenario.restore(stored, "append_missing", ["artist", "album"])
        state = await scenario.read_state()
        for table in ("artist", "album"):
            location = stored.tables[table][0].key[0]
            mine = {row[location] for row in spoilt.rows(table)}
            added = set(state.rows(table)) - set(spoilt.rows(table))
            assert set(spoilt.rows(table)) <= set(state.rows(table))
            assert added == {row for row in stored.rows(table) if row[location] not in mine}
        await scenario.restore(stored, "overwrite")
        same((await scenario.read_state()).without("fired"), stored.without("fired"))
        await scenario.fires()
