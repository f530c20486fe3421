"""Which public schemas `restorability` restores: by repository, commit and path."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Structure:
    """Files of a repository at a commit that are loaded one after the other into one database."""

    repository: str
    commit: str
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        """The repository and the files."""
        return f"{self.repository} {' + '.join(self.files)}"

    def texts(self, folder: Path) -> Iterator[str]:
        """Yield the text of each file."""
        yield from (self.text(folder, file) for file in self.files)

    def text(self, folder: Path, file: str) -> str:
        """Return the text of a file."""
        return self._git(folder, "show", f"{self.commit}:{file}")

    def listed(self, folder: Path) -> list[str]:
        """Return the SQL files in the folders that `files` names."""
        names = self._git(folder, "ls-tree", "-r", "--name-only", self.commit, *self.files).splitlines()
        return [name for name in names if name.endswith(".sql")]

    def _git(self, folder: Path, *command: str) -> str:
        done = subprocess.run(["git", "-C", folder / self.repository, *command], check=True, capture_output=True)
        return done.stdout.decode(errors="replace")


def _each(repository: str, commit: str, *files: str) -> list[Structure]:
    return [Structure(repository, commit, tuple(file.split())) for file in files]


_CHINOOK = "ChinookDatabase/DataSources/Chinook"
STRUCTURES = [
    *_each("3scale/zync", "6096e6424084997ff27dd043bd68c990090622f1", "db/structure.sql"),
    *_each("5xRuby/5xruby.tw", "3a46ab6af46a390dce51720065e598b29a76a845", "db/structure.sql"),
    *_each("5xRuby/rubyconftw-cfp", "968aa95f2b9df607913f2754778193515875b2cc", "db/structure.sql"),
    *_each("7bits/bike-station", "24cb8de1c83b36c7c12e5803da77af2fc24e8a21", "db/structure.sql"),
    *_each("0xFacet/facet-vm", "7f885e0ed884271fb13e7dc087aceafbdcfac64d", "db/structure.sql"),
    *_each("18F/e-manifest", "b201b7f57296ea282d728e55a89467a04660f3a2", "db/structure.sql"),
    *_each("A1bi/FasT", "729c0290a9f5d04fe1aa534c73ba0e9b49e76516", "db/structure.sql"),
    *_each("AdanielLR/shine", "a7c79d92cb44ce796f27c59275dfb19c7b7107c1", "db/structure.sql"),
    *_each("AgileVentures/IMMI-projekt", "aab001da7923b7f9022b9b47abd1c51bcaf72a36", "db/structure.sql"),
    *_each("Alexey-Lukin/silken_net", "f253ab47185c45bdbafc924122909208ee115cdb", "db/structure.sql"),
    *_each("3pns/rails_react_slot_booking", "58727a11cc6ee04cb9aa1cb0cf2dd4831c0a0673", "db/structure.sql"),
    *_each("PecanProject/bety", "7165d638e3477568948c45b35dc48760e076f610", "db/structure.sql"),
    *_each("Safecast/safecastapi", "6cf3612427b8d05c4855d491646f40da74a16987", "db/structure.sql"),
    *_each("danbooru/danbooru", "06587d1f933502ae5d749c967787d44be3938846", "db/structure.sql"),
    *_each("getlago/lago-api", "1b1c24a6a6c321d7900b05906bf1b20f706c97c2", "db/structure.sql"),
    *_each("openstreetmap/openstreetmap-website", "9da0fa5ecbff8adc5e6e91c7cf22546755a91f77", "db/structure.sql"),
    *_each("travis-ci/travis-migrations", "e5abeb36599fec73d450ecc029f95e0595c3a044", "db/main/structure.sql"),
    *_each("devrimgunduz/pagila", "eddcfc4513dab4239ee1acbdf52beb1f5fcf50ac", "pagila-schema.sql"),
    *_each(
        "jOOQ/sakila",
        "e089a5b1ec9af0df7a9c6a5d47d49fa1736a4e84",
        "postgres-sakila-db/postgres-sakila-schema.sql postgres-sakila-db/postgres-sakila-insert-data-using-copy.sql",
    ),
    *_each(
        "lerocha/chinook-database",
        "7f67772503d71ba90f19283c38e93923addb43fa",
        *[f"{_CHINOOK}_PostgreSql{form}.sql" for form in ("", "_AutoIncrementPKs", "_SerialPKs")],
    ),
    *_each("lorint/AdventureWorks-for-Postgres", "b37c060c3c3064b501cb479fe1085ed9141c2f66", "install.sql"),
    *_each("pthom/northwind_psql", "cd0ef28d66369fbe177778e604e4be0f153c9e5c", "northwind.sql"),
    *_each(
        "neondatabase/postgres-sample-dbs",
        "f6c2e24910e9a1eb9c11c69628544d4d60d42e47",
        *["chinook.sql", "happiness_index.sql", "netflix.sql", "pagila.sql", "periodic_table.sql", "titanic.sql"],
    ),
]

_SAKILA = "e089a5b1ec9af0df7a9c6a5d47d49fa1736a4e84"
_CHINOOK_COMMIT = "7f67772503d71ba90f19283c38e93923addb43fa"
_ROUNDCUBE = "28b44419ee44c8749a85e7183325055c2cf68a4d"
_RADIUS, _RADIUS_SQL = "65a80881caf496281707f2c52ef68ae5a4e518ce", "raddb/mods-config/sql"
_POWERDNS = "20096dc7c96883e6f92ed91ce8fa6e911f50bca0"
MARIADB = [
    *_each("jOOQ/sakila", _SAKILA, "mysql-sakila-db/mysql-sakila-schema.sql"),
    *_each(
        "lerocha/chinook-database",
        _CHINOOK_COMMIT,
        *[f"{_CHINOOK}_MySql{form}.sql" for form in ("", "_AutoIncrementPKs")],
    ),
    *_each("roundcube/roundcubemail", _ROUNDCUBE, "SQL/mysql.initial.sql"),
    *_each(
        "FreeRADIUS/freeradius-server",
        _RADIUS,
        f"{_RADIUS_SQL}/main/mysql/schema.sql {_RADIUS_SQL}/main/mysql/process-radacct.sql "
        f"{_RADIUS_SQL}/ippool/mysql/schema.sql {_RADIUS_SQL}/ippool/mysql/procedure.sql "
        f"{_RADIUS_SQL}/cui/mysql/schema.sql",
    ),
    *_each(
        "PowerDNS/pdns",
        _POWERDNS,
        "modules/gmysqlbackend/schema.mysql.sql modules/gmysqlbackend/enable-foreign-keys.mysql.sql",
    ),
    *_each(
        "datacharmer/test_db",
        "3c7fa05e04b4c339d91a43b7029a210212d48e6c",
        "employees.sql",
        "employees_partitioned.sql",
    ),
]
SQLITE = [
    *_each("jOOQ/sakila", _SAKILA, "sqlite-sakila-db/sqlite-sakila-schema.sql"),
    *_each(
        "lerocha/chinook-database",
        _CHINOOK_COMMIT,
        *[f"{_CHINOOK}_Sqlite{form}.sql" for form in ("", "_AutoIncrementPKs")],
    ),
    *_each("roundcube/roundcubemail", _ROUNDCUBE, "SQL/sqlite.initial.sql"),
    *_each(
        "FreeRADIUS/freeradius-server",
        _RADIUS,
        f"{_RADIUS_SQL}/main/sqlite/schema.sql {_RADIUS_SQL}/main/sqlite/process-radacct-schema.sql "
        f"{_RADIUS_SQL}/ippool/sqlite/schema.sql {_RADIUS_SQL}/cui/sqlite/schema.sql",
    ),
    *_each(
        "PowerDNS/pdns",
        _POWERDNS,
        "modules/gsqlite3backend/schema.sqlite3.sql",
        "pdns/bind-dnssec.schema.sqlite3.sql",
    ),
]

# A copy of PostgreSQL's own regression tests. Files of `FIRST` create what others use; the others follow by name.
REGRESSION = Structure(
    "pganalyze/libpg_query", "06670290ad39e61805ecacbc6267df61f6ae3d91", ("test/sql/postgres_regress/",)
)
FIRST = [
    "test_setup",
    "boolean",
    "char",
    "name",
    "varchar",
    "text",
    "int2",
    "int4",
    "int8",
    "oid",
    "float4",
    "float8",
    "bit",
    "numeric",
    "uuid",
    "enum",
    "money",
    "rangetypes",
    "multirangetypes",
    "strings",
    "numerology",
    "point",
    "lseg",
    "line",
    "box",
    "path",
    "polygon",
    "circle",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
    "interval",
    "inet",
    "macaddr",
    "macaddr8",
    "geometry",
    "horology",
    "copy",
    "copyselect",
    "copydml",
    "insert",
    "insert_conflict",
    "create_function_c",
    "create_misc",
    "create_operator",
    "create_procedure",
    "create_table",
    "create_type",
    "create_schema",
    "create_index",
    "create_index_spgist",
    "create_view",
    "index_including",
    "index_including_gist",
    "create_aggregate",
    "create_function_sql",
    "create_cast",
    "constraints",
    "triggers",
    "select",
    "inherit",
    "typed_table",
    "vacuum",
    "drop_if_exists",
    "updatable_views",
]
NEVER_ENDING = frozenset({"infinite_recurse", "tablespace", "vacuum_parallel", "psql", "psql_crosstab", "database"})
