"""The wire shapes of migrations."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from headwater.features.accounts.api_models import Input, Text, Wire
from headwater.features.query.api_models import QueryProblem

Title = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Script = Annotated[Text, StringConstraints(max_length=5_000_000)]


class MigrationIn(Input):
    """A new migration: from SQL, or generated from changes of the schema with the way back."""

    name: Title
    up: Script | None = None
    down: Script | None = None
    changes: list[dict[str, Any]] = Field([], max_length=500)


class MigrationOut(Wire):
    """A migration and how it stands.

    `changed`: applied, but with another text. `failed`: begun and not ended. `unknown`: only the journal in the
    database names it. `runs` is false for those that only the tool they came from can run.
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
    """What a migration runs."""

    version: str
    name: str
    up: str
    down: str | None


class MigrationsRun(Input):
    """Which migrations to run: up to and with `to`, or back to and without it."""

    way: Literal["up", "down"] = "up"
    to: str = Field("", max_length=255, description="A version; without one: all (up), the last (down).")
    apply: bool = False
    confirmed: bool = False
    run_id: uuid.UUID | None = Field(None, description="Your own id for the run, by which it can be cancelled.")


class MigrationsRunOut(Wire):
    """What would be run, in order, or what was; `failed` names the one that stopped it."""

    planned: list[MigrationText]
    done: list[str]
    failed: str | None
    error: QueryProblem | None


class MigrationState(Input):
    """What a migration is to count as."""

    state: Literal["applied", "pending"]
