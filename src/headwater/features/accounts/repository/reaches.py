"""The condition that restricts a list to what an actor may reach."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false
from sqlalchemy.orm import InstrumentedAttribute

from headwater.features.accounts.rights import Reach


def within(
    reach: Reach,
    organization: InstrumentedAttribute[object] | None = None,
    *,
    project: InstrumentedAttribute[object] | None = None,
    database: InstrumentedAttribute[object] | None = None,
) -> ColumnElement[bool]:
    """Return the condition that rows are within reach, by the columns that say to what they belong.

    A key that is limited to a project or database reaches no rows that lack the column.
    """
    limit = reach.limit
    conditions: list[ColumnElement[bool]] = []
    if organization is not None:
        conditions.append(organization.in_(reach.organizations))
    if limit:
        column, wanted = (database, limit.database_id) if limit.database_id else (project, limit.project_id)
        conditions.append(false() if column is None else column == wanted)
    return and_(True, *conditions)
