"""The supervisor's socket: one line of JSON per request and per answer. Only our own user can open it (mode 0600)."""

from __future__ import annotations

import asyncio
import os
import uuid
from typing import Any

import msgspec
import structlog

from headwater.features.databases.supervisor.client import socket_path
from headwater.features.databases.supervisor.reconciler import Supervisor
from headwater.kit import logs
from headwater.kit.errors import BadInput, HeadwaterError

log = structlog.get_logger()


async def listen(supervisor: Supervisor) -> asyncio.Server:
    """Listen on the socket and answer requests until the server is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            writer.write(msgspec.json.encode(await _answer(supervisor, line)) + b"\n")
            await writer.drain()
        except OSError as error:
            log.info("supervisor.client_disconnected", error=str(error))
        finally:
            writer.close()

    path = socket_path(supervisor.settings)
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(serve, str(path))
    finally:
        os.umask(mask)


async def _answer(supervisor: Supervisor, line: bytes) -> dict[str, Any]:
    try:
        request = msgspec.json.decode(line, type=dict[str, Any])
        database_id = uuid.UUID(str(request.get("id")))
        _bind_origin(request, database_id)
        match request.get("verb"):
            case "wake":
                person = str(request.get("reader") or "")
                address = await (
                    supervisor.wake_for_reader(database_id, person)
                    if person
                    else supervisor.wake_for_program(database_id)
                )
                return {
                    "database": address.database,
                    "user": address.user,
                    "port": address.port,
                    "socket": str(address.socket or ""),
                    "path": str(address.path or ""),
                }
            case "ping":
                return {}
            case "measure":
                return dict(supervisor.figures())
            case "poke":
                await supervisor.notify(database_id)
                return {}
            case "renew_password":
                await supervisor.renew_password(database_id)
                return {}
            case verb:
                raise BadInput(f"The supervisor does not know the request {verb!r}.")
    except HeadwaterError as error:
        return {"error": error.message, "hint": error.hint, "code": error.code}
    except (msgspec.DecodeError, ValueError) as error:
        return {"error": f"The request is not valid: {error}.", "hint": None, "code": "bad_input"}
    except Exception:
        log.exception("supervisor.request_crashed")
        return {"error": "The supervisor failed unexpectedly.", "hint": "See its log for details.", "code": "error"}


def _bind_origin(request: dict[str, Any], database_id: uuid.UUID) -> None:
    """Let what is logged for a request name its database, and for whom it is; each request has a task of its own."""
    origin = request.get("origin")
    known = origin if isinstance(origin, dict) else {}
    logs.bind(**{name: str(known.get(name, ""))[:100] for name in ("request_id", "user", "address", "job_id")})
    if database_id.int:
        logs.bind(database_id=str(database_id))
    if request.get("verb") not in {"ping", "measure"}:
        log.info("supervisor.request", verb=str(request.get("verb"))[:40])
