"""Names of tables and columns as TypeORM's naming strategies make them.

`DefaultNamingStrategy` and its `StringUtils` (typeorm, `src/naming-strategy`, `src/util`), and the snake-case strategy
of `typeorm-naming-strategies`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_SNAKE = re.compile(r"(?:([a-z])([A-Z]))|(?:((?!^)[A-Z])([a-z]))")
_CAMEL = re.compile(r"^([A-Z])|[\s_-](\w)")


def snake_case(text: str) -> str:
    """Return `userProfile` as `user_profile`."""
    return _SNAKE.sub(lambda m: f"{m[1] or ''}_{m[3] or ''}{m[2] or ''}{m[4] or ''}", text).lower()


def camel_case(text: str) -> str:
    """Return `user_profile` as `userProfile`."""
    return _CAMEL.sub(lambda m: m[2].upper() if m[2] else m[1].lower(), text)


def _title_case(text: str) -> str:
    return text[:1].upper() + text[1:].lower()


class DefaultNaming:
    """TypeORM's own strategy: tables in snake_case, columns as the properties are named."""

    def table(self, class_name: str) -> str:
        """Return the table of a class."""
        return snake_case(class_name)

    def column(self, name: str, prefixes: Sequence[str], *, custom: bool) -> str:
        """Return the column of a property, inside of embedded objects with these prefixes."""
        return camel_case("_".join(prefixes)) + _title_case(name) if prefixes else name

    def join_column(self, relation: str, referenced: str) -> str:
        """Return the foreign key column of a relation."""
        return camel_case(f"{relation}_{referenced}")

    def join_table(self, first: str, second: str, attribute: str) -> str:
        """Return the table of a many-to-many relation between two tables."""
        return snake_case(f"{first}_{attribute.replace('.', '_')}_{second}")

    def join_table_column(self, table: str, attribute: str, column: str | None) -> str:
        """Return a column of a join table."""
        return camel_case(f"{table}_{column or attribute}")


class SnakeNaming(DefaultNaming):
    """SnakeNamingStrategy of typeorm-naming-strategies: everything in snake_case."""

    def column(self, name: str, prefixes: Sequence[str], *, custom: bool) -> str:
        """Return the column of a property, inside of embedded objects with these prefixes."""
        head = snake_case("_".join((*prefixes, "")))
        return head + (name if custom else snake_case(name))

    def join_column(self, relation: str, referenced: str) -> str:
        """Return the foreign key column of a relation."""
        return snake_case(f"{relation}_{referenced}")

    def join_table_column(self, table: str, attribute: str, column: str | None) -> str:
        """Return a column of a join table."""
        return snake_case(f"{table}_{column or attribute}")
