"""The parts that the files of a codebase belong to: folders, or services, which have a manifest of their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from headwater.features.codebases.repository import lineage as repository

GroupBy = Literal["folder", "service"]
# The file that package managers and build tools expect at the top of what they build.
MANIFEST = (
    r"(^|/)(package\.json|pom\.xml|build\.gradle(\.kts)?|go\.mod|pyproject\.toml|setup\.py|Cargo\.toml|composer\.json"
    r"|Gemfile|mix\.exs|[^/]+\.(cs|fs|vb|sql)proj)$"
)


@dataclass(frozen=True, slots=True)
class CodeGroup:
    """A part of the code: a folder, a file beside such folders, or a service; `name` is its path."""

    name: str
    kind: Literal["folder", "file", "service"]


async def of_scan(
    db: AsyncSession, scan_id: uuid.UUID, by: GroupBy, folder: str | None = None
) -> Mapping[str, CodeGroup]:
    """Return the group of each file of a scan that uses a column; of those below a folder, if one is given."""
    start = f"{folder.rstrip('/')}/" if folder else ""
    paths = [path for path in await repository.used_files(db, scan_id) if path.startswith(start)]
    if by == "folder":
        return folders(paths)
    return services(paths, await repository.manifests(db, scan_id, MANIFEST))


def folders(paths: Sequence[str]) -> Mapping[str, CodeGroup]:
    """Return the group of each file: the first folder that divides the files, or a file beside such folders."""
    depth = len(_common_folder(paths))
    groups = {}
    for path in paths:
        parts = path.split("/")
        is_folder = len(parts) > depth + 1
        groups[path] = CodeGroup("/".join(parts[: depth + 1]), "folder" if is_folder else "file")
    return groups


def services(paths: Sequence[str], manifests: Iterable[str]) -> Mapping[str, CodeGroup]:
    """Return the group of each file: the highest folder with a manifest that divides the files, else as by folders."""
    depth = len(_common_folder(paths))
    tops = {tuple(path.split("/")[:-1]) for path in manifests}
    groups = dict(folders(paths))
    for path in paths:
        parts = path.split("/")
        for length in range(depth + 1, len(parts)):
            if tuple(parts[:length]) in tops:
                groups[path] = CodeGroup("/".join(parts[:length]), "service")
                break
    return groups


def _common_folder(paths: Sequence[str]) -> list[str]:
    folders_of_paths = [path.split("/")[:-1] for path in paths]
    if not folders_of_paths:
        return []
    # What the first and the last one in order have in common, all between them have, too.
    pairs = zip(min(folders_of_paths), max(folders_of_paths), strict=False)
    return [first for first, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
