"""What the settings of a code base say about names: Spring's properties and YAML, persistence.xml, and code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from headwater.readers import SourceFile
from headwater.readers.jpa.names import Naming, naming_of

# `physical-strategy: org…Impl` in YAML and properties, `hibernate.physical_naming_strategy` in XML and in code.
_PHYSICAL = re.compile(
    rb"""(?:naming[.\w-]*\.)?(?:physical[-_]?strategy|physicalStrategy|physical_naming_strategy|ejb.naming_strategy)"""
    rb"""["']?\s*(?:value)?\s*[:=,>]\s*["']?\s*([\w.$]+)"""
)
_IMPLICIT = re.compile(
    rb"""(?:implicit[-_]?strategy|implicitStrategy|implicit_naming_strategy)["']?\s*(?:value)?\s*[:=,>]\s*["']?\s*([\w.$]+)"""
)
_BOOT = re.compile(rb"org\.springframework\.boot|spring-boot|@SpringBootApplication")
_NOT_MAIN = re.compile(r"(^|/)(src/)?(test|tests|it|integration-test|testFixtures|docs?|examples?)/")


def naming(files: Iterable[SourceFile]) -> Naming:
    """Return the naming strategies of a code base; settings of tests count only where there are no others."""
    physical: Counter[tuple[bool, str]] = Counter()
    implicit: Counter[tuple[bool, str]] = Counter()
    boot = False
    for file in files:
        if file.language not in ("java", "kotlin", "settings"):
            continue
        boot = boot or _BOOT.search(file.source) is not None
        if b"strategy" not in file.source and b"Strategy" not in file.source:
            continue
        main = not _NOT_MAIN.search(file.path)
        for pattern, counter in ((_PHYSICAL, physical), (_IMPLICIT, implicit)):
            counter.update((main, match[1].decode()) for match in pattern.finditer(file.source))
    return naming_of(_best(physical), _best(implicit), boot)


def _best(counter: Counter[tuple[bool, str]]) -> str:
    ranked = sorted(counter.items(), key=lambda item: (item[0][0], item[1], item[0][1]))
    return ranked[-1][0][1] if ranked else ""
