"""What intake accepts and why it leaves a file out; the numbers stand here so that docs and tests can name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Bounds of one code base, so that a hostile archive costs little and a large repository still fits."""

    entries: int = 150_000
    file_bytes: int = 10 * MB
    total_bytes: int = 1024 * MB
    depth: int = 64
    ratio: int = 200
    ratio_floor: int = MB


REASONS: Final[dict[str, str]] = {
    "absolute_path": "the archive names it by an absolute path",
    "binary": "not text",
    "build_output": "made by a build",
    "dependency_lock": "a lock file of a package manager",
    "device": "a device, socket or pipe",
    "encrypted": "encrypted in the archive",
    "generated": "says that it was generated",
    "ignored": "left out by .gitignore",
    "link": "a link; links are not followed",
    "minified": "minified code",
    "nested_archive": "an archive inside the archive",
    "not_code": "neither code nor schema",
    "not_readable": "cannot be read",
    "path_escape": "the archive names a place outside its folder",
    "ratio_bomb": "unpacks to far more than it stores",
    "too_deep": "nested too deep in folders",
    "too_large": "larger than the limit for one file",
    "twice": "the archive holds it twice; the first one counts",
    "vcs": "belongs to version control",
    "vendored": "somebody else's code",
}
