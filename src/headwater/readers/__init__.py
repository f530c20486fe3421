"""Readers, one file or folder each, found by listing: schema text or ORM models in, Schema and models out.

A reader module contains:

    NAME: str                                   as shown to users, for instance "SQLAlchemy"
    detects(file: SourceFile) -> bool           a cheap test of one file: does it declare something I read?
    read(project: Project, files: Sequence[SourceFile]) -> Reading     `files` are those it detected, by path

Settings that a reader needs and that are no code (properties, YAML, XML) it names as patterns of file names in
`SETTINGS`: these files are among `project.files()`, with the language "settings".

A reader of a schema language of its own names the suffixes of its files in `SUFFIXES`; the name of its module is
then the name of the language. Files that say that they are generated are not read, unless a reader's `GENERATED`, a
mapping from suffixes to patterns, fits them: some tools generate the code that declares the schema.

A reader whose files change the schema step by step has `is_migration(file) -> bool`, which says which of them do; the
other files declare the schema as it is to be. The tables in which the tool of these migrations notes what it has done
are named in `BOOKKEEPING`.

What the ORM *means* (which method filters, writes, joins) is data beside the reader, in `VOCABULARY`; the one
interpreter in `core/lineage` applies it. A reader may see other files through `project`, never the disk.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal, Protocol, cast

import msgspec

from headwater.catalog import facts
from headwater.catalog.changes import Change
from headwater.catalog.model import Schema
from headwater.catalog.usages import NotUnderstood
from headwater.kit import plugins

# What of a code base declares its schema as it is to be, and what changes it step by step.
Half = Literal["models", "migrations"]


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
    A column that `refers` to a model can hold a row of it in the place of its key. A `proxy` stands for an attribute
    of a relationship's target: it names the relationship and that attribute.
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
    refers: str | None = None


class Model(msgspec.Struct, frozen=True):
    """A class or object through which code uses a table: a mapped class, a Prisma model, a Table object.

    `key` is unique in the project (`path:QualifiedName`); `target` of a Field is such a key. A table of joined
    inheritance has the columns of its parents under `inherited`: attribute name -> (table, column). `stores` is what
    setting a field of a new object means: nothing for a class that only receives the rows of queries.
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
    stores: Literal["write", "update", ""] = "write"


