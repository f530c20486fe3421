"""MySQL 8 and MariaDB 10.5, and later."""

from __future__ import annotations

from functools import partial

from headwater.catalog.masked_values import mask_values
from headwater.catalog.secret_text import mask_statements
from headwater.engines import Engine, TransferSupport
from headwater.engines.mysql.activity import MysqlActivity
from headwater.engines.mysql.alter import alter
from headwater.engines.mysql.ddl import ddl, quote
from headwater.engines.mysql.decoder import MysqlDecoding
from headwater.engines.mysql.dialect import DIALECT
from headwater.engines.mysql.explain import MysqlExplain
from headwater.engines.mysql.in_place_restore import MysqlInPlaceRestores
from headwater.engines.mysql.inspect import inspect
from headwater.engines.mysql.observed_values import observe
from headwater.engines.mysql.patch import MysqlPatches
from headwater.engines.mysql.provision import MysqlProvisioning
from headwater.engines.mysql.proxy import MysqlProxy
from headwater.engines.mysql.script import MysqlScript
from headwater.engines.mysql.session import connect
from headwater.engines.mysql.snapshots import MysqlSnapshots
from headwater.engines.mysql.transfer import MysqlTransfer

ENGINE = Engine(
    name="mysql",
    display_name="MariaDB (MySQL-compatible)",
    schemes=("mysql", "mariadb"),
    port=3306,
    language="sql",
    dialect=DIALECT,
    connect=connect,
    inspect=inspect,
    ddl=ddl,
    alter=alter,
    quote=quote,
    mask_values=partial(mask_values, backslashes=True, double_quotes="value"),
    mask_secrets=partial(mask_statements, backslashes=True),
    activity=MysqlActivity(),
    decoding=MysqlDecoding(),
    explain=MysqlExplain(),
    in_place_restore=MysqlInPlaceRestores(),
    patches=MysqlPatches(),
    provisioning=MysqlProvisioning(),
    proxy=MysqlProxy(),
    script=MysqlScript(),
    snapshots=MysqlSnapshots(),
    transfer=TransferSupport(source=MysqlTransfer, target=MysqlTransfer, observe=observe),
)
