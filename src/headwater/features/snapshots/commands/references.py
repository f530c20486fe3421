"""Resolves references to snapshots: `shop#latest`, `shop#2026-11-21T10:00`, `shop#before the sale`, or an id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from headwater.features.accounts.api_client import ApiClient
from headwater.features.databases.commands import find_database
from headwater.kit.errors import BadInput, NotFound, did_you_mean

SnapshotArgument = Annotated[
    str, typer.Argument(metavar="SNAPSHOT", help="DB#latest, DB#TIME, DB#LABEL or an id.", show_default=False)
]


def find_snapshot(server: ApiClient, wanted: str) -> Any:
    """Return the snapshot that a reference names.

    A time selects the last snapshot taken at or before it; without a time zone it is UTC. `latest` is the newest
    snapshot of all tables that was not taken to undo a restore. A database that does not exist is named as it was when
    its snapshots were taken.
    """
    name, mark, which = wanted.partition("#")
    if not mark:
        return _by_id(server, wanted)
    every = snapshots_of(server, name)
    complete = [snapshot for snapshot in every if snapshot["status"] == "complete"]
    matches = [snapshot for snapshot in every if which in {snapshot["id"], snapshot["label"]}]
    if which in {"", "latest"}:
        matches = [snapshot for snapshot in complete if not snapshot["partial"] and not snapshot["undo"]][:1]
    moment = _moment(which)
    if not matches and moment:
        matches = [snapshot for snapshot in complete if datetime.fromisoformat(snapshot["taken_at"]) <= moment][:1]
    if not matches:
        known = (
            {snapshot["label"] for snapshot in every if snapshot["label"]}
            | {snapshot["taken_at"] for snapshot in complete}
            | {"latest"}
        )
        hint = did_you_mean(which, known) if complete else f"Create one: headwater snapshot create {name}"
        if complete and which in {"", "latest"}:
            hint = f"No snapshot has all tables. Use a label, a time or an id: headwater snapshot list {name}"
        raise NotFound(f"There is no snapshot {wanted!r}.", hint=hint)
    return matches[0]


def snapshots_of(server: ApiClient, name: str) -> list[Any]:
    """Return the snapshots of a database, newest first, also of one that does not exist here (any more)."""
    try:
        database = find_database(server, name)
    except NotFound:
        orphans = [row for row in every_snapshot(server) if row["database_id"] is None and row["database_name"] == name]
        if not orphans:
            raise
        return orphans
    return server.every(f"/databases/{database['id']}/snapshots")


def every_snapshot(server: ApiClient) -> list[Any]:
    """Return the snapshots of all organizations, newest first in each."""
    every = server.call("GET", "/organizations")["items"]
    return [row for item in every for row in server.every(f"/organizations/{item['id']}/snapshots")]


def _by_id(server: ApiClient, wanted: str) -> Any:
    if len(wanted) != 36 or wanted.count("-") != 4:
        raise BadInput(f"{wanted!r} is not a snapshot.", hint=f"Use {wanted}#latest, or the id of a snapshot.")
    return server.call("GET", f"/snapshots/{wanted}")


def _moment(text: str) -> datetime | None:
    """Parse a time; one without seconds is the end of its minute, a date is the end of its day."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= 10:
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    elif text.count(":") == 1 and "+" not in text:
        moment = moment.replace(second=59, microsecond=999_999)
    return moment.replace(tzinfo=moment.tzinfo or UTC)
