"""What an index knows without a symbol table: models, tables and vocabularies, as the readers say."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headwater.catalog.model import Column, Relation, Schema
from headwater.core.lineage.orm.table_models import linked, table_models, with_columns
from headwater.core.lineage.orm.vocabularies import vocabularies_of
from headwater.readers import Model, Reading, Vocabulary


class IndexData(msgspec.Struct, frozen=True):
    """What an index knows that no symbol table is needed for."""

    models: dict[str, Model]
    relations: dict[str, Relation]
    vocabularies: dict[str, Vocabulary]
    routed: frozenset[str]

    @property
    def languages(self) -> frozenset[str]:
        """The languages that are interpreted."""
        return self.routed.union(*(vocabulary.languages for vocabulary in self.vocabularies.values()))

    def slim(self) -> IndexData:
        """Return the same without what of tables only their own files say."""
        relations = {
            name: Relation(
                name,
                tuple(Column(column.name) for column in relation.columns),
                primary_key=relation.primary_key,
                foreign_keys=relation.foreign_keys,
            )
            for name, relation in self.relations.items()
        }
        return IndexData(self.models, relations, self.vocabularies, self.routed)


def from_readings(readings: Mapping[str, Reading], schema: Schema, routed: frozenset[str] = frozenset()) -> IndexData:
    """Return what readers say for an index.

    Args:
        readings: the result of each reader, by module name.
        schema: the merged Schema of all readings.
        routed: the languages in which web frameworks declare routes.
    """
    models = {model.key: model for reading in readings.values() for model in reading.models}
    models = {key: with_columns(model, schema) for key, model in linked(models).items()}
    used = {model.reader.casefold() for model in models.values()} | {name for name, r in readings.items() if r.models}
    vocabularies = vocabularies_of(used | set(readings))
    builders = {name for name, vocabulary in vocabularies.items() if vocabulary.names_tables}
    used |= {name for name, vocabulary in vocabularies.items() if vocabulary.statements}
    vocabularies = {name: words for name, words in vocabularies.items() if name in used | builders}
    if builders:
        models |= table_models(schema, {model.table for model in models.values()})
    return IndexData(models, {table.name: table for table in schema}, vocabularies, routed)
