"""Readers, one file or folder each, found by listing: schema text or ORM models in, Schema and models out.

A reader module contains:

    NAME: str                                   as shown to users, for instance "SQLAlchemy"
    detects(file: SourceFile) -> bool           a cheap test of one file: does it declare something I read?
    read(project: Project, files: Sequence[SourceFile]) -> Reading     `files` are those it detected, by path

A reader of a schema language of its own names the suffixes of its files in `SUFFIXES`; the name of its module is
then the name of the language.

What the ORM *means* (which method filters, writes, joins) is data beside the reader, in `VOCABULARY`; the one
interpreter in `core/lineage` applies it. A reader may see other files through `project`, never the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal, Protocol, cast

import msgspec

from headwater.catalog import facts
from headwater.catalog.changes import Change
from headwater.catalog.model import Schema
from headwater.catalog.usages import NotUnderstood
from headwater.kit import plugins


class SourceFile(msgspec.Struct, frozen=True):
    """One text file of a code base: path with forward slashes, language name ("" if none), UTF-8 source."""

    path: str
    language: str
    source: bytes


class UnreadLibrary(msgspec.Struct, frozen=True):
    """A library that no reader reads yet; `what` of it is missed: `models` or `queries`."""

    name: str
    what: str


class LibraryUse(msgspec.Struct, frozen=True):
    """A line of a file that uses a library which is not read yet."""

    library: UnreadLibrary
    line: int
    text: str


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """An attribute of a model: a column, or a relationship to another model.

    A relationship says which columns it joins on: `local` columns of this table equal `remote` columns of the
    target's table; over a `through` table, `local` equals `through_local` and `remote` equals `through_remote`.
    A `proxy` stands for an attribute of a relationship's target: it names the relationship and that attribute.
    """

    name: str
    column: str | None = None
    target: str | None = None
    many: bool = False
    local: tuple[str, ...] = ()
    remote: tuple[str, ...] = ()
    through: str | None = None
    through_local: tuple[str, ...] = ()
    through_remote: tuple[str, ...] = ()
    proxy: tuple[str, str] | None = None
    line: int = 0


class Model(msgspec.Struct, frozen=True):
    """A class or object through which code uses a table: a mapped class, a Prisma model, a Table object.

    `key` is unique in the project (`path:QualifiedName`); `target` of a Field is such a key. A table of joined
    inheritance has the columns of its parents under `inherited`: attribute name -> (table, column).
    """

    key: str
    name: str
    reader: str
    path: str
    line: int
    table: str
    schema: str | None = None
    fields: tuple[Field, ...] = ()
    inherited: dict[str, tuple[str, str]] = {}


class Reading(msgspec.Struct, frozen=True):
    """The result of a reader. `steps` is set by readers of migrations: the changes applied in `schema`."""

    schema: Schema
    models: tuple[Model, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    steps: tuple[Change, ...] = ()


Role = Literal["value", "options", "filter", "sort", "group", "projection", "join", "load", "write", "update"]
Result = Literal[
    "none", "same", "column", "query", "one", "many", "rows", "scalar", "scalars", "entity", "derived", "loader"
]


class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The meaning of calling one function or method of an ORM.

    `args` is how columns in its positional arguments are used. `named` says that the names of keyword arguments,
    and keys of a mapping given in their place, are columns of the receiver's entity, used so. `row` marks an
    effect on rows as a whole. `result` is what comes back:

    none      nothing that is known          same      the receiver, or for a function its first argument
    column    an SQL expression              query     a query of the arguments
    one       one element of the receiver    many      all its elements
    rows      the rows of the argument, a query    scalar, scalars    their first column
    entity    an alias of the argument       derived   a subquery, whose columns are new names
    loader    a loading option of a relationship
    """

    args: Role = "value"
    named: Role | None = None
    result: Result = "same"
    row: Literal["delete", "write", "update"] | None = None


class OptionsShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """The meaning of the keys of an options object, for ORMs that query with objects.

    `keys` maps a key of the options to the role of the columns named in its value ("value": the role that the
    method gives its data). Deeper down, a key in `through` passes on the role that it stands in (`AND`, `some`);
    one in `roles` changes it (`connect`, `where` inside of a nested update). Under a relationship, a key in `links`
    sets the foreign key: if that is in the other table, with this usage. `types` maps the ends of generated
    type names, which begin with a model's, to what an object of that type means ("value": a row).
    """

    keys: dict[str, Role] = {}
    through: frozenset[str] = frozenset()
    roles: dict[str, Role] = {}
    links: dict[str, Role] = {}
    types: dict[str, Role] = {}


class Vocabulary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an ORM's functions, types and methods mean, as data; the one interpreter applies it.

    Keys are the last part of a name. A function counts when it is imported from one of `packages`, or is an
    attribute of something made there (`db.select`). `languages` are those that can use the ORM: files of others
    are not interpreted. `current` names objects of companion libraries that stand for the signed-in user, with the
    decorator of the function that loads it. Calls of `declarations` declare columns and constraints; `properties`
    are decorators that make an attribute of a method; a class on top of `user_mixins` is the model of users.
    """

    packages: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    functions: dict[str, Operation] = {}
    namespaces: frozenset[str] = frozenset()
    query_attributes: frozenset[str] = frozenset()
    column_attributes: frozenset[str] = frozenset()
    session: dict[str, Operation] = {}
    query: dict[str, Operation] = {}
    rows: dict[str, Operation] = {}
    column: dict[str, Operation] = {}
    relation: dict[str, Operation] = {}
    table: dict[str, Operation] = {}
    instance: dict[str, Operation] = {}
    flushes: frozenset[str] = frozenset()
    declarations: frozenset[str] = frozenset()
    properties: frozenset[str] = frozenset()
    user_mixins: frozenset[str] = frozenset()
    current: dict[str, str] = {}
    types: dict[str, Literal["query", "rows", "many", "inner", "session"]] = {}
    client: dict[str, Operation] = {}
    shape: OptionsShape = OptionsShape()


class CodeProject(Protocol):
    """The code base around a reader's files, for lookups."""

    def files(self) -> Iterable[SourceFile]:
        """Return all source files, by path."""

    def module(self, path: str) -> facts.Module | None:
        """Return the facts of a file, or None when its language is not supported."""

    def resolve(self, path: str, name: str) -> tuple[str, facts.Stmt] | None:
        """Return where a dotted name used in a file is defined: (path, Class, Function or Assign), or None."""


class Reader(Protocol):
    """The interface of a reader module; one that reads models also has a VOCABULARY."""

    NAME: str

    def detects(self, file: SourceFile) -> bool:
        """Return True if this file declares something that this reader reads."""

    def read(self, project: CodeProject, files: Sequence[SourceFile]) -> Reading:
        """Read the detected files.

        Args:
            project: the code base around them.
            files: those that `detects` accepted, sorted by path.

        Returns:
            The Schema they declare, physical names exactly as a database would have them, and the models.
        """


@cache
def all_readers() -> dict[str, Reader]:
    """Return every reader by its module name."""
    return cast(dict[str, Reader], plugins.load_all("readers"))


def unread_uses(language: str, source: bytes) -> tuple[LibraryUse, ...]:
    """Return the first use in a file of each library that no reader reads yet."""
    from headwater.readers import _unread  # listing the readers imports none of their modules

    return _unread.uses_of(language, source)


@cache
def schema_suffixes() -> dict[str, str]:
    """Return the suffixes of schema languages that readers parse as text, without facts, with the language's name."""
    return {suffix: name for name, reader in all_readers().items() for suffix in getattr(reader, "SUFFIXES", ())}
