"""A census of silence: every file that imports a data-access library must be read, or be named as unread or skipped.

The libraries are listed here, apart from those that readers and `readers/_unread.py` know: by name for each language,
for SQL databases and for documents that are mapped as models.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from bench.rows import Row
from headwater.core.lineage.pipeline import scan
from headwater.core.lineage.result import ScannedFile, ScanResult
from headwater.readers import unread_uses

_SCRIPT = r"""(?:from\s*|require\(\s*|import\s*\(?\s*)["'](?:NAME)(?=["'/])"""
_JVM = r"^\s*import\s+(?:static\s+)?(?:NAME)\b"
_SCRIPT_LIBRARIES = (
    r"@prisma/client|drizzle-orm|typeorm|@nestjs/typeorm|kysely|sequelize(?:-typescript)?|knex|objection|bookshelf"
    r"|mongoose|@nestjs/mongoose|@mikro-orm/\w+|pg|mysql2?|better-sqlite3|sqlite3?|postgres|mssql|oracledb|mongodb"
    r"|pg-promise|slonik|waterline|@typegoose/typegoose|@adonisjs/lucid|@supabase/supabase-js"
)
# By suffix: how an import is written, and the libraries.
_IMPORTS: Mapping[str, tuple[str, str]] = {
    ".py": (
        r"^\s*(?:from|import)\s+(?:NAME)\b",
        r"sqlalchemy|sqlmodel|flask_sqlalchemy|django\.db|alembic|psycopg2?|asyncpg|a?io?sqlite3?|pymysql|MySQLdb"
        r"|databases|peewee|tortoise|pony\.orm|mongoengine|beanie|pymongo|motor\.\w+|odmantic|piccolo|ormar|odoo",
    ),
    ".go": (
        r'^\s*(?:import\s+)?(?:[\w.]+\s+)?"(?:NAME)(?=["/])',
        r"gorm\.io/gorm|github\.com/jinzhu/gorm|xorm\.io/xorm|database/sql|github\.com/jmoiron/sqlx"
        r"|github\.com/jackc/pgx|entgo\.io/ent|github\.com/uptrace/bun|github\.com/go-pg/pg"
        r"|github\.com/Masterminds/squirrel|go\.mongodb\.org/mongo-driver|github\.com/doug-martin/goqu",
    ),
    ".cs": (
        r"^\s*(?:global\s+)?using\s+(?:NAME)\b",
        r"Microsoft\.EntityFrameworkCore|System\.Data|Dapper|NHibernate|LinqToDB|Npgsql|Microsoft\.Data|MySqlConnector"
        r"|MongoDB\.Driver|Marten|SqlSugar|PetaPoco|ServiceStack\.OrmLite",
    ),
    ".php": (
        r"^\s*use\s+\\?(?:NAME)\b",
        r"Illuminate\\Database|Illuminate\\Support\\Facades\\(?:DB|Schema)|Doctrine\\(?:ORM|DBAL|ODM)|PDO|mysqli|yii\\db"
        r"|Cake\\ORM|Propel|Phalcon\\Mvc\\Model|CodeIgniter\\(?:Model|Database)|think\\Model",
    ),
    ".rs": (r"^\s*(?:pub\s+)?use\s+(?:NAME)(?:::|;)", r"diesel|sea_orm|sqlx|rusqlite|tokio_postgres|rbatis|mongodb"),
    ".rb": (r"(?:NAME)\b", r"<\s*(?:ActiveRecord::(?:Base|Migration)|ApplicationRecord|Sequel::Model)"),
    **dict.fromkeys(
        (".java", ".kt", ".scala"),
        (
            _JVM,
            r"(?:jakarta|javax)\.persistence|org\.hibernate|org\.springframework\.(?:data|jdbc)|java\.sql|javax\.sql"
            r"|org\.apache\.ibatis|com\.baomidou|org\.jooq|org\.jetbrains\.exposed|io\.ebean|androidx\.room|org\.jdbi"
            r"|com\.querydsl|org\.ktorm|slick|doobie|io\.getquill|com\.mongodb",
        ),
    ),
    **dict.fromkeys((".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte"), (_SCRIPT, _SCRIPT_LIBRARIES)),
}
_PATTERNS = {
    suffix: re.compile(form.replace("NAME", names).encode(), re.MULTILINE) for suffix, (form, names) in _IMPORTS.items()
}


def census(name: str, folder: Path) -> Row:
    """Return how many files that import such a library are read, named, or passed over in silence."""
    result = scan(folder)
    files = {file.path: file for file in result.files}
    fates = {path: _fate(path, folder, files.get(path), result) for path in _importers(folder)}
    silent = [path for path, fate in fates.items() if fate == "silent"]
    for path in silent[:20]:
        print(f"     silent: {path}")
    counts = Counter(fates.values())
    ours = f"{counts['read']} read, {counts['named']} named of {len(fates)}"
    what = f"silence of {name}: files that import a data-access library"
    return Row(what, ours, "", "", None, "none in silence", not silent, "make bench PART=languages")


def _importers(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*")):
        pattern = _PATTERNS.get(file.suffix)
        if pattern and file.is_file() and pattern.search(file.read_bytes()):
            yield file.relative_to(folder).as_posix()


def _fate(path: str, folder: Path, file: ScannedFile | None, result: ScanResult) -> Literal["read", "named", "silent"]:
    if file is None:  # folders that are skipped as a whole are listed with their reasons
        return (
            "named" if any(path.startswith(f"{skipped.path.rstrip('/')}/") for skipped in result.skipped) else "silent"
        )
    libraries = {use.library.name for use in unread_uses(file.language, (folder / path).read_bytes())}
    if any(re.search(rf" uses? {re.escape(name)}: ", entry.reason) for name in libraries for entry in result.unread):
        return "named"
    reasons = [entry.reason for entry in result.not_understood if entry.file_path == path]
    if file.status == "skipped" or any("could not be examined" in reason for reason in reasons):
        return "named"
    return "read" if file.status == "scanned" else "silent"
