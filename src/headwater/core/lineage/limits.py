"""The limits of intake and the reasons why it skips a file, in one place for docs and tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Limits for one code base: a hostile archive costs little and a large repository still fits."""

    entries: int = 150_000
    file_bytes: int = 10 * MB
    total_bytes: int = 1024 * MB
    depth: int = 64
    ratio: int = 200
    ratio_floor: int = MB


REASONS: Final[dict[str, str]] = {
    "absolute_path": "its path in the archive is absolute",
    "binary": "not text",
    "build_output": "build output",
    "dependency_lock": "a lock file of a package manager",
    "device": "a device, socket or pipe",
    "encrypted": "encrypted in the archive",
    "generated": "marked as generated code",
    "ignored": "excluded by .gitignore",
    "link": "a link; links are not followed",
    "minified": "minified code",
    "nested_archive": "an archive inside the archive",
    "not_code": "neither code nor schema",
    "not_readable": "cannot be read",
    "path_escape": "its path in the archive points outside the folder",
    "ratio_bomb": "decompresses to far more than its stored size",
    "too_deep": "nested too deeply in folders",
    "too_large": "larger than the limit for one file",
    "twice": "the archive contains it twice; the first one is used",
    "vcs": "data of version control",
    "vendored": "third-party code",
}
