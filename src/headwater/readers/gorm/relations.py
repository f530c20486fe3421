"""Relations between structs: which columns `belongs to`, `has one`, `has many` and `many to many` join on.

The rules are those of `schema/relationship.go`: the settings `foreignKey`, `references`, `joinForeignKey`,
`joinReferences` and `polymorphic`, or else the names that GORM tries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headwater.catalog.model import Column, ForeignKey, Origin, Relation
from headwater.readers import Field, Model
from headwater.readers.gorm.fields import GormColumn, GormRelation
from headwater.readers.gorm.names import NamingStrategy

Keys = tuple[ForeignKey, ...]


class Linker:
    """Resolves the relations of all models, and collects the join tables that they need."""

    def __init__(
        self, models: Mapping[str, Model], columns: Mapping[str, list[GormColumn]], naming: NamingStrategy
    ) -> None:
        self._models = models
        self._columns = columns
        self._naming = naming
        self._joins: dict[str, Relation] = {}

    def field(self, key: str, declared: GormRelation, line: int) -> tuple[Field, Keys]:
        """Return a relation as a field of a model, and the foreign keys of the model's own table."""
        target = declared.target.key
        plain = Field(declared.attribute, target=target, many=declared.many, line=line)
        if target not in self._models:
            return Field(declared.attribute, line=line), ()
        if join := declared.settings.get("MANY2MANY"):
            return self._many_to_many(key, declared, self._naming.join_table(join), line), ()
        if owner := declared.settings.get("POLYMORPHIC"):
            remote = self._column(target, declared.settings.get("POLYMORPHICID") or f"{owner}ID")
            return _joined(plain, self._primary(key), remote), ()
        if not declared.many and (belongs := self._belongs_to(key, declared)):
            local, remote = belongs
            return _joined(plain, local, remote), (ForeignKey(local, self._models[target].table, remote),)
        names = _names(declared.settings.get("FOREIGNKEY")) or [
            f"{self._models[key].name}{column.attribute}" for column in self._primary_columns(key)
        ]
        remote = self._all(target, names)
        local = self._all(key, self._referenced(declared)) or self._primary(key)
        return _joined(plain, local[: len(remote)] if remote else (), remote), ()

    def _belongs_to(self, key: str, declared: GormRelation) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Return the columns of a relation whose foreign key is in the model's own table, or None."""
        target = declared.target.key
        referenced = self._referenced(declared)
        primary = referenced or [column.attribute for column in self._primary_columns(target)]
        names = _names(declared.settings.get("FOREIGNKEY")) or [f"{declared.attribute}{name}" for name in primary]
        local = self._all(key, names)
        remote = self._all(target, primary)
        return (local, remote) if local and len(local) == len(remote) else None

    def _referenced(self, declared: GormRelation) -> list[str]:
        said = declared.settings
        return _names(said.get("REFERENCES") or said.get("ASSOCIATIONFOREIGNKEY"))

    def _many_to_many(self, key: str, declared: GormRelation, table: str, line: int) -> Field:
        target, said = declared.target.key, declared.settings
        owner = self._models[key].name
        other = self._models[target].name if target != key else declared.attribute.removesuffix("s")
        local = self._all(key, _names(said.get("FOREIGNKEY"))) or self._primary(key)
        remote = self._all(target, self._referenced(declared)) or self._primary(target)
        here = self._ends(said.get("JOINFOREIGNKEY"), owner, key)
        there = self._ends(said.get("JOINREFERENCES"), other, target)
        self._join(table, (key, here, local), (target, there, remote))
        return Field(
            declared.attribute,
            target=target,
            many=True,
            local=local,
            remote=remote,
            through=table,
            through_local=here[: len(local)],
            through_remote=there[: len(remote)],
            line=line,
        )

    def _ends(self, setting: str | None, owner: str, key: str) -> tuple[str, ...]:
        """Return the columns of a join table that refer to one side."""
        names = _names(setting) or [f"{owner}{column.attribute}" for column in self._primary_columns(key)]
        return tuple(self._naming.column(name) for name in names)

    def _join(self, table: str, *sides: tuple[str, tuple[str, ...], tuple[str, ...]]) -> None:
        known = self._joins.get(table, Relation(table))
        columns, keys = list(known.columns), list(known.foreign_keys)
        for key, names, referenced in sides:
            types = {column.name: column.type for column in self._columns[key]}
            for name, of in zip(names, referenced, strict=False):
                if not any(column.name == name for column in columns):
                    columns.append(Column(name, types.get(of, ""), False))
            if len(names) == len(referenced):
                constraint = ForeignKey(names, self._models[key].table, referenced)
                keys += [constraint] if constraint not in keys else []
        primary = tuple(column.name for column in columns)
        origins = known.origins or self._origin(sides[0][0])
        self._joins[table] = Relation(
            table, tuple(columns), primary_key=primary, foreign_keys=tuple(keys), origins=origins
        )

    def _origin(self, key: str) -> tuple[Origin, ...]:
        model = self._models[key]
        return (Origin(model.path, model.line),)

    def join_tables(self, known: Mapping[str, Relation]) -> Iterator[Relation]:
        """Yield the join tables that no model declares."""
        names = {name.casefold() for name in known}
        yield from (relation for name, relation in self._joins.items() if name.casefold() not in names)

    def _primary_columns(self, key: str) -> list[GormColumn]:
        columns = self._columns[key]
        return [c for c in columns if c.primary_key] or [c for c in columns if c.attribute == "ID" or c.name == "id"]

    def _primary(self, key: str) -> tuple[str, ...]:
        return tuple(column.name for column in self._primary_columns(key))

    def _column(self, key: str, name: str) -> tuple[str, ...]:
        """Return the column of a field, which a setting can also name itself."""
        for column in self._columns[key]:
            if name in (column.attribute, column.name):
                return (column.name,)
        return ()

    def _all(self, key: str, names: list[str]) -> tuple[str, ...]:
        columns = tuple(name for field in names for name in self._column(key, field))
        return columns if len(columns) == len(names) else ()


def _names(setting: str | None) -> list[str]:
    return [name.strip() for name in (setting or "").split(",") if name.strip()]


def _joined(plain: Field, local: tuple[str, ...], remote: tuple[str, ...]) -> Field:
    if not local or len(local) != len(remote):
        return plain
    return Field(plain.name, target=plain.target, many=plain.many, local=local, remote=remote, line=plain.line)
