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
    "go": r'^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"(?:NAME)(?=["/])',
    "java": _JVM,
    "kotlin": _JVM,
    "Scala": _JVM,
    "Groovy": _JVM,
    "csharp": _DOT_NET,
    "F#": _DOT_NET,
    "VB.NET": _DOT_NET,
    "ruby": r"(?:NAME)\b",
    "php": r"^[ \t]*use[ \t]+\\?(?:NAME)\b",
    "rust": r"(?:^[ \t]*use[ \t]+|^[ \t]*extern[ \t]+crate[ \t]+|\b)(?:NAME)(?:::|;)",
    "Elixir": r"^[ \t]*(?:use|import)[ \t]+(?:NAME)\b",
    "Perl": r"^[ \t]*use[ \t]+(?:(?:base|parent)[ \t]+(?:-norequire,[ \t]*)?(?:qw)?[ \t]*[('\"/{]+[ \t]*)?(?:NAME)\b",
    "Haskell": r"^import[ \t]+(?:qualified[ \t]+)?(?:NAME)\b",
    "Dart": r"""^[ \t]*import[ \t]+["']package:(?:NAME)/""",
    "Swift": r"^[ \t]*import[ \t]+(?:NAME)\b",
}
# Of each language: the pattern of the packages, the library, and whether it has models or only queries.
_PACKAGES: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "typescript javascript Vue Svelte": (
        (r"@typegoose/typegoose", "Typegoose", "models"),
        (r"@mikro-orm/\w+", "MikroORM", "models"),
        (r"bookshelf", "Bookshelf", "models"),
        (r"waterline", "Waterline", "models"),
        (r"@adonisjs/lucid|@ioc:Adonis/Lucid", "Lucid", "models"),
        (r"@supabase/supabase-js", "Supabase client", "queries"),
        (r"mongodb", "MongoDB driver", "queries"),
        (r"dynamoose", "Dynamoose", "models"),
        (r"zapatos", "Zapatos", "queries"),
        (r"sutando", "Sutando", "models"),
        (r"@loopback/repository", "LoopBack", "models"),
        (r"remult", "Remult", "models"),
        (r"ts-sql-query", "ts-sql-query", "queries"),
        (r"massive", "Massive", "queries"),
    ),
    "python": (
        (r"peewee|playhouse", "Peewee", "models"),
        (r"tortoise", "Tortoise ORM", "models"),
        (r"pony\.orm", "Pony ORM", "models"),
        (r"mongoengine", "MongoEngine", "models"),
        (r"beanie", "Beanie", "models"),
        (r"odmantic", "ODMantic", "models"),
        (r"piccolo", "Piccolo", "models"),
        (r"pypika", "PyPika", "queries"),
        (r"ormar", "Ormar", "models"),
        (r"gino", "GINO", "models"),
        (r"orator|masoniteorm", "Orator", "models"),
        (r"sqlobject", "SQLObject", "models"),
        (r"storm\.locals", "Storm", "models"),
        (r"pydal", "pyDAL", "models"),
        (r"prisma", "Prisma Client Python", "queries"),
        (r"pymongo|motor\.\w+", "MongoDB driver", "queries"),
        (r"umongo", "uMongo", "models"),
        (r"neomodel", "neomodel", "models"),
        (r"pynamodb", "PynamoDB", "models"),
        (r"odoo|openerp", "Odoo ORM", "models"),
        (r"frappe", "Frappe", "models"),
        (r"edgy|saffier", "Edgy", "models"),
        (r"google\.(?:appengine\.ext|cloud)(?:\.|[ \t]+import[ \t]+)ndb", "NDB", "models"),
    ),
    "go": (
        (r"entgo\.io/ent", "ent", "models"),
        (r"github\.com/uptrace/bun", "Bun", "models"),
        (r"github\.com/go-pg/pg", "go-pg", "models"),
        (r"github\.com/(?:volatiletech|aarondl)/sqlboiler", "SQLBoiler", "models"),
        (r"github\.com/(?:beego|astaxie)/beego(?:/v2)?(?:/client)?/orm", "Beego ORM", "models"),
        (r"github\.com/Masterminds/squirrel", "squirrel", "queries"),
        (r"github\.com/upper/db|upper\.io/db", "upper/db", "models"),
        (r"github\.com/go-gorp/gorp|gopkg\.in/gorp(?:\.v\d+)?", "gorp", "models"),
        (r"github\.com/doug-martin/goqu", "goqu", "queries"),
        (r"github\.com/go-jet/jet", "Jet", "queries"),
        (r"github\.com/huandu/go-sqlbuilder", "go-sqlbuilder", "queries"),
        (r"github\.com/(?:gocraft|mailru)/dbr", "dbr", "queries"),
        (r"github\.com/gobuffalo/pop", "Buffalo Pop", "models"),
        (r"github\.com/stephenafamo/bob", "Bob", "queries"),
        (r"gopkg\.in/reform(?:\.v\d+)?", "reform", "models"),
        (r"github\.com/go-rel/rel", "REL", "models"),
        (r"github\.com/gogf/gf(?:/v\d+)?/(?:database/gdb|frame/g)", "GoFrame ORM", "models"),
        (r"gorm\.io/gen", "Gen", "queries"),
        (
            r"go\.mongodb\.org/mongo-driver|gopkg\.in/mgo(?:\.v\d+)?|github\.com/globalsign/mgo",
            "MongoDB driver",
            "queries",
        ),
    ),
    "java kotlin Scala Groovy": (
        (r"org\.jetbrains\.exposed", "Exposed", "models"),
        (r"io\.ebean", "Ebean", "models"),
        (r"androidx\.room", "Room", "models"),
        (r"com\.j256\.ormlite", "ORMLite", "models"),
        (r"org\.springframework\.data\.mongodb", "Spring Data MongoDB", "models"),
        (r"org\.jooq", "jOOQ", "queries"),
        (r"slick", "Slick", "models"),
        (r"io\.getquill", "Quill", "queries"),
        (r"doobie", "doobie", "queries"),
        (r"org\.springframework\.data\.(?:jdbc|r2dbc|relational)", "Spring Data JDBC", "models"),
        (r"io\.micronaut\.data", "Micronaut Data", "models"),
        (r"org\.jdbi", "Jdbi", "queries"),
        (r"com\.querydsl", "Querydsl", "queries"),
        (r"org\.apache\.cayenne", "Cayenne", "models"),
        (r"(?:org|me\.liuwj)\.ktorm", "Ktorm", "models"),
        (r"(?:app\.cash|com\.squareup)\.sqldelight", "SQLDelight", "queries"),
        (r"org\.seasar\.doma", "Doma", "models"),
        (r"(?:javax\.jdo|org\.datanucleus)", "JDO", "models"),
        (r"com\.jfinal\.plugin\.activerecord", "JFinal", "models"),
        (r"org\.nutz\.dao", "Nutz", "models"),
        (r"dev\.morphia|org\.mongodb\.morphia", "Morphia", "models"),
        (r"com\.mongodb", "MongoDB driver", "queries"),
        (r"scalikejdbc", "ScalikeJDBC", "queries"),
        (r"anorm", "Anorm", "queries"),
        (r"io\.realm", "Realm", "models"),
    ),
    "csharp F# VB.NET": (
        (r"System\.Data\.Entity", "Entity Framework", "models"),
        (r"NHibernate", "NHibernate", "models"),
        (r"LinqToDB", "LINQ to DB", "models"),
        (r"ServiceStack\.OrmLite", "OrmLite", "models"),
        (r"SqlSugar", "SqlSugar", "models"),
        (r"FreeSql", "FreeSql", "models"),
        (r"PetaPoco", "PetaPoco", "models"),
        (r"NPoco", "NPoco", "models"),
        (r"RepoDb", "RepoDB", "models"),
        (r"SqlKata", "SqlKata", "queries"),
        (r"DevExpress\.Xpo", "XPO", "models"),
        (r"Marten", "Marten", "models"),
        (r"MongoDB\.(?:Driver|Entities)", "MongoDB driver", "queries"),
        (r"Raven\.Client", "RavenDB", "models"),
        (r"LiteDB", "LiteDB", "models"),
        (r"SQLite(?=;)", "SQLite-net", "models"),
    ),
    "ruby": (
        (r"<\s*Sequel::Model", "Sequel", "models"),
        (r"include\s+Mongoid::Document", "Mongoid", "models"),
        (r"<\s*ROM::(?:Relation|Struct|Repository)", "ROM", "models"),
        (r"include\s+DataMapper::Resource", "DataMapper", "models"),
        (r"include\s+NoBrainer::Document", "NoBrainer", "models"),
        (r"include\s+MongoMapper::Document", "MongoMapper", "models"),
        (r"include\s+Dynamoid::Document", "Dynamoid", "models"),
    ),
    "php": (
        (r"Propel\\Runtime", "Propel", "models"),
        (r"Cake\\ORM", "CakePHP ORM", "models"),
        (r"Doctrine\\DBAL", "Doctrine DBAL", "queries"),
        (r"Doctrine\\ODM", "Doctrine ODM", "models"),
        (r"Phalcon\\Mvc\\Model", "Phalcon", "models"),
        (r"yii\\db|craft\\db", "Yii Active Record", "models"),
        (r"think\\(?:Model|facade\\Db)", "ThinkORM", "models"),
        (r"CodeIgniter\\(?:Model|Database)", "CodeIgniter", "models"),
        (r"RedBeanPHP", "RedBeanPHP", "models"),
        (r"Cycle\\(?:ORM|Annotated|Database)", "Cycle ORM", "models"),
        (r"(?:Laminas|Zend)\\Db", "Laminas Db", "queries"),
        (r"Medoo", "Medoo", "queries"),
        (r"Nette\\Database", "Nette Database", "queries"),
        (r"Nextras\\Orm", "Nextras Orm", "models"),
        (r"Atlas\\(?:Orm|Mapper)", "Atlas.Orm", "models"),
        (r"Drupal\\Core\\(?:Database|Entity)", "Drupal", "models"),
        (r"Joomla\\(?:CMS\\)?Database", "Joomla Database", "queries"),
        (r"Hyperf\\(?:Database|DbConnection)", "Hyperf", "models"),
        (r"MongoDB", "MongoDB driver", "queries"),
    ),
    "rust": (
        (r"rbatis", "RBatis", "models"),
        (r"sea_query", "SeaQuery", "queries"),
        (r"toasty", "Toasty", "models"),
        (r"butane", "Butane", "models"),
        (r"welds", "Welds", "models"),
        (r"mongodb", "MongoDB driver", "queries"),
    ),
    "Elixir": ((r"Ecto\.(?:Schema|Query|Migration)", "Ecto", "models"), (r"Ash\.Resource", "Ash", "models")),
    "Perl": ((r"DBIx::Class", "DBIx::Class", "models"), (r"Rose::DB::Object", "Rose::DB::Object", "models")),
    "Haskell": ((r"Database\.(?:Persist|Esqueleto)", "Persistent", "models"),),
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
