"""What changed from one scan to another: usages, tables and columns that appeared or disappeared.

Two usages are the same if table, column, kind, symbol and code are: lines and files that moved are no change, and
neither is white space. Names of tables and columns are compared without case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from headwater.catalog.model import Schema
from headwater.catalog.usages import Usage
from headwater.core.lineage.result import ScanResult

_MAX_ROWS = 200
_Key = tuple[str, str, str, str, str]


class DiffUsage(msgspec.Struct, frozen=True):
    """A usage that only one of two scans has, where that scan has it."""

    table_name: str
    column_name: str
    usage_type: str
    file_path: str
    line_number: int
    symbol: str
    code_snippet: str


class Changes(msgspec.Struct, frozen=True):
    """Tables, columns (`table.column`) of common tables, and usages that one scan has and the other has not."""

    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    usages: tuple[DiffUsage, ...] = ()


class ScanDiff(msgspec.Struct, frozen=True):
    """What appeared and disappeared between two scans; `before` and `after` name them."""

    before: str
    after: str
    appeared: Changes
    disappeared: Changes

    @property
    def is_empty(self) -> bool:
        """Return True if nothing has changed."""
        return self.appeared == self.disappeared == Changes()


class ScanState(msgspec.Struct, frozen=True):
    """What is compared of a scan, and its name."""

    name: str
    schema: Schema
    usages: Iterable[Usage]


def state_of(scan: ScanResult, name: str = "") -> ScanState:
    """Return what is compared of a scan."""
    return ScanState(name or scan.source, scan.schema, scan.usages)


def difference(before: ScanState, after: ScanState) -> ScanDiff:
    """Return what changed from one scan to another."""
    old, new = _by_key(before.usages), _by_key(after.usages)
    return ScanDiff(
        before.name,
        after.name,
        Changes(*_missing(after.schema, before.schema), _surplus(new, old)),
        Changes(*_missing(before.schema, after.schema), _surplus(old, new)),
    )


def _missing(schema: Schema, other: Schema) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tables, and the columns of common tables, that only the first schema has."""
    known = {relation.name.casefold(): relation for relation in other}
    tables = [relation.name for relation in schema if relation.name.casefold() not in known]
    columns = [
        f"{relation.name}.{column.name}"
        for relation in schema
        if relation.name.casefold() in known
        for column in relation.columns
        if known[relation.name.casefold()].column(column.name) is None
    ]
    return tuple(dict.fromkeys(tables)), tuple(dict.fromkeys(columns))


def _by_key(usages: Iterable[Usage]) -> Mapping[_Key, list[Usage]]:
    groups: dict[_Key, list[Usage]] = defaultdict(list)
    for usage in usages:
        code = " ".join(usage.code_snippet.split())
        names = usage.table_name.casefold(), usage.column_name.casefold()
        groups[(*names, usage.usage_type, usage.symbol, code)].append(usage)
    return groups


def _surplus(usages: Mapping[_Key, list[Usage]], others: Mapping[_Key, list[Usage]]) -> tuple[DiffUsage, ...]:
    """Return the usages that have no partner, of several alike those in files that have none."""
    result: list[DiffUsage] = []
    for key, own in usages.items():
        partners = others.get(key, [])
        if len(own) > len(partners):
            files = {usage.file_path for usage in partners}
            alone = sorted(own, key=lambda usage: (usage.file_path in files, usage.file_path, usage.line_number))
            result += [_diff_usage(usage) for usage in alone[: len(own) - len(partners)]]
    return tuple(sorted(result, key=_order))


def _order(usage: DiffUsage) -> tuple[str, str, str, int, str]:
    return usage.table_name, usage.column_name, usage.file_path, usage.line_number, usage.usage_type


def _diff_usage(usage: Usage) -> DiffUsage:
    return DiffUsage(**{name: getattr(usage, name) for name in DiffUsage.__struct_fields__})


# ------------------------------------------------------ formats


def to_json(diff: ScanDiff) -> bytes:
    """Return the difference as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(diff), indent=1) + b"\n"


def to_markdown(diff: ScanDiff) -> bytes:
    """Return the difference as Markdown, for a comment on a pull request."""
    lines = [f"### Usages of columns: {diff.before} → {diff.after}", ""]
    if diff.is_empty:
        return ("\n".join([*lines, "Nothing has changed."]) + "\n").encode()
    for title, changes in (("Appeared", diff.appeared), ("Disappeared", diff.disappeared)):
        lines += [f"#### {title}", ""]
        lines += [f"- table `{name}`" for name in changes.tables] + [f"- column `{name}`" for name in changes.columns]
        lines += [f"- {_count(len(changes.usages))}", *_table(changes.usages), ""]
    return ("\n".join(lines).rstrip() + "\n").encode()


def _table(usages: tuple[DiffUsage, ...]) -> list[str]:
    if not usages:
        return []
    lines = ["", "| Column | Kind | Where | Code |", "| --- | --- | --- | --- |"]
    for usage in usages[:_MAX_ROWS]:
        code = usage.code_snippet.split("\n")[0].strip().replace("|", "\\|").replace("`", "'")[:120]
        name, where = f"`{usage.table_name}.{usage.column_name}`", f"`{usage.file_path}:{usage.line_number}`"
        lines.append(f"| {name} | {usage.usage_type} | {where} | `{code or ' '}` |")
    if len(usages) > _MAX_ROWS:
        lines += ["", f"{len(usages) - _MAX_ROWS} more are left out here; the JSON report has all."]
    return lines


def _count(number: int) -> str:
    return f"{number:,} usage{'' if number == 1 else 's'}"
