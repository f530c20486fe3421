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
from headwater.core.lineage.symbols import Found
from headwater.languages import by_suffix
from headwater.readers import Reader, Reading, SourceFile, schema_suffixes, settings_files

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
    "db/models.go": (
        'package db\nimport "gorm.io/gorm"\ntype Loop struct { *Loop; gorm.Model; X Loop `gorm:"embedded"` }\n'
        'type A struct { ID int `gorm:"column:;primaryKey"`; B []B `gorm:"many2many:"`; C *A `gorm:"foreignKey:No"` }\n'
        'type B struct { ID int; A []A `gorm:"many2many:a_b"`; `gorm:"x"`; F func() `gorm:"-"` }\n'
        'func (A) TableName() string { return prefix + "a" }\nfunc (b *B) TableName() string { return b.TableName() }\n'
        "func m(db *gorm.DB) { db.AutoMigrate(); db.AutoMigrate(&A{}, nothing, &B{}); db.Find(); db.Where(}\n"
    ),
    "src/schema.rs": (
        "diesel::table! { users (id) { id -> Int4, #[sql_name] name -> , -> Text, t -> Nullable<Array<Text>>, } }\n"
        "table! { }\ntable! { a.b.c () { } }\njoinable!(users -> gone (id));\njoinable!();\n"
        "#[derive(Queryable, Insertable)] #[diesel(table_name)] struct User { id: i32, r#type: X}\n"
        "#[derive(DeriveEntityModel)] #[sea_orm(table_name = )] pub struct Model { #[sea_orm()] pub id: i32, id: i32}\n"
        '#[derive(DeriveRelation)] enum Relation { #[sea_orm(belongs_to = "Entity", from = "X", to = "Y")] Loop }\n'
    ),
    "empty.go": "",
    "empty.rs": "",
    "model/Loop.java": (
        "package m;\nimport jakarta.persistence.*;\n@Entity class Loop extends Loop { @Id Loop id; @ManyToOne No x; }\n"
        '@Entity @Table(name = NOWHERE) class A extends B { @EmbeddedId A id; @OneToMany(mappedBy = "no") List a; }\n'
        "@Entity class B extends A { @ManyToMany Set<A> bs; @ElementCollection Map<A, B> m; @OneToOne @MapsId A a; }\n"
        '@Entity class C { @Column(name = "") @Id int id; @Column(table = "t") int y; @JoinColumn A'
    ),
    "model/Loop.kt": (
        "package m\nimport jakarta.persistence.*\n@Entity class K(@Id val id: K, @ManyToOne val k: L) : K()\n"
        "@Entity class L(val l: List<L>, @Embedded val e: L"
    ),
    "Shop.cs": (
        "using Microsoft.EntityFrameworkCore;\nclass Db : Db { DbSet<A> As { get; set; } DbSet<No> G { get; set; } }\n"
        "class Db2 : DbContext { public DbSet<A> As { get; set; } void OnModelCreating(ModelBuilder b) {\n"
        "b.Entity<A>().HasKey(x => x.Nope).HasName(3); b.Entity<A>().HasOne(x => x.Self).WithMany().HasForeignKey();\n"
        "OnModelCreating(b); b.Entity<A>().OwnsOne(x => x.Self, o => o.OwnsOne(y => y.Self)); b.Entity(); } }\n"
        "class A : A { public int Id { get; set; } public A Self { get; set; } public List<A> Many { get; set; } }\n"
        "class B { [Key] public"
    ),
    "empty.py": "",
    "empty.java": "",
    "empty.cs": "",
    "empty.sql": "",
    "empty.prisma": "",
    "plain.py": "print('a page about sqlalchemy and alembic')\n",
    "plain.go": "package a\n// A page about gorm.\nfunc F() {}\n",
    "plain.rs": "// A page about diesel and sea_orm.\nfn f() {}\n",
}


class CodeBase:
    """A code base in memory that implements `readers.Project`."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        known = by_suffix()
        self.sources: list[SourceFile] = []
        self.modules: dict[str, facts.Module] = {}
        for path, text in sorted(texts.items()):
            suffix = PurePosixPath(path).suffix
            is_settings = settings_files().fullmatch(PurePosixPath(path).name) is not None
            language = None if is_settings else known.get(suffix)
            other = "settings" if is_settings else schema_suffixes().get(suffix, "")
            source = SourceFile(path, language.NAME if language else other, text.encode())
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

    def resolve_import(self, path: str, stmt: facts.Import) -> tuple[str, facts.Stmt] | None:
        """Return where a name that an import in a file names is defined, or None."""
        symbol = self.symbols.imported(path, stmt)
        return (symbol.path, symbol.stmt) if isinstance(symbol, Found) else None

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
