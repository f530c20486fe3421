"""Each case is a small code base; trailing comments list the columns that each line uses, and how."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.core.lineage.orm.indexes import index_over

from headwater.catalog.model import Schema
from headwater.core.lineage import orm
from headwater.readers import all_readers
from headwater.testing.readers import CodeBase

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
_EXPECTED = re.compile(r"(?:#|//) -> (.*)$")


def split(text: str) -> dict[str, str]:
    """Cut a case into its files: each begins with a line `--- path`."""
    parts = re.split(r"^--- (\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def expected(files: dict[str, str]) -> set[tuple[str, int, str]]:
    result = set()
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if match := _EXPECTED.search(line):
                result |= {(path, number, usage.strip()) for usage in match[1].split(",")}
    return result


def claimed(files: dict[str, str]) -> set[tuple[str, int, str]]:
    base = CodeBase(files)
    readings = {}
    for name, reader in all_readers().items():
        detected = [source for source in base.sources if reader.detects(source)]
        if detected:
            readings[name] = reader.read(base, detected)
    schema = Schema(tuple(relation for reading in readings.values() for relation in reading.schema))
    index = index_over(base, readings, schema)
    return {
        (path, files[path].encode()[: claim.start].count(b"\n") + 1, described(claim))
        for path, module in base.modules.items()
        for claim in orm.examine(module, index).claims
        if claim.sub_type not in ("implicit", "lazy")
    }


def described(claim) -> str:
    return f"{claim.sub_type or claim.usage_type} {claim.table}.{claim.column}"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_claims_match_comments(case):
    files = split(case.read_text("utf-8"))
    assert sorted(claimed(files)) == sorted(expected(files))
