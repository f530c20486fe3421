"""Physical names of JPA: the implicit and physical naming strategies of Hibernate and Spring Boot.

Sources: Jakarta Persistence (default names of tables, join columns, join tables), the Hibernate User Guide ("Naming
strategies"), and the Spring Boot reference ("Configure Hibernate naming strategy").
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec


def unquoted(name: str) -> str:
    """Return a name without the quotes that make it case-sensitive."""
    for left, right in (("`", "`"), ('"', '"'), ("[", "]")):
        if len(name) > 1 and name.startswith(left) and name.endswith(right):
            return name[1:-1]
    return name


def underscored(name: str) -> str:
    """Return a name as `CamelCaseToUnderscoresNamingStrategy` does: dots and humps become underscores, lower case."""
    result = ""
    name = name.replace(".", "_")
    for at, letter in enumerate(name):
        inner = 0 < at < len(name) - 1
        if inner and name[at - 1].islower() and letter.isupper() and name[at + 1].islower():
            result += "_"
        result += letter
    return result.lower()


def _improved(name: str) -> str:
    """Return a name as the ImprovedNamingStrategy of Hibernate 4 does: every upper-case letter after a lower one."""
    result = ""
    for at, letter in enumerate(name):
        if at and letter.isupper() and name[at - 1].islower():
            result += "_"
        result += letter
    return result.lower()


_PHYSICAL: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("standardimpl", str),
    ("ejb3", str),
    ("improved", _improved),
    ("upper", lambda name: underscored(name).upper()),
    ("camelcase", underscored),
    ("springphysical", underscored),
    ("underscore", underscored),
    ("snake", underscored),
    ("lowercase", str.lower),
)


class Naming(msgspec.Struct, frozen=True):
    """The strategies of one code base; `unknown` is the name of a physical strategy that cannot be read."""

    physical: Callable[[str], str] = str
    spring: bool = False
    component_path: bool = False
    unknown: str = ""

    def name(self, logical: str) -> str:
        """Return the physical name of a table or column."""
        return self.physical(unquoted(logical))

    def attribute(self, path: str) -> str:
        """Return the physical name of the column of an attribute; the path leads through embedded ones."""
        return self.physical(path.replace(".", "_") if self.component_path else path.rpartition(".")[2])

    def join_column(self, attribute: str, referenced: str) -> str:
        """Return the physical name of a foreign key: of the attribute, or the entity, and the column it refers to."""
        return self.physical(f"{attribute.rpartition('.')[2]}_{referenced}")

    def join_table(self, owner: str, target: str, attribute: str) -> str:
        """Return the physical name of the table between two tables."""
        return self.physical(f"{owner}_{attribute if self.spring else target}")


def naming_of(physical: str, implicit: str, spring_boot: bool) -> Naming:
    """Return the strategies with these class names; "" is the default, which depends on Spring Boot."""
    spring = spring_boot and (not implicit or "spring" in implicit.lower())
    path = "componentpath" in implicit.lower()
    if not physical:
        return Naming(underscored if spring_boot else str, spring, path)
    name = physical.rpartition(".")[2]
    convert = next((convert for key, convert in _PHYSICAL if key in name.lower()), None)
    return Naming(convert or (underscored if spring_boot else str), spring, path, "" if convert else name)
