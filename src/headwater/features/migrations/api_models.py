"""Request and response models of migrations."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from headwater.features.accounts.api_models import Described, Input, Text, Wire
from headwater.features.query.api_models import QueryProblem
from headwater.features.query.change_schema import SchemaChange

Title = Annotated[
    Text,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Described(r"^[^\u0000]*[^\s\u0000][^\u0000]*$"),
]
Script = Annotated[Text, StringConstraints(max_length=5_000_000)]


class MigrationIn(Input):
    """A new migration: from SQL, or generated from schema changes together with its down script."""

    name: Title
    up: Script | None = None
    down: Script | None = None
    changes: list[SchemaChange] = Field([], max_length=500)


class MigrationOut(Wire):
    """A migration and its state.

    `changed`: applied, but its script has changed since. `failed`: started, but not finished. `unknown`: it is only in
    the journal of the database. `runs` is false if only the tool that it was imported from can run it.
    """

    version: str
    name: str
    state: Literal["applied", "pending", "failed", "changed", "unknown"]
    origin: str | None
    runs: bool
    reversible: bool
    applied_at: str | None
    applied_by: str | None
    milliseconds: int | None
    created_at: datetime | None


class MigrationText(Wire):
    """The scripts of a migration."""

    version: str
    name: str
    up: str
    down: str | None


class MigrationsRun(Input):
    """Which migrations to run: apply up to and including `to`, or revert back to and including it."""

    way: Literal["up", "down"] = "up"
    to: str = Field("", max_length=255, description="A version; empty: all (up) or the last one (down).")
    apply: bool = False
    confirmed: bool = False
    run_id: uuid.UUID | None = Field(None, description="An id of your choice, with which you can cancel the run.")


class MigrationsRunOut(Wire):
    """The planned migrations in order, and those that were run; `failed` is the one that failed."""

    planned: list[MigrationText]
    done: list[str]
    failed: str | None
    error: QueryProblem | None


class MigrationState(Input):
    """The state to set for a migration."""

    state: Literal["applied", "pending"]
