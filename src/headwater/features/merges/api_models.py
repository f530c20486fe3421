"""The wire shapes of merges."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from headwater.catalog.results import Cell
from headwater.features.accounts.api_models import Input, Wire
from headwater.features.jobs.api_models import JobOut

Side = Literal["ours", "theirs"]
Ordinals = Annotated[list[Annotated[int, Field(ge=0, le=1_000_000)]], Field(min_length=1, max_length=1000)]


class MergeIn(Input):
    """What to merge into a database: the changes of a database (`source_id`) or of a snapshot of it (`theirs_id`).

    `base_id` is the snapshot that both have in common. `prefer` is the side that wins all conflicts: `ours` is the
    target, `theirs` is what is merged.
    """

    base_id: uuid.UUID
    source_id: uuid.UUID | None = None
    theirs_id: uuid.UUID | None = None
    prefer: Side | None = None


class MergedTableOut(Wire):
    """How many rows of a table of the target a merge adds, removes and changes, and how many are in conflict."""

    name: str
    added: int
    removed: int
    changed: int
    conflicts: int


class LeftOutTableOut(Wire):
    """A table that was changed and is not merged, with the reason."""

    name: str
    reason: str


class MergeOut(Wire):
    """A merge. `ours_id` is the last snapshot of the target before the merge: restore it to undo the merge."""

    id: uuid.UUID
    target_id: uuid.UUID
    target_name: str
    source_id: uuid.UUID | None
    source_name: str
    base_id: uuid.UUID
    ours_id: uuid.UUID | None
    theirs_id: uuid.UUID | None
    status: Literal["preparing", "prepared", "applying", "applied"]
    prefer: Side | None
    tables: list[MergedTableOut]
    left_out: list[LeftOutTableOut]
    conflicts: int
    unresolved: int
    created_at: datetime
    applied_at: datetime | None
    job: JobOut | None


class ConflictOut(Wire):
    """A row that both sides have changed differently; a side that does not have the row is null.

    `cells` is a row with two new values in the columns `conflicting`; the other kinds are a row that both have added,
    and one that a side has removed and the other one has changed.
    """

    ordinal: int
    table: str
    kind: Literal["cells", "added", "removed_in_ours", "removed_in_theirs"]
    columns: list[str]
    key: list[int]
    conflicting: list[int]
    base: list[Cell] | None
    ours: list[Cell] | None
    theirs: list[Cell] | None
    choice: Side | None


class ResolutionIn(Input):
    """Which side wins: some conflicts by their ordinals, those of a table, or all. Null takes a choice back."""

    choice: Side | None
    ordinals: Ordinals | None = None
    table: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None


class MergeApplyIn(Input):
    """Whether the merge into a protected database is confirmed."""

    confirmed: bool = False
