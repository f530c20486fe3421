"""Reads the Schema of a live database by its URL, directly from this machine."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from headwater.catalog.model import Schema
from headwater.engines import Address, engine, parse_url
from headwater.kit.errors import Invalid
from headwater.kit.network.tls import check


def read(url: str) -> Schema:
    """Return the Schema of a database; see `read_with_engine`."""
    return read_with_engine(url)[1]


def read_with_engine(url: str) -> tuple[str, Schema]:
    """Return the name of the engine of a database, and its Schema.

    Raises:
        NotFound: no engine supports such URLs.
        BadInput: the URL is not one.
        Unavailable: the database cannot be reached, or refuses the connection.
    """
    name, address = parse_url(url)
    if not address.path and not address.host:
        raise Invalid({"host": "The URL names no host."}, hint="It looks like postgresql://user@host:5432/name.")
    check(address.tls)
    return name, replace(asyncio.run(_inspected(name, address)), source=_shown(name, address))


async def _inspected(name: str, address: Address) -> Schema:
    engine_ = engine(name)
    session = await engine_.connect(address)
    try:
        return await engine_.inspect(session)
    finally:
        await session.close()


def _shown(name: str, address: Address) -> str:
    """Return the origin of the Schema, without user and password."""
    if address.path:
        return address.path.name
    return f"{engine(name).schemes[0]}://{address.host}/{address.database}"
