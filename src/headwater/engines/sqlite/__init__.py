"""SQLite 3.37 and later: a database is a file, and the library comes with Python."""

from __future__ import annotations

from functools import partial

from headwater.catalog.masked_values import mask_values
from headwater.engines import Engine, TransferSupport
from headwater.engines.sqlite.alter import alter
from headwater.engines.sqlite.ddl import ddl, quote
from headwater.engines.sqlite.decoder import SqliteDecoding
from headwater.engines.sqlite.dialect import DIALECT
from headwater.engines.sqlite.explain import SqliteExplain
from headwater.engines.sqlite.in_place_restore import SqliteInPlaceRestores
from headwater.engines.sqlite.inspect import inspect
from headwater.engines.sqlite.patch import SqlitePatches
from headwater.engines.sqlite.provision import SqliteProvisioning
from headwater.engines.sqlite.script import SqliteScript
from headwater.engines.sqlite.session import connect
from headwater.engines.sqlite.snapshots import SqliteSnapshots
from headwater.engines.sqlite.transfer import SqliteTransfer

ENGINE = Engine(
    name="sqlite",
    display_name="SQLite",
    schemes=("sqlite",),
    port=0,
    language="sql",
    dialect=DIALECT,
    connect=connect,
    inspect=inspect,
    ddl=ddl,
    alter=alter,
    quote=quote,
    mask_values=partial(mask_values, double_quotes="unclear"),
    decoding=SqliteDecoding(),
    explain=SqliteExplain(),
    in_place_restore=SqliteInPlaceRestores(),
    patches=SqlitePatches(),
    provisioning=SqliteProvisioning(),
    script=SqliteScript(),
    snapshots=SqliteSnapshots(),
    transfer=TransferSupport(source=SqliteTransfer, target=SqliteTransfer),
)
