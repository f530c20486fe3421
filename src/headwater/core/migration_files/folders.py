"""The migration folders of other tools: Flyway, Prisma, dbmate, goose, sql-migrate, golang-migrate, plain SQL, Alembic.

Sources: Flyway documentation, "Migrations"; Prisma documentation, "Prisma Migrate"; dbmate's README; golang-migrate's
MIGRATIONS.md; Alembic documentation, "Tutorial".
"""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from headwater.catalog.migration_sections import sections_of
from headwater.core.migration_files.scripts import Script
from headwater.kit.errors import BadInput

_FLYWAY = re.compile(r"(?P<kind>[VU])(?P<version>\d[\d._]*?)__(?P<name>.+)\.sql")
_REPEATABLE = re.compile(r"R__(?P<name>.+)\.sql")
_PAIR = re.compile(r"(?P<version>\d+)_(?P<name>.+?)\.(?P<way>up|down)\.sql")
_PLAIN = re.compile(r"(?P<version>\d+)[_-](?P<name>.+)\.sql")
_PRISMA = re.compile(r"(?P<version>\d+)_(?P<name>.+)")


def read(files: Mapping[str, str]) -> list[Script]:
    """Return the migrations of a folder, oldest first.

    Args:
        files: the texts of the folder's files by their path with slashes; files that are not migrations are ignored.

    Raises:
        BadInput: there is no migration among them, or two have the same version.
    """
    scripts = [*_flyway(files), *_prisma(files), *_pairs(files), *_plain(files)]
    scripts.sort(key=lambda script: _natural(script.version))
    scripts += _alembic(files)
    if not scripts:
        raise BadInput(
            "There are no migrations in this folder.",
            hint="Supported are V1__name.sql, 0001_name.up.sql, 20260101_name/migration.sql, dbmate, and Alembic's.",
        )
    seen: set[str] = set()
    for script in scripts:
        if script.version in seen:
            raise BadInput(f"Two migrations have the version {script.version}.", hint="Choose one of the folders.")
        seen.add(script.version)
    return scripts


def _natural(version: str) -> tuple[int, ...]:
    """Return the numbers of a version as a sort key: 10 comes after 9, and 1.10 after 1.9."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def _flyway(files: Mapping[str, str]) -> Iterator[Script]:
    undo = {}
    versioned = []
    for path, text in files.items():
        name = PurePosixPath(path).name
        if match := _FLYWAY.fullmatch(name):
            version = match["version"].replace("_", ".")
            if match["kind"] == "U":
                undo[version] = text
            else:
                versioned.append((version, match["name"], text))
        elif match := _REPEATABLE.fullmatch(name):
            raise BadInput(f"{name} is a repeatable migration.", hint="Headwater runs each migration once: remove it.")
    for version, name, text in versioned:
        yield Script(version, name.replace("_", " "), text, undo.get(version), "flyway")


def _prisma(files: Mapping[str, str]) -> Iterator[Script]:
    for path, text in files.items():
        file_path = PurePosixPath(path)
        if file_path.name == "migration.sql" and (match := _PRISMA.fullmatch(file_path.parent.name)):
            down = files.get(str(file_path.parent / "down.sql"))
            yield Script(file_path.parent.name, match["name"].replace("_", " "), text, down, "prisma")


def _pairs(files: Mapping[str, str]) -> Iterator[Script]:
    downs = {}
    for path, text in files.items():
        if (match := _PAIR.fullmatch(PurePosixPath(path).name)) and match["way"] == "down":
            downs[match["version"]] = text
    for path, text in files.items():
        if (match := _PAIR.fullmatch(PurePosixPath(path).name)) and match["way"] == "up":
            version = match["version"]
            yield Script(version, match["name"].replace("_", " "), text, downs.get(version), "sql")


def _plain(files: Mapping[str, str]) -> Iterator[Script]:
    for path, text in files.items():
        name = PurePosixPath(path).name
        match = _PLAIN.fullmatch(name)
        if not match or _PAIR.fullmatch(name):
            continue
        version, title = match["version"], match["name"].replace("_", " ")
        sections = sections_of(text)
        if not sections.is_marked:
            yield Script(version, title, text, None, "sql")
            continue
        up = _section(sections.up, in_transaction=sections.up_in_transaction)
        down = _section(sections.down or "", in_transaction=sections.down_in_transaction)
        yield Script(version, title, up, down if (sections.down or "").strip() else None, "dbmate")


def _section(text: str, *, in_transaction: bool) -> str:
    return text if in_transaction else f"-- headwater: no transaction\n{text}"


def _alembic(files: Mapping[str, str]) -> list[Script]:
    """Return Alembic's revisions in the order of their graph; they are Python, and are only displayed."""
    scripts: dict[str, Script] = {}
    after: dict[str, set[str]] = {}
    for path, text in sorted(files.items()):
        if not path.endswith(".py") or "down_revision" not in text:
            continue
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            raise BadInput(f"{path} is not valid Python: {error.msg} in line {error.lineno}.") from error
        values = dict(_assigned(tree))
        revision = values.get("revision")
        if not isinstance(revision, str):
            continue
        title = (ast.get_docstring(tree) or PurePosixPath(path).stem).partition("\n")[0]
        scripts[revision] = Script(revision, title, text, None, "alembic", runs=False)
        before: Any = values.get("down_revision")
        after[revision] = {before} if isinstance(before, str) else {str(predecessor) for predecessor in before or ()}
    known = {
        revision: {predecessor for predecessor in before if predecessor in scripts}
        for revision, before in after.items()
    }
    try:
        return [scripts[revision] for revision in graphlib.TopologicalSorter(known).static_order()]
    except graphlib.CycleError as error:
        raise BadInput("The Alembic revisions form a cycle.") from error


def _assigned(tree: ast.Module) -> Iterator[tuple[str, object]]:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.expr):
            try:
                yield target.id, ast.literal_eval(value)
            except ValueError:
                continue
