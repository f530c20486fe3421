"""Columns as `Illuminate\\Database\\Schema\\Blueprint` declares them, by method, with their modifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, ForeignKey, Origin
from headwater.readers import _literals as s
from headwater.readers._inflections import laravel, laravel_snake

KEYS = {
    "id": "bigint",
    "increments": "integer",
    "integerIncrements": "integer",
    "bigIncrements": "bigint",
    "mediumIncrements": "mediumint",
    "smallIncrements": "smallint",
    "tinyIncrements": "tinyint",
}
_TYPES = {
    "string": "varchar",
    "char": "char",
    "tinyText": "tinytext",
    "text": "text",
    "mediumText": "mediumtext",
    "longText": "longtext",
    "integer": "integer",
    "tinyInteger": "tinyint",
    "smallInteger": "smallint",
    "mediumInteger": "mediumint",
    "bigInteger": "bigint",
    "unsignedInteger": "integer",
    "unsignedTinyInteger": "tinyint",
    "unsignedSmallInteger": "smallint",
    "unsignedMediumInteger": "mediumint",
    "unsignedBigInteger": "bigint",
    "unsignedDecimal": "decimal",
    "unsignedFloat": "float",
    "unsignedDouble": "double",
    "float": "float",
    "double": "double",
    "decimal": "decimal",
    "boolean": "boolean",
    "enum": "enum",
    "set": "set",
    "json": "json",
    "jsonb": "jsonb",
    "date": "date",
    "dateTime": "datetime",
    "dateTimeTz": "datetime",
    "time": "time",
    "timeTz": "time",
    "timestamp": "timestamp",
    "timestampTz": "timestamp",
    "year": "year",
    "binary": "blob",
    "uuid": "uuid",
    "ulid": "char(26)",
    "ipAddress": "varchar(45)",
    "macAddress": "varchar(17)",
    "geometry": "geometry",
    "geography": "geography",
    "point": "point",
    "lineString": "linestring",
    "polygon": "polygon",
    "geometryCollection": "geometrycollection",
    "multiPoint": "multipoint",
    "multiLineString": "multilinestring",
    "multiPolygon": "multipolygon",
    "computed": "",
    "vector": "vector",
    "rawColumn": "",
    "foreignId": "bigint",
    "foreignUuid": "uuid",
    "foreignUlid": "char(26)",
    "unsignedId": "bigint",
}
_DEFAULT_NAMES = {
    "uuid": "uuid",
    "ulid": "ulid",
    "ipAddress": "ip_address",
    "macAddress": "mac_address",
} | dict.fromkeys(KEYS, "id")
_MORPHS = {
    "morphs": "bigint",
    "nullableMorphs": "bigint",
    "numericMorphs": "bigint",
    "nullableNumericMorphs": "bigint",
    "uuidMorphs": "uuid",
    "nullableUuidMorphs": "uuid",
    "ulidMorphs": "char(26)",
    "nullableUlidMorphs": "char(26)",
}
# PHP does not tell `dateTime` from `datetime`.
_METHODS = {name.lower(): name for name in (*KEYS, *_TYPES, *_MORPHS)}
_STAMPS = frozenset({"timestamps", "nullableTimestamps", "timestampsTz", "nullableTimestampsTz", "datetimes"})
_SOFT = frozenset({"softDeletes", "softDeletesTz", "softDeletesDatetime"})


@dataclass
class BlueprintColumns:
    """What one statement declares: columns, foreign keys, a primary key."""

    columns: list[Column] = field(default_factory=list)
    keys: list[ForeignKey] = field(default_factory=list)
    primary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chain:
    """`$table->string('a', 5)->nullable()`: the first method with its call, and the calls after it by name."""

    method: str
    call: f.Call
    after: Mapping[str, f.Call]


def chain_of(expr: f.Expr, variable: str) -> Chain | None:
    """Return the calls on the variable of a blueprint, or None if the expression is about something else."""
    calls: dict[str, f.Call] = {}
    while isinstance(expr, f.Call) and isinstance(expr.func, f.Attr):
        owner = expr.func.value
        if isinstance(owner, f.Name) and owner.id == variable:
            return Chain(expr.func.name, expr, calls)
        calls.setdefault(expr.func.name, expr)
        expr = owner
    return None


class Blueprint:
    """Turns chains into columns and keys; `text` gives the value of an expression in the migration."""

    def __init__(self, path: str, source: bytes, constants: Mapping[str, f.Expr]) -> None:
        self.path = path
        self.source = source
        self.constants = constants

    def text(self, expr: f.Expr | None) -> str | None:
        """Return the text of an expression."""
        return s.text(expr, self.constants)

    def declared(self, chain: Chain) -> BlueprintColumns | None:
        """Return what a chain declares, or None if it declares no column."""
        method, call = _METHODS.get(chain.method.lower(), chain.method), chain.call
        first = call.args[0] if call.args else s.keyword(call, "column")
        if method in KEYS:
            name = self.text(first) or "id"
            column = self._column(name, KEYS[method], chain, identity=True)
            return BlueprintColumns([column], primary=(name,))
        if method in _MORPHS:
            return self._morphs(self.text(first) or "", method, chain)
        if method in _STAMPS:
            return BlueprintColumns([self._plain(name, "timestamp", chain) for name in ("created_at", "updated_at")])
        if method in _SOFT:
            return BlueprintColumns([self._plain(self.text(first) or "deleted_at", "timestamp", chain)])
        if method == "rememberToken":
            return BlueprintColumns([self._plain("remember_token", "varchar(100)", chain)])
        if method == "addColumn" and len(call.args) > 1:
            kind, added = self.text(first) or "", self.text(call.args[1])
            return BlueprintColumns([self._column(added, _TYPES.get(kind, kind), chain)]) if added else None
        if method == "foreignIdFor":
            return self._foreign_for(first, chain)
        if method not in _TYPES:
            return None
        return self._typed(method, self.text(first) or _DEFAULT_NAMES.get(method), chain)

    def _typed(self, method: str, name: str | None, chain: Chain) -> BlueprintColumns | None:
        if name is None:
            return None
        column = self._column(name, self._type(method, chain.call), chain)
        result = BlueprintColumns([column], primary=(name,) if "primary" in chain.after else ())
        key = self._constrained(name, chain) if method.startswith("foreign") else None
        result.keys += [key] if key else []
        return result

    def _type(self, method: str, call: f.Call) -> str:
        spelt = _TYPES[method]
        numbers = [s.constant(arg) for arg in call.args[1:3]]
        length = s.constant(s.keyword(call, "length")) or (numbers[0] if numbers else "")
        if method in ("string", "char"):
            return f"{spelt}({length})" if length.isdigit() else f"{spelt}(255)"
        if spelt == "decimal":
            known = [number for number in numbers if number.isdigit()]
            return f"decimal({','.join(known)})" if known else "decimal(8,2)"
        return spelt

    def _foreign_for(self, first: f.Expr | None, chain: Chain) -> BlueprintColumns | None:
        given = chain.call.args[1] if len(chain.call.args) > 1 else s.keyword(chain.call, "column")
        name = self.text(given) or (f"{laravel_snake(q.last_name(first))}_id" if q.last_name(first) else None)
        return self._typed("foreignId", name, chain)

    def _morphs(self, name: str, method: str, chain: Chain) -> BlueprintColumns | None:
        if not name:
            return None
        nullable = method.startswith("nullable")
        columns = [(f"{name}_type", "varchar(255)"), (f"{name}_id", _MORPHS[method])]
        return BlueprintColumns([self._plain(column, kind, chain, nullable=nullable) for column, kind in columns])

    def _plain(self, name: str, kind: str, chain: Chain, *, nullable: bool = True) -> Column:
        origins = (Origin(self.path, q.line_of(self.source, chain.call.start)),)
        return Column(name, kind, nullable=nullable, origins=origins)

    def _column(self, name: str, kind: str, chain: Chain, *, identity: bool = False) -> Column:
        after = chain.after
        at = chain.call.args[0].start if chain.call.args else chain.call.start
        wish = after.get("nullable")
        default = after.get("default")
        generated = after.get("storedAs") or after.get("virtualAs")
        comment = after.get("comment")
        return Column(
            name,
            kind,
            nullable=wish is not None and not (wish.args and s.is_false(wish.args[0])),
            default=self._default(default.args[0]) if default is not None and default.args else None,
            generated=self.text(generated.args[0]) if generated is not None and generated.args else None,
            identity=identity or "autoIncrement" in after,
            comment=self.text(comment.args[0]) if comment is not None and comment.args else None,
            origins=(Origin(self.path, q.line_of(self.source, at)),),
        )

    def _default(self, expr: f.Expr) -> str | None:
        word = self.text(expr)
        if word is not None:
            return "'" + word.replace("'", "''") + "'"
        if isinstance(expr, f.Const):
            return None if expr.text.lower() == "null" else expr.text
        return None

    def _constrained(self, column: str, chain: Chain) -> ForeignKey | None:
        call = chain.after.get("constrained")
        if call is None:
            return self.referring((column,), chain)
        table = self.text(call.args[0] if call.args else s.keyword(call, "table"))
        other = self.text(call.args[1] if len(call.args) > 1 else s.keyword(call, "column")) or "id"
        if table is None and chain.method == "foreignIdFor" and chain.call.args:
            table = laravel().plural(laravel_snake(q.last_name(chain.call.args[0])))
        if table is None:
            table = laravel().plural(column.removesuffix(f"_{other}"))
        return ForeignKey((column,), table, (other,), on_delete=self._rule(chain))

    def referring(self, columns: tuple[str, ...], chain: Chain) -> ForeignKey | None:
        """Return the key of `->references('id')->on('users')`."""
        references, on = chain.after.get("references"), chain.after.get("on")
        table = self.text(on.args[0]) if on is not None and on.args else None
        others = s.texts(references.args[0], self.constants) if references is not None and references.args else ()
        return ForeignKey(columns, table, others, on_delete=self._rule(chain)) if table else None

    def _rule(self, chain: Chain) -> str | None:
        if "cascadeOnDelete" in chain.after:
            return "CASCADE"
        if "nullOnDelete" in chain.after:
            return "SET NULL"
        call = chain.after.get("onDelete")
        word = self.text(call.args[0]) if call is not None and call.args else None
        return word.upper() if word and word.lower() != "restrict" else None
