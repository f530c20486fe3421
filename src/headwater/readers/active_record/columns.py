"""Columns as `db/schema.rb` and migrations declare them: `t.string :name, limit: 20`, `t.references :user`.

The rules are those of `ActiveRecord::ConnectionAdapters::TableDefinition` and `ReferenceDefinition`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Column, ForeignKey, Origin
from headwater.readers import _literals as s
from headwater.readers._inflections import Inflector

# Methods of a table definition that declare something else than a column.
NOT_COLUMNS = frozenset(
    {"index", "foreign_key", "check_constraint", "exclusion_constraint", "unique_constraint", "unique_key"}
    | {"primary_keys", "set_timestamps", "comment", "options", "exec", "execute", "string?", "column_exists?"}
    | {"remove_index", "rename_index", "remove_foreign_key", "remove_check_constraint", "change_null"}
)
REFERENCES = frozenset({"references", "belongs_to"})
_TYPES = {"string": "varchar", "primary_key": "bigint", "virtual": "", "bigserial": "bigint", "serial": "integer"}
# What the Paperclip library adds for one attachment.
_ATTACHMENT = (("file_name", "varchar"), ("content_type", "varchar"), ("file_size", "integer"))


@dataclass
class DeclaredColumns:
    """What one call declares: columns, foreign keys, and a primary key."""

    columns: list[Column] = field(default_factory=list)
    keys: list[ForeignKey] = field(default_factory=list)
    primary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Declarer:
    """Turns calls into columns; `constants` are the values of loop variables and of constants of the file."""

    inflector: Inflector
    path: str
    source: bytes
    constants: Mapping[str, f.Expr]

    def text(self, expr: f.Expr | None) -> str | None:
        """Return the text of an expression."""
        return s.text(expr, self.constants)

    def column(self, name: str, kind: str, call: f.Call, at: int) -> Column:
        """Return one column with the options of a call."""
        return Column(
            name,
            self._type(kind, call),
            nullable=not s.is_false(s.keyword(call, "null")),
            default=self._default(s.keyword(call, "default")),
            generated=self.text(s.keyword(call, "as")),
            comment=self.text(s.keyword(call, "comment")),
            origins=(Origin(self.path, q.line_of(self.source, at)),),
        )

    def _type(self, kind: str, call: f.Call) -> str:
        explicit = self.text(s.keyword(call, "type")) or s.constant(s.keyword(call, "enum_type"))
        name = explicit if kind == "virtual" and explicit else kind
        name = self.text(s.keyword(call, "enum_type")) or name if kind == "enum" else name
        spelt = _TYPES.get(name, name)
        limit, scale = s.constant(s.keyword(call, "limit")), s.constant(s.keyword(call, "scale"))
        precision = s.constant(s.keyword(call, "precision"))
        if kind in ("decimal", "numeric") and precision.isdigit():
            spelt += f"({precision},{scale})" if scale.isdigit() else f"({precision})"
        elif kind == "integer" and limit == "8":
            spelt = "bigint"
        elif limit.isdigit() and kind in ("string", "binary", "char"):
            spelt += f"({limit})"
        return spelt + "[]" if s.is_true(s.keyword(call, "array")) else spelt

    def _default(self, expr: f.Expr | None) -> str | None:
        if expr is None or s.constant(expr) in ("nil", "null"):
            return None
        if isinstance(expr, f.Lambda):
            value = next(s.expressions(expr.body), None)
            return s.text(value)
        word = self.text(expr)
        if word is not None:
            return "'" + word.replace("'", "''") + "'"
        return " ".join(self.source[expr.start : expr.end].decode("utf-8", "replace").split())

    def from_method(self, method: str, call: f.Call) -> DeclaredColumns | None:
        """Return what `t.method(…)` declares, or None if it is not about columns."""
        if method in NOT_COLUMNS:
            return None
        if method == "timestamps":
            return DeclaredColumns(list(self.timestamps(call)))
        if method in REFERENCES:
            result = DeclaredColumns()
            for arg in call.args:
                self.reference(arg, call, result)
            return result
        if method == "column":
            name, kind = (self.text(arg) for arg in (*call.args, None, None)[:2])
            return (
                DeclaredColumns([self.column(name, kind or "", call, call.args[0].start)])
                if name
                else DeclaredColumns()
            )
        if method in ("attachment", "has_attached_file"):
            return DeclaredColumns([c for arg in call.args for c in self._attachment(arg)])
        named = [(name, arg) for arg in call.args for name in s.texts(arg, self.constants)]
        primary = tuple(name for name, _ in named) if method == "primary_key" else ()
        return DeclaredColumns([self.column(name, method, call, arg.start) for name, arg in named], primary=primary)

    def timestamps(self, call: f.Call) -> Iterator[Column]:
        """Yield the two columns of `timestamps`."""
        nullable = s.is_true(s.keyword(call, "null"))
        origins = (Origin(self.path, q.line_of(self.source, call.start)),)
        for name in ("created_at", "updated_at"):
            yield Column(name, "datetime", nullable=nullable, origins=origins)

    def _attachment(self, arg: f.Expr) -> Iterator[Column]:
        name = self.text(arg)
        origins = (Origin(self.path, q.line_of(self.source, arg.start)),)
        for suffix, kind in (*_ATTACHMENT, ("updated_at", "datetime")) if name else ():
            yield Column(f"{name}_{suffix}", kind, origins=origins)

    def reference(self, arg: f.Expr, call: f.Call, result: DeclaredColumns) -> None:
        """Add the columns of a reference, and its foreign key if it has one."""
        name = self.text(arg)
        if not name:
            return
        nullable = not s.is_false(s.keyword(call, "null"))
        origins = (Origin(self.path, q.line_of(self.source, arg.start)),)
        kind = self.text(s.keyword(call, "type")) or "bigint"
        polymorphic = s.keyword(call, "polymorphic")
        if polymorphic is not None and not s.is_false(polymorphic):
            result.columns.append(Column(f"{name}_type", "varchar", nullable=nullable, origins=origins))
        result.columns.append(Column(f"{name}_id", _TYPES.get(kind, kind), nullable=nullable, origins=origins))
        wish = s.keyword(call, "foreign_key")
        if wish is None or s.is_false(wish):
            return
        table = self.text(s.entry(wish, "to_table")) or self.inflector.plural(name)
        other = self.text(s.entry(wish, "primary_key")) or "id"
        rule = self.text(s.entry(wish, "on_delete"))
        local = self.text(s.entry(wish, "column")) or f"{name}_id"
        result.keys.append(ForeignKey((local,), table, (other,), on_delete=_rule(rule)))

    def foreign_key(self, call: f.Call) -> ForeignKey | None:
        """Return the key of `add_foreign_key :from, :to` or `t.foreign_key :to`, the table to refer to first."""
        table = self.text(call.args[0]) if call.args else None
        if not table:
            return None
        column = s.texts(s.keyword(call, "column"), self.constants) or (f"{self.inflector.singular(table)}_id",)
        other = s.texts(s.keyword(call, "primary_key"), self.constants) or ("id",) * len(column)
        rule = self.text(s.keyword(call, "on_delete"))
        name = self.text(s.keyword(call, "name"))
        return ForeignKey(column, table.rpartition(".")[2], other, name, on_delete=_rule(rule))


def _rule(word: str | None) -> str | None:
    return {"nullify": "SET NULL", "cascade": "CASCADE", "restrict": "RESTRICT"}.get(word or "")
