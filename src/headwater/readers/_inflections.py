"""Names that frameworks derive from others: plural tables, snake-case columns, by the frameworks' own rules.

Rails: `activesupport/lib/active_support/inflections.rb` and `inflector/methods.rb`. Laravel:
`Illuminate/Support/Pluralizer.php` over `doctrine/inflector`, `Rules/English/{Inflectible,Uninflected}.php`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Rules = tuple[tuple[str, str], ...]

_RAILS_PLURALS: Rules = (
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
    (r"(bu)s$", r"\1ses"),
    (r"(alias|status)$", r"\1es"),
    (r"(octop|vir)i$", r"\1i"),
    (r"(octop|vir)us$", r"\1i"),
    (r"^(ax|test)is$", r"\1es"),
    (r"s$", "s"),
    (r"$", "s"),
)
_RAILS_SINGULARS: Rules = (
    (r"(database)s$", r"\1"),
    (r"(quiz)zes$", r"\1"),
    (r"(matr)ices$", r"\1ix"),
    (r"(vert|ind)ices$", r"\1ex"),
    (r"^(ox)en", r"\1"),
    (r"(alias|status)(es)?$", r"\1"),
    (r"(octop|vir)(us|i)$", r"\1us"),
    (r"^(a)x[ie]s$", r"\1xis"),
    (r"(cris|test)(is|es)$", r"\1is"),
    (r"(shoe)s$", r"\1"),
    (r"(o)es$", r"\1"),
    (r"(bus)(es)?$", r"\1"),
    (r"^(m|l)ice$", r"\1ouse"),
    (r"(x|ch|ss|sh)es$", r"\1"),
    (r"(m)ovies$", r"\1ovie"),
    (r"(s)eries$", r"\1eries"),
    (r"([^aeiouy]|qu)ies$", r"\1y"),
    (r"([lr])ves$", r"\1f"),
    (r"(tive)s$", r"\1"),
    (r"(hive)s$", r"\1"),
    (r"([^f])ves$", r"\1fe"),
    (r"(^analy)(sis|ses)$", r"\1sis"),
    (r"((a)naly|(b)a|(d)iagno|(p)arenthe|(p)rogno|(s)ynop|(t)he)(sis|ses)$", r"\1sis"),
    (r"([ti])a$", r"\1um"),
    (r"(n)ews$", r"\1ews"),
    (r"(ss)$", r"\1"),
    (r"s$", ""),
)
_RAILS_IRREGULAR = {
    "person": "people",
    "man": "men",
    "child": "children",
    "sex": "sexes",
    "move": "moves",
    "zombie": "zombies",
}
_RAILS_UNCOUNTABLE = frozenset(
    {"equipment", "information", "rice", "money", "species", "series", "fish", "sheep", "jeans", "police"}
)
_LARAVEL_PLURALS: Rules = (
    (r"(s)tatus$", r"\1tatuses"),
    (r"(quiz)$", r"\1zes"),
    (r"^(ox)$", r"\1en"),
    (r"([ml])ouse$", r"\1ice"),
    (r"(matr|vert|ind)(?:ix|ex)$", r"\1ices"),
    (r"(x|ch|ss|sh)$", r"\1es"),
    (r"([^aeiouy]|qu)y$", r"\1ies"),
    (r"(hive|gulf)$", r"\1s"),
    (r"(?:([^f])fe|([lr])f)$", r"\1\2ves"),
    (r"sis$", "ses"),
    (r"([ti])um$", r"\1a"),
    (r"(tax)on$", r"\1a"),
    (r"(c)riterion$", r"\1riteria"),
    (r"(p)erson$", r"\1eople"),
    (r"(m)an$", r"\1en"),
    (r"(c)hild$", r"\1hildren"),
    (r"(f)oot$", r"\1eet"),
    (r"(buffal|her|potat|tomat|volcan)o$", r"\1oes"),
    (r"(alumn|bacill|cact|foc|fung|nucle|radi|stimul|syllab|termin|vir)us$", r"\1i"),
    (r"us$", "uses"),
    (r"(alias)$", r"\1es"),
    (r"(analys|ax|cris|test|thes)is$", r"\1es"),
    (r"s$", "s"),
    (r"$", "s"),
)
_LARAVEL_IRREGULAR = {
    "atlas": "atlases",
    "axe": "axes",
    "cafe": "cafes",
    "cave": "caves",
    "chateau": "chateaux",
    "cookie": "cookies",
    "corpus": "corpuses",
    "criterion": "criteria",
    "curve": "curves",
    "demo": "demos",
    "domino": "dominoes",
    "echo": "echoes",
    "gas": "gases",
    "genus": "genera",
    "glove": "gloves",
    "goose": "geese",
    "grave": "graves",
    "half": "halves",
    "hero": "heroes",
    "human": "humans",
    "lens": "lenses",
    "loaf": "loaves",
    "man": "men",
    "medium": "media",
    "memorandum": "memoranda",
    "motto": "mottoes",
    "move": "moves",
    "niche": "niches",
    "octopus": "octopuses",
    "opus": "opuses",
    "ox": "oxen",
    "pass": "passes",
    "person": "people",
    "plateau": "plateaux",
    "safe": "safes",
    "save": "saves",
    "sex": "sexes",
    "shoe": "shoes",
    "sieve": "sieves",
    "thief": "thieves",
    "tooth": "teeth",
    "tornado": "tornadoes",
    "valve": "valves",
    "volcano": "volcanoes",
    "wave": "waves",
    "zombie": "zombies",
}
_LARAVEL_UNCOUNTABLE = frozenset(
    {"aircraft", "audio", "bison", "chassis", "compensation", "coreopsis", "corps", "data", "deer", "diabetes"}
    | {"education", "emoji", "equipment", "evidence", "feedback", "firmware", "fish", "furniture", "gallows", "gold"}
    | {"hardware", "headquarters", "herpes", "information", "innings", "jedi", "kin", "knowledge", "love", "mackerel"}
    | {"metadata", "means", "measles", "money", "moose", "mumps", "news", "nutrition", "offspring", "pants", "people"}
    | {"plankton", "pokemon", "police", "proceedings", "rain", "rice", "recommended", "related", "salmon", "scissors"}
    | {"series", "sheep", "shrimp", "software", "species", "spyware", "staff", "sugar", "swine", "traffic", "trousers"}
    | {"trout", "tuna", "weather", "wheat", "wood", "you", "sms", "stuff"}
)


@dataclass
class Inflector:
    """Plural and singular forms by ordered rules; the first that matches decides."""

    plurals: Rules
    singulars: Rules = _RAILS_SINGULARS
    irregular: Mapping[str, str] = field(default_factory=dict)
    uncountable: frozenset[str] = frozenset()
    acronyms: tuple[str, ...] = ()
    whole_words: bool = False  # irregular forms are those of whole names, not of their ends

    def plural(self, word: str) -> str:
        """Return the plural of a word, or of the last word of a name in snake_case."""
        return self._inflected(word, self.plurals, self.irregular)

    def singular(self, word: str) -> str:
        """Return the singular of a word, or of the last word of a name in snake_case."""
        return self._inflected(word, self.singulars, {many: one for one, many in self.irregular.items()})

    def _inflected(self, word: str, rules: Rules, irregular: Mapping[str, str]) -> str:
        lowered = word.lower()
        if any(re.search(rf"(?:^|_|\b){re.escape(name)}$", lowered) for name in self.uncountable):
            return word
        for known, other in irregular.items():
            if self.whole_words and lowered not in (known, other):
                continue
            if lowered.endswith(other):
                return word
            if lowered.endswith(known):
                return word[: len(word) - len(known)] + word[-len(known)] + other[1:]
        for pattern, replacement in rules:
            changed, count = re.subn(pattern, replacement, word, count=1, flags=re.IGNORECASE)
            if count:
                return changed
        return word

    def underscore(self, name: str) -> str:
        """Return a class name in snake_case, with `/` between the parts of a nested name, as Rails does."""
        for acronym in self.acronyms:
            name = re.sub(rf"(?<=([A-Za-z\d])){acronym}(?=\b|[^a-z])", f"_{acronym.lower()}", name)
            name = re.sub(rf"\b{acronym}(?=\b|[^a-z])", acronym.lower(), name)
        name = re.sub(r"([A-Z\d]+)([A-Z][a-z])", r"\1_\2", name.replace("::", "/").replace(".", "/"))
        return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", name).replace("-", "_").lower()

    def camelize(self, name: str) -> str:
        """Return a name in snake_case as a class name."""
        known = {acronym.lower(): acronym for acronym in self.acronyms}
        parts = (word for word in re.split(r"_+", name) if word)
        return "".join(known.get(word, word[:1].upper() + word[1:]) for word in parts)


def rails() -> Inflector:
    """Return the inflections of Rails as they are before an application adds its own."""
    return Inflector(_RAILS_PLURALS, irregular=_RAILS_IRREGULAR, uncountable=_RAILS_UNCOUNTABLE)


def laravel() -> Inflector:
    """Return the inflections of Laravel."""
    return Inflector(_LARAVEL_PLURALS, irregular=_LARAVEL_IRREGULAR, uncountable=_LARAVEL_UNCOUNTABLE, whole_words=True)


def laravel_snake(name: str) -> str:
    """Return a class name in snake_case as `Str::snake` does: a mark before every capital letter."""
    if name.islower():
        return name
    return re.sub(r"(.)(?=[A-Z])", r"\1_", name).lower()


def laravel_table(class_name: str) -> str:
    """Return the table of an Eloquent model: `Str::snake(Str::pluralStudly(class))`."""
    parts = re.split(r"(.)(?=[A-Z])", class_name)
    last = parts[-1]
    return laravel_snake("".join(parts[:-1]) + laravel().plural(last))
