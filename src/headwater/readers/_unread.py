"""Libraries whose models or queries no reader reads yet, and how files that use them are recognised.

A scan names them, so that their tables are not missed without a word. When a reader for one is written, its row goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from headwater.readers import LibraryUse, UnreadLibrary

# What stands before and after the name of a package, by language; `NAME` is where the packages go.
_SCRIPT: Final = r"""(?:\bfrom\s*|\brequire\s*\(\s*|\bimport\s*\(?\s*)["'](?:NAME)(?=["'/])"""
_PYTHON: Final = r"^[ \t]*(?:from|import)[ \t]+(?:NAME)\b"
_JVM: Final = r"^[ \t]*import[ \t]+(?:static[ \t]+)?(?:NAME)\b"
_DOT_NET: Final = r"^[ \t]*(?:global[ \t]+)?(?:using|open|Imports)[ \t]+(?:NAME)\b"
_TEMPLATES: Final[Mapping[str, str]] = {
    "typescript": _SCRIPT,
    "javascript": _SCRIPT,
    "Vue": _SCRIPT,
    "Svelte": _SCRIPT,
    "python": _PYTHON,
    "Go": r'^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"(?:NAME)(?=["/])',
    "Java": _JVM,
    "Kotlin": _JVM,
    "Scala": _JVM,
    "Groovy": _JVM,
    "C#": _DOT_NET,
    "F#": _DOT_NET,
    "VB.NET": _DOT_NET,
    "Ruby": r"(?:NAME)\b",
    "PHP": r"^[ \t]*use[ \t]+\\?(?:NAME)\b",
    "Rust": r"(?:^[ \t]*use[ \t]+|^[ \t]*extern[ \t]+crate[ \t]+|\b)(?:NAME)(?:::|;)",
    "Elixir": r"^[ \t]*(?:use|import)[ \t]+(?:NAME)\b",
    "Dart": r"""^[ \t]*import[ \t]+["']package:(?:NAME)/""",
    "Swift": r"^[ \t]*import[ \t]+(?:NAME)\b",
}
# Of each language: the pattern of the packages, the library, and whether it has models or only queries.
_PACKAGES: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "typescript javascript Vue Svelte": (
        (r"drizzle-orm", "Drizzle", "models"),
        (r"typeorm|@nestjs/typeorm", "TypeORM", "models"),
        (r"sequelize|sequelize-typescript|@sequelize/core|@nestjs/sequelize", "Sequelize", "models"),
        (r"mongoose|@nestjs/mongoose|@typegoose/typegoose", "Mongoose", "models"),
        (r"@mikro-orm/\w+", "MikroORM", "models"),
        (r"objection", "Objection", "models"),
        (r"bookshelf", "Bookshelf", "models"),
        (r"waterline", "Waterline", "models"),
        (r"knex", "Knex", "queries"),
        (r"kysely", "Kysely", "queries"),
    ),
    "python": (
        (r"django\.(?:contrib\.gis\.)?db", "Django", "models"),
        (r"peewee|playhouse", "Peewee", "models"),
        (r"tortoise", "Tortoise ORM", "models"),
        (r"pony\.orm", "Pony ORM", "models"),
        (r"mongoengine", "MongoEngine", "models"),
        (r"beanie", "Beanie", "models"),
        (r"odmantic", "ODMantic", "models"),
        (r"piccolo", "Piccolo", "models"),
        (r"pypika", "PyPika", "queries"),
    ),
    "Go": (
        (r"gorm\.io/gorm|github\.com/jinzhu/gorm", "GORM", "models"),
        (r"entgo\.io/ent", "ent", "models"),
        (r"xorm\.io/xorm|github\.com/go-xorm/xorm", "xorm", "models"),
        (r"github\.com/uptrace/bun", "Bun", "models"),
        (r"github\.com/go-pg/pg", "go-pg", "models"),
        (r"github\.com/(?:volatiletech|aarondl)/sqlboiler", "SQLBoiler", "models"),
        (r"github\.com/(?:beego|astaxie)/beego(?:/v2)?(?:/client)?/orm", "Beego ORM", "models"),
        (r"github\.com/Masterminds/squirrel", "squirrel", "queries"),
    ),
    "Java Kotlin Scala Groovy": (
        (r"(?:jakarta|javax)\.persistence", "JPA", "models"),
        (r"org\.hibernate", "Hibernate", "models"),
        (r"org\.jetbrains\.exposed", "Exposed", "models"),
        (r"io\.ebean", "Ebean", "models"),
        (r"androidx\.room", "Room", "models"),
        (r"com\.j256\.ormlite", "ORMLite", "models"),
        (r"org\.springframework\.data\.mongodb", "Spring Data MongoDB", "models"),
        (r"org\.(?:apache\.ibatis|mybatis)", "MyBatis", "queries"),
        (r"org\.jooq", "jOOQ", "queries"),
        (r"slick", "Slick", "models"),
        (r"io\.getquill", "Quill", "queries"),
        (r"doobie", "doobie", "queries"),
    ),
    "C# F# VB.NET": (
        (r"Microsoft\.EntityFrameworkCore", "EF Core", "models"),
        (r"System\.Data\.Entity", "Entity Framework", "models"),
        (r"NHibernate", "NHibernate", "models"),
        (r"LinqToDB", "LINQ to DB", "models"),
        (r"Dapper", "Dapper", "queries"),
    ),
    "Ruby": (
        (r"<\s*(?:ApplicationRecord|ActiveRecord::Base)|ActiveRecord::(?:Migration|Schema)", "Active Record", "models"),
        (r"<\s*Sequel::Model", "Sequel", "models"),
        (r"include\s+Mongoid::Document", "Mongoid", "models"),
    ),
    "PHP": (
        (r"Illuminate\\Database\\(?:Eloquent|Schema|Migrations)", "Eloquent", "models"),
        (r"Doctrine\\ORM", "Doctrine", "models"),
        (r"Propel\\Runtime", "Propel", "models"),
        (r"Cake\\ORM", "CakePHP ORM", "models"),
    ),
    "Rust": (
        (r"diesel", "Diesel", "models"),
        (r"sea_orm", "SeaORM", "models"),
        (r"rbatis", "RBatis", "models"),
    ),
    "Elixir": ((r"Ecto\.(?:Schema|Query|Migration)", "Ecto", "models"),),
    "Dart": ((r"drift|moor", "Drift", "models"), (r"floor", "Floor", "models")),
    "Swift": ((r"Fluent\w*", "Fluent", "models"), (r"GRDB", "GRDB", "models")),
}


def uses_of(language: str, source: bytes) -> tuple[LibraryUse, ...]:
    """Return the first use of each library in a file."""
    matches: dict[UnreadLibrary, re.Match[bytes]] = {}
    pattern, libraries = _pattern(language)
    for match in pattern.finditer(source) if pattern else ():
        matches.setdefault(libraries[match.lastgroup or ""], match)
    return tuple(_use(library, source, match) for library, match in matches.items())


def _use(library: UnreadLibrary, source: bytes, match: re.Match[bytes]) -> LibraryUse:
    at = match.start() + len(match[0]) - len(match[0].lstrip())
    start, end = source.rfind(b"\n", 0, at) + 1, source.find(b"\n", at)
    line = source[start : end if end >= 0 else len(source)].strip()
    return LibraryUse(library, source.count(b"\n", 0, at) + 1, line.decode("utf-8", "replace"))


@cache
def _pattern(language: str) -> tuple[re.Pattern[bytes] | None, Mapping[str, UnreadLibrary]]:
    """Return the pattern of all uses in files of a language, and the library of each of its groups."""
    rows = [row for names, rows in _PACKAGES.items() if language in names.split() for row in rows]
    if not rows:
        return None, {}
    libraries = {f"g{n}": UnreadLibrary(name, what) for n, (_, name, what) in enumerate(rows)}
    parts = [f"(?P<g{n}>{packages})" for n, (packages, _, _) in enumerate(rows)]
    text = _TEMPLATES[language].replace("NAME", "|".join(parts))
    return re.compile(text.encode(), re.MULTILINE), libraries


def libraries() -> frozenset[str]:
    """Return the names of all libraries."""
    return frozenset(name for rows in _PACKAGES.values() for _, name, _ in rows)
