"""Associations, aliases and delegated attributes of models, with the conventions of Active Record's reflections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headwater.catalog import fact_queries as q
from headwater.catalog import facts as f
from headwater.catalog.model import Schema
from headwater.readers import Field
from headwater.readers import _literals as s
from headwater.readers.active_record.classes import RecordClasses, RubyClass
from headwater.readers.active_record.operations import join_table

_ONE = frozenset({"belongs_to", "has_one"})
KINDS = frozenset({*_ONE, "has_many", "has_and_belongs_to_many"})
_ALIASES = frozenset({"alias_attribute", "store_accessor", "delegate", "store"})


@dataclass(frozen=True)
class Declaration:
    """One call in the body of a model: an association, an alias, or a delegation."""

    kind: str
    call: f.Call
    options: Mapping[str, f.Expr]
    owner: str

    def text(self, name: str) -> str | None:
        """Return the text of an option."""
        return s.text(self.options.get(name)) or q.dotted_name(self.options.get(name)).replace(".", "::") or None

    @property
    def name(self) -> str:
        """The first argument: the name of an association."""
        return (s.text(self.call.args[0]) if self.call.args else None) or ""


def declarations(
    exprs: Iterator[f.Expr], owner: str, shared: Mapping[str, f.Expr] | None = None
) -> Iterator[Declaration]:
    """Yield the declarations among the calls of a class body, those in `with_options` blocks included.

    Args:
        exprs: the calls.
        owner: the name of the class that declares.
        shared: options that hold for all of them.
    """
    for expr in exprs:
        if not isinstance(expr, f.Call):
            continue
        word = q.last_name(expr.func)
        options = {**(shared or {}), **{k.name: k.value for k in expr.keywords if k.name}}
        if word == "with_options" and expr.args and isinstance(expr.args[-1], f.Lambda):
            yield from declarations(s.expressions(expr.args[-1].body), owner, options)
        elif word in KINDS or word in _ALIASES:
            yield Declaration(word, expr, options, owner)


class Associations:
    """Turns the declarations of models into fields."""

    def __init__(self, registry: RecordClasses, schema: Schema, tables: Mapping[str, str]) -> None:
        self.registry = registry
        self.schema = schema
        self.tables = tables
        self._declared: dict[str, dict[str, Declaration]] = {}
        self._fields: dict[tuple[str, str], Field | None] = {}

    def of(self, cls: RubyClass) -> Iterator[Field]:
        """Yield the fields that a model declares beside its columns."""
        declared = self._of(cls)
        for name in declared:
            field = self.field(cls, name)
            if field is not None:
                yield field
        columns = {c.name for c in self._columns(cls)}
        for declaration in self._declarations(cls):
            if declaration.kind not in KINDS:
                yield from self._alias(declaration, columns, declared)

    def _declarations(self, cls: RubyClass) -> Iterator[Declaration]:
        """Yield the declarations of a class and of its ancestors; keys are named for the class that declares."""
        ancestor: RubyClass | None = cls
        for _ in range(8):
            if ancestor is None:
                return
            owner = ancestor if self.registry.is_mapped(ancestor) and not self.registry.is_abstract(ancestor) else cls
            yield from declarations(self.registry.body(ancestor), owner.name.rpartition(".")[2])
            ancestor = self.registry.parent(ancestor)

    def _of(self, cls: RubyClass) -> dict[str, Declaration]:
        known = self._declared.get(cls.name)
        if known is None:
            known = self._declared[cls.name] = {}
            for declaration in self._declarations(cls):
                if declaration.kind in KINDS and declaration.name:
                    known.setdefault(declaration.name, declaration)
        return known

    def field(self, cls: RubyClass, name: str) -> Field | None:
        """Return the field of an association."""
        key = (cls.name, name)
        if key not in self._fields:
            self._fields[key] = None
            declaration = self._of(cls).get(name)
            self._fields[key] = self._field(cls, declaration) if declaration else None
        return self._fields[key]

    def _field(self, cls: RubyClass, declared: Declaration) -> Field | None:
        if declared.text("through"):
            return self._through(cls, declared)
        if declared.kind == "belongs_to":
            return self._belongs_to(cls, declared)
        if declared.kind == "has_and_belongs_to_many":
            return self._join_table(cls, declared)
        return self._has(cls, declared)

    def _target(self, cls: RubyClass, declared: Declaration) -> RubyClass | None:
        word = declared.text("class_name")
        if word is None:
            one = declared.name if declared.kind in _ONE else self.registry.inflector.singular(declared.name)
            word = self.registry.inflector.camelize(one)
        target = self.registry.find(word, cls.name)
        return target if target is not None and target.name in self.tables else None

    def _belongs_to(self, cls: RubyClass, declared: Declaration) -> Field | None:
        local = s.texts(declared.options.get("foreign_key")) or (f"{declared.name}_id",)
        polymorphic = declared.options.get("polymorphic")
        if polymorphic is not None and not s.is_false(polymorphic):
            return Field(declared.name, local=(*local, f"{declared.name}_type"))
        target = self._target(cls, declared)
        if target is None:
            return None
        remote = declared.text("primary_key") or self._key(target)
        return Field(declared.name, target=target.key, local=local, remote=(remote,))

    def _has(self, cls: RubyClass, declared: Declaration) -> Field | None:
        target = self._target(cls, declared)
        if target is None:
            return None
        owner = declared.text("as")
        name = f"{owner or self.registry.inflector.underscore(declared.owner)}_id"
        remote = s.texts(declared.options.get("foreign_key")) or (name,)
        local = declared.text("primary_key") or self._key(cls)
        many = declared.kind == "has_many"
        return Field(declared.name, target=target.key, many=many, local=(local,), remote=remote)

    def _join_table(self, cls: RubyClass, declared: Declaration) -> Field | None:
        target = self._target(cls, declared)
        if target is None:
            return None
        inflector = self.registry.inflector
        own, other = self.tables[cls.name], self.tables[target.name]
        table = declared.text("join_table") or join_table(*sorted((own, other)))
        mine = declared.text("foreign_key") or f"{inflector.underscore(declared.owner)}_id"
        theirs = declared.text("association_foreign_key") or f"{inflector.singular(declared.name)}_id"
        return Field(
            declared.name,
            target=target.key,
            many=True,
            local=(self._key(cls),),
            remote=(self._key(target),),
            through=table,
            through_local=(mine,),
            through_remote=(theirs,),
        )

    def _through(self, cls: RubyClass, declared: Declaration) -> Field | None:
        """Return a field over another association: the source is an association of the class in between."""
        middle = self.field(cls, declared.text("through") or "")
        between = self._class_of(middle)
        if middle is None or between is None:
            return None
        inflector = self.registry.inflector
        names = [declared.text("source") or inflector.singular(declared.name), declared.name]
        source = next((found for name in names if (found := self.field(between, name))), None)
        if source is None or source.target is None:
            return None
        many = declared.kind == "has_many"
        table = self.tables[between.name]
        if middle.through or source.through or not middle.local:
            return Field(declared.name, target=source.target, many=many)
        return Field(
            declared.name,
            target=source.target,
            many=many,
            local=middle.local,
            remote=source.remote,
            through=table,
            through_local=middle.remote,
            through_remote=source.local,
        )

    def _class_of(self, field: Field | None) -> RubyClass | None:
        name = field.target.partition(":")[2] if field is not None and field.target else ""
        return self.registry.classes.get(name)

    def _key(self, cls: RubyClass) -> str:
        explicit = s.text(self.registry.setting(self.registry.root(cls), "primary_key"))
        relation = self.schema.relation(self.tables[cls.name])
        own = relation.primary_key if relation else ()
        return explicit or (own[0] if len(own) == 1 else "id")

    def _columns(self, cls: RubyClass) -> tuple[Field, ...]:
        relation = self.schema.relation(self.tables[cls.name])
        return tuple(Field(c.name, c.name) for c in relation.columns) if relation else ()

    def _alias(self, declared: Declaration, columns: set[str], known: Mapping[str, Declaration]) -> Iterator[Field]:
        names = [word for arg in declared.call.args for word in s.texts(arg)]
        if declared.kind == "alias_attribute" and len(names) == 2 and names[1] in columns:
            yield Field(names[0], names[1])
        elif declared.kind in ("store_accessor", "store") and names and names[0] in columns:
            more = s.texts(declared.options.get("accessors"))
            yield from (Field(name, names[0]) for name in (*names[1:], *more) if name not in columns)
        elif declared.kind == "delegate" and (to := declared.text("to")) in known:
            prefix = declared.options.get("prefix")
            front = f"{to}_" if s.is_true(prefix) else f"{s.text(prefix)}_" if s.text(prefix) else ""
            yield from (Field(front + name, proxy=(to or "", name)) for name in names)
