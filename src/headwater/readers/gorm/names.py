"""GORM's names: `schema/naming.go` of gorm.io/gorm (snake case with initialisms), plurals of jinzhu/inflection."""

from __future__ import annotations

import re
from dataclasses import dataclass

# `commonInitialisms` of schema/naming.go, in its order: the first that fits is replaced.
_INITIALISMS = [
    "API",
    "ASCII",
    "CPU",
    "CSS",
    "DNS",
    "EOF",
    "GUID",
    "HTML",
    "HTTP",
    "HTTPS",
    "ID",
    "IP",
    "JSON",
    "LHS",
    "QPS",
    "RAM",
    "RHS",
    "RPC",
    "SLA",
    "SMTP",
    "SSH",
    "TLS",
    "TTL",
    "UID",
    "UI",
    "UUID",
    "URI",
    "URL",
    "UTF8",
    "VM",
    "XML",
    "XSRF",
    "XSS",
]
_INITIALISM = re.compile("|".join(_INITIALISMS))
# inflections.go of jinzhu/inflection: uncountable words, irregular ends, regular ends (the last rule first).
_UNCOUNTABLE = frozenset(
    [
        "equipment",
        "information",
        "rice",
        "money",
        "species",
        "series",
        "fish",
        "sheep",
        "jeans",
        "police",
        "milk",
        "salt",
        "time",
        "water",
        "paper",
        "food",
        "art",
        "cash",
        "music",
        "help",
        "luck",
        "oil",
        "progress",
        "rain",
        "research",
        "shopping",
        "software",
        "traffic",
    ]
)
_IRREGULAR = (
    ("person", "people"),
    ("man", "men"),
    ("child", "children"),
    ("sex", "sexes"),
    ("move", "moves"),
    ("ombie", "ombies"),
    ("goose", "geese"),
    ("foot", "feet"),
    ("moose", "moose"),
    ("tooth", "teeth"),
)
_REGULAR = tuple(
    (re.compile(find), replace)
    for find, replace in (
        (r"(quiz)$", r"\1zes"),
        (r"^(oxen)$", r"\1"),
        (r"^(ox)$", r"\1en"),
        (r"^(m|l)ice$", r"\1ice"),
        (r"^(m|l)ouse$", r"\1ice"),
        (r"(matr|vert|ind)(?:ix|ex)$", r"\1ices"),
        (r"(x|ch|ss|sh)$", r"\1es"),
        (r"([^aeiouy]|qu)y$", r"\1ies"),
        (r"(hive)$", r"\1s"),
        (r"(?:([^f])fe|([lr])f)$", r"\1\2ves"),
        (r"sis$", "ses"),
        (r"([ti])a$", r"\1a"),
        (r"([ti])um$", r"\1a"),
        (r"(buffal|tomat)o$", r"\1oes"),
        (r"(bu|mpu)s$", r"\1ses"),
        (r"(alias|status)$", r"\1es"),
        (r"(octop|vir)i$", r"\1i"),
        (r"(octop|vir)us$", r"\1i"),
        (r"^(ax|test)is$", r"\1es"),
        (r"s$", "s"),
        (r"([a-z])$", r"\1s"),
    )
)


def snake(name: str) -> str:
    """Return the snake case of a Go name: `toDBName`."""
    value = _INITIALISM.sub(lambda match: match[0].capitalize(), name)
    result: list[str] = []
    last_upper = False
    for i, char in enumerate(value):
        upper = "A" <= char <= "Z"
        following = value[i + 1 : i + 2]
        inside = last_upper and bool(following) and ("A" <= following <= "Z" or following.isdigit())
        at_end = not following
        if upper and not inside and i > 0 and not (at_end and last_upper) and value[i - 1] != "_" and following != "_":
            result.append("_")
        result.append(char.lower())
        last_upper = upper
    return "".join(result)


def plural(word: str) -> str:
    """Return the plural of a word: `inflection.Plural`."""
    if word.lower() in _UNCOUNTABLE:
        return word
    for ending, many in _IRREGULAR:
        if word.endswith(ending):
            return word[: len(word) - len(ending)] + many
    for find, replace in _REGULAR:
        if find.search(word):
            return find.sub(replace, word)
    return word


@dataclass(frozen=True, slots=True)
class NamingStrategy:
    """`schema.NamingStrategy`: how the names of tables and columns follow from those of structs and fields."""

    prefix: str = ""
    singular: bool = False
    no_lower_case: bool = False
    replacements: tuple[tuple[str, str], ...] = ()

    def column(self, field: str) -> str:
        """Return the column of a field."""
        for old, new in self.replacements:
            field = field.replace(old, new)
        return field if self.no_lower_case else snake(field)

    def table(self, struct: str) -> str:
        """Return the table of a struct."""
        name = self.column(struct)
        return self.prefix + (name if self.singular else plural(name))

    def join_table(self, name: str) -> str:
        """Return the table that `many2many:name` stands for."""
        if not self.no_lower_case and name.lower() == name:
            return self.prefix + name
        return self.table(name)
