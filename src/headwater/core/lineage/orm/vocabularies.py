"""The vocabularies of the ORMs that a code base uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headwater import readers
from headwater.readers import Vocabulary


def vocabularies_of(used: Iterable[str]) -> dict[str, Vocabulary]:
    """Return the vocabularies of these readers, by their module names."""
    wanted = set(used)
    return {
        name: vocabulary
        for name, reader in readers.all_readers().items()
        if name in wanted and isinstance(vocabulary := getattr(reader, "VOCABULARY", None), Vocabulary)
    }


def words_of_language(vocabularies: Mapping[str, Vocabulary], language: str) -> Vocabulary:
    """Return one vocabulary of those ORMs among these that can be used in a language."""
    return merged(v for v in vocabularies.values() if language in v.languages)


def merged(vocabularies: Iterable[Vocabulary]) -> Vocabulary:
    """Return one vocabulary that combines several; the first definition of a word is used."""
    parts = list(vocabularies)
    if len(parts) < 2:
        return parts[0] if parts else Vocabulary()
    fields: dict[str, object] = {}
    for name in Vocabulary.__struct_fields__:
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], dict):
            fields[name] = {key: value for each in reversed(values) for key, value in each.items()}
        elif isinstance(values[0], frozenset):
            fields[name] = frozenset().union(*values)
        elif isinstance(values[0], tuple):
            fields[name] = tuple(dict.fromkeys(item for value in values for item in value))
        else:
            fields[name] = next((value for value in values if value != type(value)()), values[0])
    return Vocabulary(**fields)  # type: ignore[arg-type]
