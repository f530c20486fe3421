"""What an application adds to the request of its web framework, by declaration merging.

    declare global { namespace Express { interface Request { user?: User } } }
    declare module 'fastify' { interface FastifyRequest { user: User } }

Handlers seldom name the type of their parameter, so the name of the variable decides.
"""

from __future__ import annotations

from headwater.catalog import facts as f
from headwater.core.lineage.file_names import members
from headwater.core.lineage.orm import typehints as types
from headwater.core.lineage.orm.frame import Frame
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.values import Value, union

_INTERFACES = ("Request", "FastifyRequest")
_VARIABLES = frozenset({"req", "request"})
_SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs")


def request_attribute(frame: Frame, expr: f.Attr) -> Value:
    """Return the value of `req.user`, if the code base declares what it is."""
    if not isinstance(expr.value, f.Name) or expr.value.id not in _VARIABLES or not frame.path.endswith(_SCRIPTS):
        return None
    key = ("", f"request {expr.name}")
    values = frame.index.values
    if key not in values:
        values[key] = None  # while its type is read
        values[key] = _declared(frame.index, expr.name)
    return values[key]


def _declared(index: CodeIndex, name: str) -> Value:
    declared = []
    for path, file in index.symbols.files.items():
        for interface in _INTERFACES if path.endswith(_SCRIPTS) else ():
            stmt = file.names.get(interface)
            member = members(stmt).get(name) if isinstance(stmt, f.Class) and stmt.kind == "interface" else None
            if isinstance(member, f.Assign) and member.annotation is not None:
                declared.append(types.read(index, path, member.annotation, {}))
    return union(*declared)
