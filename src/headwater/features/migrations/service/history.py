"""The migrations of a database with their states: our rows, joined with the journal of the database."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.catalog.apply import apply_all
from headwater.catalog.changes import Change
from headwater.catalog.grammar import Grammar
from headwater.catalog.informed import informed
from headwater.catalog.model import Schema
from headwater.core.migration_files import folders
from headwater.core.migration_files.scripts import Origin, Script, check
from headwater.engines import Engine, Session
from headwater.features.accounts.rights import Actor
from headwater.features.accounts.service import audit
from headwater.features.databases.service import databases, schema_cache
from headwater.features.migrations import repository
from headwater.features.migrations.models import Migration
from headwater.features.migrations.service import journal
from headwater.features.query.service import access as doors
from headwater.features.query.service.access import Access
from headwater.kit.errors import Conflict, Invalid, NotFound
from headwater.store.context import Context

State = Literal["applied", "pending", "failed", "changed", "unknown"]
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """A migration and its state.

    `changed`: applied, but its script has changed since. `failed`: started, but not finished. `unknown`: it is only in
    the journal of the database.
    """

    version: str
    name: str
    state: State
    migration: Migration | None
    entry: journal.JournalEntry | None


def grammar_of(access: Access) -> Grammar:
    """Return the SQL grammar of a database with tables, or raise Conflict."""
    engine = access.reached.engine
    if engine.dialect.grammar is None:
        raise Conflict(
            f"{access.reached.name} has no schema to migrate.", hint=f"It is a {engine.display_name} database."
        )
    return engine.dialect.grammar


async def statuses(context: Context, access: Access) -> list[MigrationStatus]:
    """Return the migrations of a database in order, then those that are only in its journal."""
    grammar_of(access)
    async with context.store.transaction() as db:
        migrations = await repository.of_database(db, access.reached.id)
    async with doors.open_session(context, access) as session:
        entries = await journal.read(session)
    return merge_statuses(migrations, entries)


def merge_statuses(
    migrations: Sequence[Migration], entries: Mapping[str, journal.JournalEntry]
) -> list[MigrationStatus]:
    """Join our migrations with the entries of the journal."""
    merged = []
    for migration in migrations:
        entry = entries.get(migration.version)
        merged.append(MigrationStatus(migration.version, migration.name, _state(migration, entry), migration, entry))
    known = {migration.version for migration in migrations}
    unknown = [entry for version, entry in entries.items() if version not in known]
    unknown.sort(key=lambda entry: entry.applied_at)
    return merged + [MigrationStatus(entry.version, entry.name, "unknown", None, entry) for entry in unknown]


def _state(migration: Migration, entry: journal.JournalEntry | None) -> State:
    if entry is None:
        return "pending"
    if entry.milliseconds is None:
        return "failed"
    return "applied" if entry.checksum == migration.checksum else "changed"


def script_of(migration: Migration) -> Script:
    """Return a stored migration as a script."""
    origin: Origin = migration.origin  # type: ignore[assignment]
    return Script(migration.version, migration.name, migration.up, migration.down, origin, migration.runs)


@dataclass(frozen=True, slots=True)
class MigrationDraft:
    """A migration to be written: its SQL, up and perhaps down, or the changes to generate that from."""

    name: str
    up: str | None
    down: str | None
    changes: Sequence[Change]


async def write(context: Context, actor: Actor, access: Access, draft: MigrationDraft) -> Migration:
    """Store a new migration: from SQL, or generated from schema changes together with its down script.

    Raises:
        Invalid: neither SQL nor changes, or both; SQL without a statement.
    """
    grammar_of(access)
    up, down = draft.up, draft.down
    if bool(up) == bool(draft.changes):
        raise Invalid({"up": "Enter the SQL of the migration, or changes to generate it from."})
    if draft.changes:
        schema = await schema_cache.read(context, access.reached)
        up, down = generated(access.reached.engine, schema, draft.changes)
    assert up
    check(up, "up", access.reached.engine.dialect.grammar)
    if down:
        check(down, "down", access.reached.engine.dialect.grammar)
    async with context.store.transaction() as db:
        await databases.find(db, actor, access.reached.id, "database:write", lock=True)
        version = await _free_version(db, access.reached.id)
        migrations = await _store(db, actor, access, [Script(version, draft.name, up, down or None)])
    return migrations[0]


def generated(engine: Engine, schema: Schema, changes: Sequence[Change]) -> tuple[str, str | None]:
    """Return the SQL of changes and of their reverse; the latter is None if a change cannot be reversed."""
    done: list[Change] = []
    now = schema
    for change in changes:
        done.append(informed(change, now))
        now = apply_all(now, done[-1:])
    back = [change.reverse() for change in reversed(done)]
    known = [change for change in back if change is not None]
    down = _text(engine, known, now) if len(known) == len(back) else None
    return _text(engine, done, schema), down


def _text(engine: Engine, changes: Sequence[Change], schema: Schema) -> str:
    steps = engine.alter(changes, schema)
    # Only mark scripts of engines that can roll back schema changes: on others the mark would be on every script.
    could = engine.dialect.grammar is not None and engine.dialect.grammar.transactional_ddl
    alone = could and any(not step.transactional for step in steps)
    head = "-- headwater: no transaction\n" if alone else ""
    return head + "".join(f"{statement};\n" for step in steps for statement in step.statements)


async def _free_version(db: AsyncSession, database_id: uuid.UUID) -> str:
    version = int(datetime.now(UTC).strftime("%Y%m%d%H%M%S"))
    while await repository.by_version(db, database_id, str(version)) is not None:
        version += 1
    return str(version)


async def _store(db: AsyncSession, actor: Actor, access: Access, scripts: Sequence[Script]) -> list[Migration]:
    position = await repository.last_position(db, access.reached.id)
    rows = [
        Migration(
            database_id=access.reached.id,
            position=position + number,
            version=script.version,
            name=script.name[:LONGEST_NAME],
            origin=script.origin,
            runs=script.runs,
            up=script.up,
            down=script.down,
            checksum=script.checksum,
            created_by=actor.user_id,
        )
        for number, script in enumerate(scripts, 1)
    ]
    db.add_all(rows)
    await db.flush()
    for row in rows:
        await db.refresh(row)
    audit.record(
        db,
        actor,
        "migration.add",
        "database",
        access.reached.id,
        access.reached.name,
        organization_id=access.reached.organization_id,
        versions=[row.version for row in rows][:20],
    )
    return rows


async def import_folder(
    context: Context, actor: Actor, access: Access, files: Mapping[str, str], *, applied: bool | None
) -> list[MigrationStatus]:
    """Import the migrations of another tool's folder; those that are known already are skipped.

    Args:
        context, actor, access: the context, the user and the database.
        files: the folder's texts by path.
        applied: whether the new ones are marked as applied; None: as the tool's own table in the database says.

    Raises:
        BadInput: the files contain no migrations.
    """
    grammar_of(access)
    scripts = folders.read(files)
    for script in scripts:
        if not re.fullmatch(r"[\w.-]{1,255}", script.version) or "\0" in script.up:
            raise Invalid({"files": f"{script.version!r} is not a valid version."})
    async with doors.open_session(context, access) as session:
        recorded = await journal.journals_of_other_tools(session, scripts) if applied is None else set()
        counted = {script.version for script in scripts} if applied else recorded
        async with context.store.transaction() as db:
            await databases.find(db, actor, access.reached.id, "database:write", lock=True)
            known = {row.version for row in await repository.of_database(db, access.reached.id)}
            await _store(db, actor, access, [script for script in scripts if script.version not in known])
        await _mark_applied(session, [script for script in scripts if script.version in counted])
    return await statuses(context, access)


async def _mark_applied(session: Session, scripts: Sequence[Script]) -> None:
    """Mark scripts as applied that are not in the journal."""
    if not scripts:
        return
    await journal.prepare(session)
    entries = await journal.read(session)
    for script in scripts:
        if script.version not in entries:
            await journal.begin(session, script, "imported")
            await journal.finish(session, script.version, 0)


async def find(db: AsyncSession, access: Access, version: str) -> Migration:
    """Return a migration by its version, or raise NotFound."""
    migration = await repository.by_version(db, access.reached.id, version)
    if migration is None:
        raise NotFound(f"{access.reached.name} has no migration {version}.")
    return migration


async def remove(context: Context, actor: Actor, access: Access, version: str) -> None:
    """Delete a migration that was not applied."""
    standing = next((status for status in await statuses(context, access) if status.version == version), None)
    if standing is None or standing.migration is None:
        raise NotFound(f"{access.reached.name} has no migration {version}.")
    if standing.state != "pending":
        raise Conflict(f"{version} is {standing.state}.", hint="Revert it first.")
    async with context.store.transaction() as db:
        await databases.find(db, actor, access.reached.id, "database:write", lock=True)
        await db.delete(await find(db, access, version))
