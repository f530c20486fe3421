"""The conformance suite of readers: requirements on every module in `headwater.readers`.

Each check takes a reader and raises AssertionError. `CHECKS` lists them; a test runs all of them over
`plugins.load_all("readers")`. `CodeBase` is an in-memory double of a scanned code base.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

from headwater.catalog import codec, facts
from headwater.core.lineage import symbols
from headwater.languages import by_suffix
from headwater.readers import Reader, Reading, SourceFile, schema_suffixes

# Texts that look like declarations and are broken, empty, circular or hostile.
HOSTILE = {
    "app/models.py": (
        "from sqlalchemy import Column, Table, ForeignKey\nfrom app.models import Base, Loop\n"
        "class Loop(Loop): __tablename__ = 'loop'\n"
        "class A(B): __tablename__ = Column()\nclass B(A): x = Column(\n"
        "class C(Base):\n    __tablename__ = f'{unknown}'\n    id = Column(primary_key=True)\n"
        "    __table_args__ = (nothing, {'schema': 3})\n    r = relationship()\n    q = relationship(lambda: D)\n"
        "t = Table()\nu = Table('u', None, Column(), Column('x', ForeignKey('nowhere')),"
        " ForeignKeyConstraint([], []))\n"
    ),
    "migrations/001.py": (
        "from alembic import op\nrevision = 'a'\ndown_revision = 'a'\n"
        "def upgrade():\n    op.create_table()\n    op.add_column('gone')\n    op.drop_column('gone', 'x')\n"
        "    op.rename_table('a')\n    op.alter_column('a', 'b', new_column_name=3)\n    upgrade()\n"
    ),
    "schema.sql": (
        "CREATE TABLE a (id int, id int);\nALTER TABLE nowhere ADD b int;\nCREATE TABLE (;\nDROP TABLE x, y;\n"
    ),
    "schema.prisma": "model A {\n  id Int @id\n  b B @relation(fields: [x], references: [y])\n}\nmodel {\n}\nenum",
    "empty.py": "",
    "empty.sql": "",
    "empty.prisma": "",
    "plain.py": "print('a page about sqlalchemy and alembic')\n",
}


class CodeBase:
    """A code base in memory that implements `readers.Project`."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        known = by_suffix()
        self.sources: list[SourceFile] = []
        self.modules: dict[str, facts.Module] = {}
        for path, text in sorted(texts.items()):
            suffix = PurePosixPath(path).suffix
            language = known.get(suffix)
            source = SourceFile(path, language.NAME if language else schema_suffixes().get(suffix, ""), text.encode())
            self.sources.append(source)
            if language:
                self.modules[path] = language.facts(path, source.source)
        self.symbols = symbols.build(self.modules)

    def files(self) -> Iterable[SourceFile]:
        """Return all source files, by path."""
        return self.sources

    def module(self, path: str) -> facts.Module | None:
        """Return the facts of a file."""
        return self.modules.get(path)

    def resolve(self, path: str, name: str) -> tuple[str, facts.Stmt] | None:
        """Return where a dotted name used in a file is defined."""
        return self.symbols.resolve(path, name)

    def read(self, reader: Reader) -> Reading:
        """Return the result of a reader on the files that it detects."""
        return reader.read(self, [source for source in self.sources if reader.detects(source)])


def is_described(reader: Reader) -> None:
    """The module has its display name."""
    assert reader.NAME.strip() == reader.NAME and reader.NAME


def passes_over_what_is_not_its_own(reader: Reader) -> None:
    """Empty files and plain prose are not detected, or give an empty reading."""
    texts = {path: text for path, text in HOSTILE.items() if path.startswith(("empty", "plain"))}
    reading = CodeBase(texts).read(reader)
    assert not reading.schema.relations
    assert not reading.models


def nothing_to_read_is_nothing_read(reader: Reader) -> None:
    """A reader that detected no file returns an empty reading."""
    reading = reader.read(CodeBase({}), [])
    assert not reading.schema.relations and not reading.models


def broken_text_never_raises(reader: Reader) -> None:
    """Broken, circular and contradictory declarations are read as far as possible."""
    whole = CodeBase(HOSTILE).read(reader)
    _is_sound(whole)
    for path, text in HOSTILE.items():
        for cut in range(0, len(text), 23):
            _is_sound(CodeBase({path: text[:cut]}).read(reader))


def readings_travel(reader: Reader) -> None:
    """A reading survives JSON and pickling unchanged, and reading again gives the same."""
    reading = CodeBase(HOSTILE).read(reader)
    assert codec.from_json(codec.to_json(reading.schema)) == reading.schema
    assert pickle.loads(pickle.dumps(reading)) == reading  # noqa: S301
    assert CodeBase(HOSTILE).read(reader) == reading


def _is_sound(reading: Reading) -> None:
    for relation in reading.schema:
        names = [column.name for column in relation.columns]
        assert relation.name and all(names), relation
        assert len(set(names)) == len(names), relation
    tables = {relation.name: relation for relation in reading.schema}
    for model in reading.models:
        assert model.table in tables, model
        for field in model.fields:
            assert field.column is None or tables[model.table].column(field.column), (model.key, field)


CHECKS: tuple[Callable[[Reader], None], ...] = (
    is_described,
    passes_over_what_is_not_its_own,
    nothing_to_read_is_nothing_read,
    broken_text_never_raises,
    readings_travel,
)
