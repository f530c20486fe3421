"""A database of a user, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from headwater.engines import all_engines
from people import AppFixture, Person

ENGINES = [name for name, one in all_engines().items() if one.dialect.grammar and one.provisioning]


class DatabaseFixture:
    """A database of a user."""

    def __init__(self, person: Person, id_: str, engine: str = "postgresql") -> None:
        self.person, self.id, self.engine = person, id_, engine

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        return await self.person.send("POST", f"/databases/{self.id}/{path}", status, json=body)

    async def sql(self, text: str, status: int = 200, **given: Any) -> Any:
        return await self.post("query", status, text=text, **given)

    async def edit(self, table: str, *edits: Any) -> Any:
        return await self.post("edits", table=table, edits=edits, apply=True)


async def new_database_fixture(app: AppFixture, engine: str = "postgresql") -> DatabaseFixture:
    """Sign up a user with a new running database; skip the test if this machine cannot run one."""
    provisioning = all_engines()[engine].provisioning
    assert provisioning
    if reason := provisioning.unavailable_reason():
        pytest.skip(reason)
    person = await app.person("ines")
    return DatabaseFixture(person, await person.database(engine), engine)
