"""Items that derive macros generate beside a struct, as far as code names them.

`DeriveEntityModel` of SeaORM makes of a struct `Model` the structs `Entity` and `ActiveModel` and an enum `Column`
with a variant for each field.
"""

from __future__ import annotations

import re

from headwater.catalog import facts as f

_ENTITY_MODEL = "DeriveEntityModel"
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def generated(stmt: f.Class) -> tuple[f.Stmt, ...]:
    """Return the classes that the derives of a struct generate."""
    if not any(_ENTITY_MODEL in _names(decorator) for decorator in stmt.decorators):
        return ()
    at, fields = stmt.start, [part for part in stmt.body if isinstance(part, f.Assign)]
    variants = tuple(
        f.Assign(target.start, target.start, (f.Name(target.start, target.start, _camel(target.id)),))
        for part in fields
        for target in part.targets
        if isinstance(target, f.Name)
    )
    return (
        f.Class(at, at, "Entity", (), (), (), (), "generated", True),
        f.Class(at, at, "Column", (), (), (), variants, "generated", True),
        f.Class(at, at, "ActiveModel", (), (), (), (), "generated", True),
    )


def _names(decorator: f.Expr) -> list[str]:
    """Return what `#[derive(…)]` lists."""
    args = decorator.args if isinstance(decorator, f.Call) else ()
    return [arg.name if isinstance(arg, f.Attr) else arg.id for arg in args if isinstance(arg, (f.Attr, f.Name))]


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in _WORD.findall(name))
