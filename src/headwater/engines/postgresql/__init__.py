"""PostgreSQL 13 and later."""

from __future__ import annotations

from headwater.engines import Engine, Option, TransferSupport
from headwater.engines.postgresql.activity import PostgresActivity
from headwater.engines.postgresql.alter import alter
from headwater.engines.postgresql.ddl import ddl, quote
from headwater.engines.postgresql.decoder import PostgresDecoding
from headwater.engines.postgresql.dialect import DIALECT
from headwater.engines.postgresql.explain import PostgresExplain
from headwater.engines.postgresql.export import PostgresExport
from headwater.engines.postgresql.extensions import PostgresExtensions
from headwater.engines.postgresql.in_place_restore import PostgresInPlaceRestores
from headwater.engines.postgresql.inspect import inspect
from headwater.engines.postgresql.masked_values import mask_postgresql
from headwater.engines.postgresql.patch import PostgresPatches
from headwater.engines.postgresql.provision import PostgresProvisioning
from headwater.engines.postgresql.proxy import PostgresProxy
from headwater.engines.postgresql.recovery import PostgresRecovery
from headwater.engines.postgresql.script import PostgresScript
from headwater.engines.postgresql.session import connect
from headwater.engines.postgresql.snapshots import PostgresSnapshots
from headwater.engines.postgresql.transfer import PostgresTransfer

OPTIONS = (
    Option("search_path", "Search path", help="Schemas that are searched for unqualified names."),
    Option("role", "Role", help="A role to switch to after connecting."),
)
ENGINE = Engine(
    name="postgresql",
    display_name="PostgreSQL",
    schemes=("postgresql", "postgres"),
    port=5432,
    language="sql",
    dialect=DIALECT,
    options=OPTIONS,
    connect=connect,
    inspect=inspect,
    ddl=ddl,
    alter=alter,
    quote=quote,
    mask_values=mask_postgresql,
    activity=PostgresActivity(),
    decoding=PostgresDecoding(),
    explain=PostgresExplain(),
    export=PostgresExport(),
    extensions=PostgresExtensions(),
    in_place_restore=PostgresInPlaceRestores(),
    patches=PostgresPatches(),
    provisioning=PostgresProvisioning(),
    proxy=PostgresProxy(),
    recovery=PostgresRecovery(),
    script=PostgresScript(),
    snapshots=PostgresSnapshots(),
    transfer=TransferSupport(source=PostgresTransfer, target=PostgresTransfer),
)