class Reading(msgspec.Struct, frozen=True):
    """The result of a reader. `steps` is set by readers of migrations: the changes applied in `schema`."""

    schema: Schema
    models: tuple[Model, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    steps: tuple[Change, ...] = ()


Role = Literal[
    "value", "options", "filter", "sort", "group", "projection", "join", "load", "write", "update", "read", "stages"
]
_Value = Literal["none", "same", "column", "query", "one", "many", "counted", "rows", "scalar", "scalars", "entity"]
Result = _Value | Literal["derived", "loader", "blank", "source", "keys", "pair", "beside"]
Texts = Literal["", "column", "attribute", "sql", "entities", "relation", "table", "alias", "join", "words"]


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
    loader    a loading option of a relationship   counted   all elements, and their number
    blank     a new query of nothing yet    source   the query, from the model in the argument, too
    keys      the named arguments as a mapping       pair     an element, and whether it is new
    beside    the query, with rows of the model in the argument beside its own

    `texts` is what its text arguments are, used as `args` says:

    column    names of columns, with or without a table or alias before them and a direction after them
    attribute the name of one column, whose use the call around decides, or of a relationship to go on from
    sql       a part of an SQL statement, over the tables of the query
    entities  the same, or a whole statement, in a language of entities and attributes (JPQL, HQL, TypeORM)
    relation  paths of relationships        table     the name of a table, which the query selects from
    words     names of columns with blanks between them, and a sign before each
    alias     a name for the model queried  join      a path to join along, an alias for its end, and a condition

    The text of a `table` is followed by those of columns in a join.

    With `only`, only the positional argument at that index counts for `args` and `texts`; a `join` begins there.
    `lambdas` is what the first
    parameter of an anonymous function in the arguments is: a `row` of the query, as SQL expressions; the `query`
    itself; a query of the `relation` that a text before it names; an `element`, a row that was loaded; a row of the
    model that was joined `last`; or, for a join with another query, first a row of each side for its `keys` and then
    both for the result. With `into`, the result is stored in the first argument, whose type says which model is
    queried. `roles` are those of the keys of mappings, by position: `options` is an object with the keys of the ORM's
    `OptionsShape`. `keywords` are named arguments whose value is a mapping with keys in a role of its own
    (`defaults={…}`). If the keyword argument named `native` is true, a text of `entities` is SQL.
    """

    args: Role = "value"
    named: Role | None = None
    result: Result = "same"
    row: Literal["delete", "write", "update"] | None = None
    texts: Texts = ""
    only: int | None = None
    lambdas: Literal["", "row", "query", "relation", "element", "last", "keys"] = ""
    into: bool = False
    roles: tuple[Role, ...] = ()
    keywords: dict[str, Role] = {}
    native: str = ""


class OptionsShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """The meaning of the keys of an options object, for ORMs that query with objects.

    `keys` maps a key of the options to the role of the columns named in its value ("value": the role that the
    method gives its data). Deeper down, a key in `through` passes on the role that it stands in (`AND`, `some`);
    one in `roles` changes it (`connect`, `where` inside of a nested update). Under a relationship, a key in `links`
    sets the foreign key: if that is in the other table, with this usage. `types` maps the ends of generated
    type names, which begin with a model's, and names of generic types, to what an object of that type means ("value":
    a row). A list of objects in the role `stages` is a pipeline: `stages` says what each key means, and after one of
    `regroups`, names are new.
    """

    keys: dict[str, Role] = {}
    through: frozenset[str] = frozenset()
    roles: dict[str, Role] = {}
    links: dict[str, Role] = {}
    types: dict[str, Role] = {}
    stages: dict[str, Role] = {}
    regroups: frozenset[str] = frozenset()


class Vocabulary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an ORM's functions, types and methods mean, as data; the one interpreter applies it.

    Keys are the last part of a name. A function counts when it is imported from one of `packages`, or is an
    attribute of something made there (`db.select`). `languages` are those that can use the ORM: files of others
    are not interpreted. `current` names objects of companion libraries that stand for the signed-in user, with the
    decorator of the function that loads it. Calls of `declarations` declare columns and constraints; `properties`
    are decorators that make an attribute of a method; a class on top of `user_mixins` is the model of users, and
    `user_attributes` are expressions that stand for the signed-in one (`request.user`).

    With `navigates`, an attribute of a relationship in a query is one of its target, which is joined.
    `unwraps` are methods that give the object that one of an `inner` type stands for: a factory, a future.
    `builders` are methods of a model that begin a new row, whose methods are named like the columns that they set.
    `otherwise` is what a method of a query does that is not in `query` and is given a function. `functional` are
    generic types of functions of a row, or of a query, of their first argument (`Expression<Func<User, bool>>`).
    With `loads_lists`, a list of rows is in memory: none of the methods of `query` belong to it.

    With `names_tables`, queries name tables in texts and need no models. `calls` is what calling a query itself does
    (`eb("users.email", "=", x)`), `opens` what calling a session does (`knex("users")`): it is known
    by its type, or by one of the names `openers`, and every method of `query` begins a query there. `computed`
    is what a method of a query does whose name is not a constant (`query[name]("email", x)`).
    `managers` are the methods of `query` that a session has, too, with the model as its first argument.
    With a `registry`, an attribute of an unknown object that is named like a model is that model (`db.User`).
    With `awaited`, a query stands for its rows, too. A function that is assigned to an attribute of one of the
    `holders` of a model is a method of its rows, or of the model. With `queries_models`, every method of `query` can be
    called on a model itself, else those in `class_methods`. `accessors` are
    prefixes of methods that read or update an attribute (`getEmail`), `derived` those of methods whose names say which
    columns they filter by (`findByEmailAndStatus`; a star stands for any words), with what such a method does;
    `operators` are the endings of a column's name in these that compare it (`GreaterThan`). With a `separator`, the
    name of a keyword argument can lead along relationships to a column and an operator (`author__name__icontains`).
    `endings` are those of methods that ask for an attribute (`admin?`). Methods whose names begin with `scopes` get a
    query of their model. Calls of `raw` hold parts of SQL, those of `signed_in` return the signed-in user. `views` are
    the folder of templates, by the folders in which their controllers are found, and the ending of the controllers'
    names; `view_data` hand values to them by name. `helpers` are functions and methods that need no import and name a
    table or a model in a text. Without `class_columns`, attributes of a model itself are no columns. An
    attribute in `join_models` of a relationship over a table is the model of that table. One of
    `model_methods` returns the model of the repository class around it. `table_names` of a model are its table's.
    `picks` are methods of an unknown object, such as a request, that return its values under the keys they are given.
    Annotations called `statements` hold a whole SQL statement, whose lines can be those of an array.
    """

    packages: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()
    functions: dict[str, Operation] = {}
    namespaces: frozenset[str] = frozenset()
    query_attributes: frozenset[str] = frozenset()
    join_models: frozenset[str] = frozenset()
    column_attributes: frozenset[str] = frozenset()
    session: dict[str, Operation] = {}
    managers: frozenset[str] = frozenset()
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
    user_attributes: frozenset[str] = frozenset()
    current: dict[str, str] = {}
    types: dict[str, Literal["query", "rows", "many", "inner", "session", "repository", "class"]] = {}
    client: dict[str, Operation] = {}
    shape: OptionsShape = OptionsShape()
    queries_models: bool = False
    class_methods: frozenset[str] = frozenset()
    names_tables: bool = False
    loads_lists: bool = False
    navigates: bool = False
    unwraps: frozenset[str] = frozenset()
    builders: frozenset[str] = frozenset()
    otherwise: Operation | None = None
    functional: dict[str, Literal["row", "query"]] = {}
    calls: Operation | None = None
    opens: Operation | None = None
    awaited: bool = False
    registry: bool = False
    holders: dict[str, Literal["row", "model"]] = {}
    openers: frozenset[str] = frozenset()
    computed: Operation | None = None
    accessors: dict[str, Literal["read", "update"]] = {}
    derived: dict[str, Operation] = {}
    operators: frozenset[str] = frozenset()
    separator: str = ""
    endings: dict[str, Literal["read", "update"]] = {}
    raw: frozenset[str] = frozenset()
    scopes: str = ""
    signed_in: frozenset[str] = frozenset()
    helpers: dict[str, Operation] = {}
    class_columns: bool = True
    model_methods: frozenset[str] = frozenset()
    table_names: frozenset[str] = frozenset()
    statements: frozenset[str] = frozenset()
    views: tuple[str, str] | None = None
    view_data: frozenset[str] = frozenset()
    picks: frozenset[str] = frozenset()


