"""Database engines, one folder each, found by listing; each answers only what it alone knows.

An engine package offers what `Engine` lists, as names of the module. What only some can do stands in small
protocols (`Explains`, `Exports`, `Reads`, `Loads`, `Dumps`, `Decodes`, `Reshapes`, `Scripts`, `Recovers`, `Watches`),
asked for by `isinstance`, never by an engine's name.
"""

from headwater.engines._address import Address
from headwater.engines._browsing import Browses
from headwater.engines._discovery import all_engines, engine, parse_url
from headwater.engines._dumps import (
    APART,
    Batch,
    Dump,
    DumpColumn,
    Dumps,
    DumpTable,
    Fill,
    Follows,
    Hint,
    Key,
    Mode,
    Refill,
    Refilled,
    Refilling,
    Refills,
    Settles,
    Then,
    dangling,
)
from headwater.engines._engine import Engine, Explains, Language, Option, Step, Tabular, Watches
from headwater.engines._extracts import Decoder, Decodes, Reshapes, Scripts, Unfit
from headwater.engines._loads import ByStatements, Columns, Loads, Reads, drop_all
from headwater.engines._provisions import Activity, Instance, Program, Provisions
from headwater.engines._proxies import Opener, Opening, Proxies
from headwater.engines._recovers import Arrived, Base, BaseFacts, Block, Goal, Mark, Part, Recovers
from headwater.engines._session import Checks, Exports, Facts, Parameters, Session

__all__ = [
    "APART",
    "Activity",
    "Address",
    "Arrived",
    "Base",
    "BaseFacts",
    "Batch",
    "Block",
    "Browses",
    "ByStatements",
    "Checks",
    "Columns",
    "Decoder",
    "Decodes",
    "Dump",
    "DumpColumn",
    "DumpTable",
    "Dumps",
    "Engine",
    "Explains",
    "Exports",
    "Facts",
    "Fill",
    "Follows",
    "Goal",
    "Hint",
    "Instance",
    "Key",
    "Language",
    "Loads",
    "Mark",
    "Mode",
    "Opener",
    "Opening",
    "Option",
    "Parameters",
    "Part",
    "Program",
    "Provisions",
    "Proxies",
    "Reads",
    "Recovers",
    "Refill",
    "Refilled",
    "Refilling",
    "Refills",
    "Reshapes",
    "Scripts",
    "Session",
    "Settles",
    "Step",
    "Tabular",
    "Then",
    "Unfit",
    "Watches",
    "all_engines",
    "dangling",
    "drop_all",
    "engine",
    "parse_url",
]
