"""The wire shapes of branches."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from headwater.features.accounts.api_models import Input, Wire
from headwater.features.databases.api_models import DatabaseState
from headwater.features.jobs.api_models import JobOut

NAME_PATTERN = "^[a-z0-9][a-z0-9_-]{0,39}$"
LONGEST_SECONDS = 366 * 86_400


def checked_name(name: str) -> str:
    """Return the name of a branch, or raise ValueError with the rule for names."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise ValueError("Use up to 40 lowercase letters, digits, _ and -, the first one a letter or digit.")
    return name


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True),
    AfterValidator(checked_name),
    Field(json_schema_extra={"pattern": NAME_PATTERN}),
]


class BranchIn(Input):
    """A new branch: of the parent as it is now, or as it was in a complete snapshot of all its tables.

    After `ttl_seconds`, its database is deleted; that can be undone for seven days.
    """

    name: Name
    snapshot_id: uuid.UUID | None = None
    ttl_seconds: Annotated[int, Field(ge=60, le=LONGEST_SECONDS)] | None = None


class BranchOut(Wire):
    """A branch: a database that was created from the snapshot `base_id` of its parent.

    `database_id` is the database to use once the branch is `ready`; while it is `creating`, it may be replaced. It is
    null if the creation has failed, for the reason that `job` has. `parent_id` is null if the parent was deleted,
    `base_id` if its base was: then it cannot be merged.
    """

    name: str
    state: Literal["creating", "ready", "failed"]
    database_id: uuid.UUID | None
    database_name: str | None
    database_state: DatabaseState | None
    engine: str | None
    size_bytes: int | None
    protected: bool
    parent_id: uuid.UUID | None
    parent_name: str
    base_id: uuid.UUID | None
    base_taken_at: datetime | None
    created_at: datetime
    expires_at: datetime | None
    job: JobOut | None
