"""Client of the supervisor's socket: the server and the workers wake databases through it, without the proxy."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from headwater.engines import Address
from headwater.kit import logs
from headwater.kit.errors import Conflict, NotFound, Unavailable
from headwater.kit.network.tls import PLAIN
from headwater.kit.network.unix_sockets import private_path
from headwater.kit.settings import Settings

SECONDS = 75.0
KNOWN = {"not_found": NotFound, "conflict": Conflict}


def socket_path(settings: Settings) -> Path:
    """Return the supervisor's socket."""
    return private_path(settings.home_folder, "supervisor")


async def ask(settings: Settings, **request: Any) -> Any:
    """Send one request and return the answer.

    Raises:
        HeadwaterError: the error that the supervisor reports, or Unavailable if it does not run.
    """
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_unix_connection(str(socket_path(settings)))
            try:
                writer.write(msgspec.json.encode(request | {"origin": _origin()}) + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        raise Unavailable(
            "The database supervisor does not answer.", hint="Is `headwater up` running on this host?"
        ) from error
    if not line:
        raise Unavailable("The database supervisor closed the connection.", hint="Try again in a moment.")
    answer = msgspec.json.decode(line)
    if "error" in answer:
        raise KNOWN.get(answer["code"], Unavailable)(answer["error"], hint=answer.get("hint"))
    return answer


def _origin() -> dict[str, str]:
    """Return for whom the supervisor is asked, for its log."""
    values = {name: logs.bound(name) for name in ("request_id", "user", "address", "job_id")}
    return {name: value for name, value in values.items() if value}


async def wake(settings: Settings, database_id: uuid.UUID, reader: str = "") -> Address:
    """Start a database if it sleeps, and return its local address; the caller adds the password.

    It is Headwater's own address, as the owner, or that of a `reader`: the id of a person who may only read.
    """
    answer = await ask(settings, verb="wake", id=str(database_id), reader=reader)
    return Address(
        database=answer["database"],
        user=answer["user"],
        port=answer["port"],
        tls=PLAIN,
        socket=Path(answer["socket"]) if answer["socket"] else None,
        path=Path(answer["path"]) if answer["path"] else None,
    )


async def renew_password(settings: Settings, database_id: uuid.UUID) -> None:
    """Have the supervisor set the owner's password that is stored for a database; when it sleeps, at its next start."""
    await ask(settings, verb="renew_password", id=str(database_id))


async def ping(settings: Settings) -> None:
    """Return if the supervisor answers, else raise Unavailable."""
    await ask(settings, verb="ping", id=str(uuid.UUID(int=0)))


async def measure(settings: Settings) -> Mapping[str, float]:
    """Return the figures of the supervisor and its proxy, or raise Unavailable."""
    answer = await ask(settings, verb="measure", id=str(uuid.UUID(int=0)))
    return {name: float(value) for name, value in answer.items() if isinstance(value, int | float)}


async def notify(settings: Settings, database_id: uuid.UUID) -> None:
    """Notify the supervisor that the row of a database has changed."""
    await ask(settings, verb="poke", id=str(database_id))
