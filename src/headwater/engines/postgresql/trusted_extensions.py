"""Extensions that the owner of a managed database may install although their authors did not mark them as trusted.

PostgreSQL lets the owner of a database install an extension if its control file says `trusted`. From version 18 on, a
setting names further folders of control files: there, each server finds copies of the packaged ones with that line.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from headwater.engines import Instance
from headwater.engines import _instance_files as folders

# They add types, operators, index methods and trigger functions, or show the owner's own statistics. None of them
# reads files, opens connections or shows pages of other databases.
NAMES = (
    "autoinc",
    "bloom",
    "dict_xsyn",
    "earthdistance",
    "insert_username",
    "intagg",
    "moddatetime",
    "pg_stat_statements",
    "refint",
    "vector",
)
STATEMENTS = "pg_stat_statements"
# The first version with the setting `extension_control_path`.
FIRST_VERSION = 18


def settings(instance: Instance, version: str, programs: Path) -> Mapping[str, str]:
    """Return the settings of a server that make the extensions trusted; writes their control files.

    Args:
        instance: the server's files.
        version: its major version.
        programs: the folder of its programs.
    """
    system = programs.parent / "share" / "extension"
    if int(version) < FIRST_VERSION or not system.is_dir():
        return {}
    folder = instance.folder / "trusted"
    _write_controls(instance, system, folder)
    # It would keep the passwords of ALTER ROLE in its file, and show them: only other literals become parameters.
    preloaded = {
        "shared_preload_libraries": STATEMENTS,
        f"{STATEMENTS}.max": "1000",
        f"{STATEMENTS}.track_utility": "off",
    }
    has_statements = (system / f"{STATEMENTS}.control").exists()
    return {"extension_control_path": f"{folder}:$system", **(preloaded if has_statements else {})}


def _write_controls(instance: Instance, system: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    inner = folder / "extension"
    inner.mkdir(parents=True)
    for name in NAMES:
        control = system / f"{name}.control"
        if control.exists():
            copy = inner / control.name
            copy.write_text(f"{control.read_text().rstrip()}\ntrusted = true\ndirectory = '{system}'\n")
            folders.give(instance.owner, copy)
    for path in (folder, inner):
        folders.give(instance.owner, path)
