"""MongoDB 4.4 and later, and compatible servers."""

from __future__ import annotations

from functools import partial

from headwater.catalog.secret_text import mask_statements
from headwater.engines import Engine, Option, TransferSupport
from headwater.engines.mongodb.browse import MongoBrowsing
from headwater.engines.mongodb.ddl import alter, ddl, quote
from headwater.engines.mongodb.decoder import MongoDecoding
from headwater.engines.mongodb.dialect import DIALECT
from headwater.engines.mongodb.in_place_restore import MongoInPlaceRestores
from headwater.engines.mongodb.inspect import inspect
from headwater.engines.mongodb.masked_values import mask_mongodb
from headwater.engines.mongodb.session import connect
from headwater.engines.mongodb.snapshots import MongoSnapshots
from headwater.engines.mongodb.transfer import MongoTransfer

OPTIONS = (
    Option(
        "authSource",
        "Authentication database",
        help="The database in which the user was created. Leave empty if it is the same database.",
    ),
)
ENGINE = Engine(
    name="mongodb",
    display_name="MongoDB",
    schemes=("mongodb",),
    port=27017,
    language="mongodb",
    dialect=DIALECT,
    options=OPTIONS,
    connect=connect,
    inspect=inspect,
    ddl=ddl,
    alter=alter,
    quote=quote,
    mask_values=mask_mongodb,
    mask_secrets=partial(mask_statements, backslashes=True),
    browsing=MongoBrowsing(),
    decoding=MongoDecoding(),
    in_place_restore=MongoInPlaceRestores(),
    snapshots=MongoSnapshots(),
    transfer=TransferSupport(target=MongoTransfer),
)
