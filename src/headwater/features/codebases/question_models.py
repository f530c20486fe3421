"""Response models of the questions about columns and tables."""

from __future__ import annotations

import uuid
from typing import Literal

from headwater.catalog.usages import UsageType
from headwater.core.lineage.questions.column_use import Certainty, UseState
from headwater.core.lineage.questions.data_classes import ClassCertainty
from headwater.core.lineage.questions.shared_tables import DifferenceKind
from headwater.features.accounts.api_models import Wire
from headwater.features.codebases.api_models import ColumnSummaryOut


class UseOut(Wire):
    """How a column is used, and why; `whole_rows` counts places that load or store its row as a whole."""

    state: UseState
    certainty: Certainty
    reason: str
    reads: int
    writes: int
    whole_rows: int


class ColumnOut(ColumnSummaryOut):
    """A column with the numbers of its usages, and how it is used."""

    use: UseOut


class UseCountsOut(Wire):
    """Numbers of columns or tables by how they are used."""

    used: int = 0
    unused: int = 0
    never_read: int = 0
    never_written: int = 0


class ColumnsOut(Wire):
    """The columns that were asked for, in the order of the schema; `counts` is of all columns."""

    columns: list[ColumnOut]
    counts: UseCountsOut


class PersonalDataClassOut(Wire):
    """A class of personal data, and how many columns have it; `special` are those of article 9 of the GDPR."""

    name: str
    title: str
    source: str
    special: bool
    columns: int


class PersonalDataUseOut(Wire):
    """A column with personal data, why, and how often and in which files it is read and written."""

    column_id: uuid.UUID
    table_name: str
    column_name: str
    type: str
    data_class: str
    title: str
    special: bool
    certainty: ClassCertainty
    reason: str
    reads: int
    writes: int
    whole_rows: int
    read_in: list[str]
    written_in: list[str]
    file_path: str
    line_number: int


class PersonalDataOut(Wire):
    """The columns with personal data in the order of the schema, and all classes in the order of the rules."""

    columns: list[PersonalDataUseOut]
    classes: list[PersonalDataClassOut]


class DiffUsageOut(Wire):
    """A usage that only one of two scans has, where that scan has it."""

    table_name: str
    column_name: str
    usage_type: UsageType
    file_path: str
    line_number: int
    symbol: str
    code_snippet: str


class ChangesOut(Wire):
    """Tables, columns (`table.column`) and usages that only one scan has; `total` counts all usages."""

    tables: list[str]
    columns: list[str]
    usages: list[DiffUsageOut]
    total: int


class ScanDiffOut(Wire):
    """What appeared and disappeared from one codebase to another one, whose names are `before` and `after`."""

    before: str
    after: str
    appeared: ChangesOut
    disappeared: ChangesOut


class ColumnDefinitionOut(Wire):
    """How one codebase defines a column; empty if it has no such column."""

    codebase: str
    definition: str


class DivergenceOut(Wire):
    """A column that codebases define in different ways."""

    column_name: str
    kinds: list[DifferenceKind]
    definitions: list[ColumnDefinitionOut]


class SharedTableOut(Wire):
    """A table of several codebases: how many columns all of them define alike, and those that diverge."""

    table_name: str
    codebases: list[str]
    same_columns: int
    divergences: list[DivergenceOut]


class SharedTablesOut(Wire):
    """The tables that a codebase shares with others, those with the most divergent columns first."""

    tables: list[SharedTableOut]


class TableOut(Wire):
    """A table or view, and how it is used; `columns` is their number."""

    table_name: str
    kind: Literal["table", "view", "materialized_view", "collection", "keyspace"]
    columns: int
    state: UseState
    certainty: Certainty
    reason: str
    reads: int
    writes: int
    deletes: int
    file_path: str
    line_number: int


class TablesOut(Wire):
    """The tables that were asked for, in the order of the schema; `counts` is of all tables."""

    tables: list[TableOut]
    counts: UseCountsOut
