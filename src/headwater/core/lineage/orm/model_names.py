"""The words by which code calls rows: the name of their model, or that of its table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from headwater.catalog import facts as f
from headwater.catalog.fact_queries import dotted_name
from headwater.core.lineage.orm.syntax import singular
from headwater.readers import Model


def by_words(models: Mapping[str, Model]) -> dict[tuple[str, ...], str]:
    """Return the models by their names, or those of their tables, as far as they mean one table."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for key, model in models.items():
        groups.setdefault(singular(model.name), []).append(key)
    tables: dict[tuple[str, ...], set[str]] = {}
    for key, model in models.items():
        tables.setdefault(singular(model.table), set()).add(key)
    by_table = {name: next(iter(keys)) for name, keys in tables.items() if len(keys) == 1 and name not in groups}
    return by_table | {name: keys[0] for name, keys in groups.items() if len({models[key].table for key in keys}) == 1}


def named_in(decorators: Iterable[f.Expr]) -> Iterator[str]:
    """Yield the names in the arguments of decorators: `#[Entity(repositoryClass: UserRepository::class)]`."""
    for decorator in decorators:
        if isinstance(decorator, f.Call):
            values = (*decorator.args, *(keyword.value for keyword in decorator.keywords))
            yield from (name for value in values if (name := dotted_name(value)))
