"""The tags of struct fields: `gorm:"column:email;not null"`, and `sql:"…"` of GORM's first version."""

from __future__ import annotations

import re

from headwater.catalog import facts as f

_PAIR = re.compile(r'([\w.-]+):"((?:[^"\\]|\\.)*)"')


def settings(decorators: tuple[f.Expr, ...]) -> dict[str, str]:
    """Return the settings in the tags of a field, their keys in upper case without `_`; empty without a GORM tag."""
    result: dict[str, str] = {}
    for decorator in decorators:
        written = "".join(p.text for p in getattr(decorator, "parts", ()) if isinstance(p, f.Chunk))
        for name, value in _PAIR.findall(written):
            if name in ("gorm", "sql"):
                result.update(_parsed(value))
    return result


def _parsed(value: str) -> dict[str, str]:
    result: dict[str, str] = {}
    for part in re.split(r"(?<!\\);", value.replace('\\"', '"')):
        key, _, setting = part.partition(":")
        if key.strip():
            result[key.strip().upper().replace("_", "").replace("FOREIGN KEY", "FOREIGNKEY")] = setting.strip()
    return result