class CodeProject(Protocol):
    """The code base around a reader's files, for lookups."""

    def files(self) -> Iterable[SourceFile]:
        """Return all source files, by path."""

    def module(self, path: str) -> facts.Module | None:
        """Return the facts of a file, or None when its language is not supported."""

    def resolve(self, path: str, name: str) -> tuple[str, facts.Stmt] | None:
        """Return where a dotted name used in a file is defined: (path, Class, Function or Assign), or None."""

    def resolve_import(self, path: str, stmt: facts.Import) -> tuple[str, facts.Stmt] | None:
        """Return where a name that an import in a file names is defined, or None."""


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


@cache
def generated_declarations() -> Mapping[str, tuple[re.Pattern[bytes], ...]]:
    """Return, by suffix, what generated files contain that declare a schema."""
    patterns: dict[str, tuple[re.Pattern[bytes], ...]] = {}
    for reader in all_readers().values():
        for suffix, pattern in getattr(reader, "GENERATED", {}).items():
            patterns[suffix] = (*patterns.get(suffix, ()), pattern)
    return patterns


@cache
def settings_files() -> re.Pattern[str]:
    """Return the pattern of the names of files that readers need though they are no code."""
    patterns = {fnmatch.translate(name) for r in all_readers().values() for name in getattr(r, "SETTINGS", ())}
    return re.compile("|".join(sorted(patterns)) or r"(?!)")


@cache
def bookkeeping_tables() -> frozenset[str]:
    """Return the tables in which tools note which migrations have run; nobody declares them."""
    return frozenset(name for reader in all_readers().values() for name in getattr(reader, "BOOKKEEPING", ()))


def is_migration(reader: str, file: SourceFile) -> bool:
    """Return True if a file that a reader detects changes the schema, False if it declares it as it is to be."""
    decide = getattr(all_readers()[reader], "is_migration", None)
    return bool(decide and decide(file))


def sql_changes(text: str, schema: Schema) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return the changes that SQL text makes to a schema, and the beginnings of statements that change nothing.

    Names without a schema mean its tables.
    """
    from headwater.readers import sql  # listing the readers imports none of their modules

    return sql.effects(text, schema)
