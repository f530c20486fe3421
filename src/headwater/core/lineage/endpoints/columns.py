"""Which columns an endpoint reads and writes, and through which functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from headwater.catalog.usages import Usage, UsageType
from headwater.core.lineage.endpoints.model import HttpEndpoint, ReachedCode, endpoints_by_usage

WRITES: frozenset[UsageType] = frozenset({"write", "update", "delete"})


class ReachedColumn(msgspec.Struct, frozen=True):
    """A column that an endpoint uses: the kinds and number of usages, and the shortest way to one of them."""

    table_name: str
    column_name: str
    usage_types: tuple[UsageType, ...]
    usages: int
    shortest: ReachedCode

    @property
    def writes(self) -> bool:
        """True if the endpoint changes the column."""
        return not WRITES.isdisjoint(self.usage_types)

    @property
    def reads(self) -> bool:
        """True if the endpoint does more with the column than change it."""
        return not WRITES.issuperset(self.usage_types)


def columns_by_endpoint(
    endpoints: Sequence[HttpEndpoint], usages: Iterable[Usage], *, implicit: bool = False
) -> list[tuple[ReachedColumn, ...]]:
    """Return the columns that each of these endpoints uses, by table and name.

    Args:
        endpoints: the endpoints of a scan.
        usages: the usages of the same scan.
        implicit: count columns that are only loaded with a whole row, too.
    """
    counted = [usage for usage in usages if implicit or usage.sub_type != "implicit"]
    uses: dict[HttpEndpoint, dict[tuple[str, str], list[tuple[Usage, ReachedCode]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for usage, callers in zip(counted, endpoints_by_usage(endpoints, counted), strict=True):
        for caller in callers:
            uses[caller.endpoint][usage.table_name, usage.column_name].append((usage, caller.reach))
    return [tuple(_use(key, known) for key, known in sorted(uses[endpoint].items())) for endpoint in endpoints]


def _use(key: tuple[str, str], known: Sequence[tuple[Usage, ReachedCode]]) -> ReachedColumn:
    kinds = tuple(sorted({usage.usage_type for usage, _ in known}))
    shortest = min((reach for _, reach in known), key=lambda reach: len(reach.chain))
    return ReachedColumn(*key, kinds, len(known), shortest)
