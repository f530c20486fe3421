"""Columns as Knex's table builder declares them: `table.string("email", 80).notNullable().references("users.id")`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, ForeignKey, Origin

KEYS = {"increments": "integer", "bigIncrements": "bigint"}
_TYPES = {
    "tinyint": "tinyint",
    "smallint": "smallint",
    "mediumint": "mediumint",
    "int": "integer",
    "integer": "integer",
    "bigint": "bigint",
    "bigInteger": "bigint",
    "text": "text",
    "string": "varchar",
    "float": "float",
    "double": "double",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "dateTime": "datetime",
    "time": "time",
    "timestamp": "timestamp",
    "binary": "blob",
    "enum": "enum",
    "enu": "enum",
    "json": "json",
    "jsonb": "jsonb",
    "uuid": "uuid",
    "geometry": "geometry",
    "geography": "geography",
    "point": "point",
    "specificType": "",
}
Texts = Callable[[f.Expr | None], tuple[str, ...]]


@dataclass(frozen=True)
class BuilderCalls:
    """`table.string("a").nullable()`: the first method with its call, and the calls after it by name."""

    method: str
    call: f.Call
    after: Mapping[str, f.Call]

    def argument(self, name: str, position: int = 0) -> f.Expr | None:
        """Return an argument of one of the calls after the first."""
        return q.argument(self.after.get(name), position)


@dataclass
class BuiltColumns:
    """What one statement declares: columns, a foreign key, a primary key."""

    columns: list[Column] = field(default_factory=list)
    keys: list[ForeignKey] = field(default_factory=list)
    primary: tuple[str, ...] = ()


def chain_of(expr: f.Expr, variables: frozenset[str]) -> BuilderCalls | None:
    """Return the calls on the variable of a table builder, or None if the expression is about something else."""
    calls: dict[str, f.Call] = {}
    while isinstance(expr, f.Call) and isinstance(expr.func, f.Attr):
        owner = expr.func.value
        if isinstance(owner, f.Name) and owner.id in variables:
            return BuilderCalls(expr.func.name, expr, calls)
        calls.setdefault(expr.func.name, expr)
        expr = owner
    return None


class TableBuilder:
    """Turns chains into columns and keys; `texts` gives the texts of an expression in the migration."""

    def __init__(self, path: str, source: bytes, texts: Texts) -> None:
        self.path, self.source, self.texts = path, source, texts

    def text(self, expr: f.Expr | None) -> str | None:
        """Return the text of an expression, or None."""
        given = self.texts(expr)
        return given[0] if len(given) == 1 else None

    def declared(self, chain: BuilderCalls) -> BuiltColumns | None:
        """Return what a chain declares, or None if it declares no column."""
        method, first = chain.method, q.argument(chain.call, 0)
        if method in KEYS:
            name = self.text(first) or "id"
            is_key = q.literal_flag(q.options(q.argument(chain.call, 1)).get("primaryKey")) is not False
            return BuiltColumns([self._column(name, KEYS[method], chain, identity=True)], [], (name,) * is_key)
        if method == "timestamps":
            return BuiltColumns([self._stamp(name, chain) for name in stamp_names(chain.call)])
        title = self.text(first) if method in _TYPES else None
        if title is None:
            return None
        key = self.referring((title,), chain)
        primary = (title,) if "primary" in chain.after else ()
        return BuiltColumns([self._column(title, self._type(chain), chain)], [key] if key else [], primary)

    def _type(self, chain: BuilderCalls) -> str:
        spelt, second = _TYPES[chain.method], q.argument(chain.call, 1)
        if chain.method == "specificType":
            return self.text(second) or ""
        numbers = [arg.text for arg in chain.call.args[1:3] if isinstance(arg, f.Const) and arg.text.isdigit()]
        if chain.method == "string":
            return f"varchar({numbers[0] if numbers else 255})"
        if chain.method == "decimal":
            return f"decimal({','.join(numbers) or '8,2'})"
        return (self.text(second) or spelt) if chain.method == "text" else spelt

    def _stamp(self, name: str, chain: BuilderCalls) -> Column:
        has_default = len(chain.call.args) > 1 or bool(q.options(q.argument(chain.call, 0)).get("defaultToNow"))
        return Column(name, "timestamp", nullable=not has_default, origins=self._origins(chain))

    def _column(self, name: str, kind: str, chain: BuilderCalls, *, identity: bool = False) -> Column:
        after = chain.after
        is_required = identity or not after.keys().isdisjoint({"notNullable", "notNull", "primary"})
        comment = self.text(chain.argument("comment"))
        return Column(
            name,
            kind,
            nullable=not is_required,
            default=_default(self.text(chain.argument("defaultTo")), chain.argument("defaultTo")),
            identity=identity,
            comment=comment,
            origins=self._origins(chain),
        )

    def _origins(self, chain: BuilderCalls) -> tuple[Origin, ...]:
        at = chain.call.args[0].start if chain.call.args else chain.call.end - 1
        return (Origin(self.path, q.line_of(self.source, at)),)

    def referring(self, columns: tuple[str, ...], chain: BuilderCalls) -> ForeignKey | None:
        """Return the key of `.references("id").inTable("users")` or `.references("users.id")`."""
        others = self.texts(chain.argument("references"))
        table = self.text(chain.argument("inTable"))
        if table is None and len(others) == 1 and "." in others[0]:
            table, _, other = others[0].rpartition(".")
            others = (other,)
        rule = self.text(chain.argument("onDelete"))
        return ForeignKey(columns, table, others, on_delete=rule.upper() if rule else None) if table else None


def stamp_names(call: f.Call) -> tuple[str, str]:
    """Return the names of the columns of `timestamps`, which options can ask for in camel case."""
    options = q.options(q.argument(call, 0))
    wish = options.get("useCamelCase") or q.argument(call, 2)
    return ("createdAt", "updatedAt") if q.literal_flag(wish) else ("created_at", "updated_at")


def _default(text: str | None, expr: f.Expr | None) -> str | None:
    if text is not None:
        return "'" + text.replace("'", "''") + "'"
    return expr.text if isinstance(expr, f.Const) and expr.text not in ("null", "undefined") else None
