"""Decides which commands are allowed: none that affect the server, its files, other hosts or other clients."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.catalog.results import QueryError
from headwater.engines.redis.command_text import Command
from headwater.engines.redis.errors import READ_ONLY
from headwater.engines.redis.resp import ErrorReply, RespConnection, Status

# KEYS scans all keys at once and blocks all other clients.
MANY_KEYS = 10_000
_SERVER = "It affects the server, not the data."
_SCRIPTS = "Scripts are not allowed here, because Headwater cannot check which keys they use."
_CONNECTION = "The connection is Headwater's."
_OTHERS = "It accesses other databases of the server."
_STREAM = "It turns the connection into a stream of messages."
REFUSED = {
    **dict.fromkeys(
        (
            "CONFIG",
            "MODULE",
            "DEBUG",
            "SHUTDOWN",
            "SAVE",
            "BGSAVE",
            "BGREWRITEAOF",
            "LASTSAVE",
            "ACL",
            "LATENCY",
            "SLOWLOG",
            "CLUSTER",
            "FAILOVER",
            "ROLE",
            "RESTORE-ASKING",
            "PFDEBUG",
            "PFSELFTEST",
            "SENTINEL",
            "COMMANDLOG",
        ),
        _SERVER,
    ),
    **dict.fromkeys(
        ("SLAVEOF", "REPLICAOF", "MIGRATE", "SYNC", "PSYNC", "REPLCONF", "ASKING", "READONLY", "READWRITE"),
        "It connects to other servers.",
    ),
    "RESTORE": "A value in the server's serialized format cannot be checked.",
    **dict.fromkeys(
        (
            "EVAL",
            "EVALSHA",
            "EVAL_RO",
            "EVALSHA_RO",
            "FCALL",
            "FCALL_RO",
            "FUNCTION",
            "SCRIPT",
            "TFUNCTION",
            "TFCALL",
            "TFCALLASYNC",
            "RG.PYEXECUTE",
            "RG.JEXECUTE",
        ),
        _SCRIPTS,
    ),
    **dict.fromkeys(("AUTH", "HELLO", "RESET", "QUIT"), _CONNECTION),
    **dict.fromkeys(("SWAPDB", "FLUSHALL", "SELECT", "MOVE"), _OTHERS),
    **dict.fromkeys(("MONITOR", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"), _STREAM),
}
_INSTEAD = {
    "FLUSHALL": "FLUSHDB empties this database.",
    "SELECT": "Add a connection to the other database.",
    "SLOWLOG": "The Sessions page shows the open connections.",
}
_CLIENT = frozenset({"LIST", "INFO", "ID", "GETNAME", "HELP", "TRACKINGINFO"})
# They only read, although their flags do not say so.
TELLS = frozenset({"PING", "ECHO", "TIME", "INFO", "COMMAND", "CLIENT", "PUBSUB", "LOLWUT"})


def check(command: Command, number: int) -> None:
    """Raise QueryError if a command is not allowed for anybody."""
    verb, why = command.verb, REFUSED.get(command.verb)
    if verb == "CLIENT" and command.sub not in _CLIENT:
        verb, why = f"CLIENT {command.sub}".strip(), _CONNECTION
    if verb == "COPY" and b"DB" in {word.upper() for word in command.words[3:]}:
        why = _OTHERS
    if why:
        raise QueryError(
            f"{verb} is not allowed here.",
            hint=f"{why} {_INSTEAD.get(verb, '')}".strip(),
            sqlstate="NOPERM",
            position=command.start,
            statement=number,
        )


@dataclass(slots=True)
class Flags:
    """The server's flags of its commands; each command is queried once."""

    _known: dict[str, frozenset[str]] = field(default_factory=dict)

    async def of(self, channel: RespConnection, command: Command) -> frozenset[str]:
        """Return the flags of a command, or of its subcommand if the server distinguishes them."""
        verb, sub = command.verb, command.sub
        for name in (f"{verb}|{sub}", verb):
            if name not in self._known:
                self._known[name] = await _flags(channel, name)
            if self._known[name]:
                return self._known[name]
        return frozenset()


async def _flags(channel: RespConnection, name: str) -> frozenset[str]:
    rows = await channel.ask("COMMAND", "INFO", name.lower().encode())
    if isinstance(rows, ErrorReply) or not isinstance(rows, list) or not rows or not isinstance(rows[0], list):
        return frozenset()
    flags = rows[0][2] if len(rows[0]) > 2 else []
    return frozenset(_text(flag) for flag in flags) if isinstance(flags, list) else frozenset()


def _text(flag: object) -> str:
    return flag if isinstance(flag, Status | str) else flag.decode() if isinstance(flag, bytes) else ""


async def check_flags(channel: RespConnection, flags: Flags, command: Command, number: int, *, read_only: bool) -> None:
    """Raise QueryError for administrative commands, writes in a read-only run, and KEYS on many keys."""
    command_flags = await flags.of(channel, command)
    if "admin" in command_flags and command.verb not in TELLS:
        raise QueryError(
            f"{command.verb} is not allowed here.",
            hint=_SERVER,
            sqlstate="NOPERM",
            position=command.start,
            statement=number,
        )
    if read_only and "readonly" not in command_flags and command.verb not in TELLS:
        raise QueryError(
            f"{command.verb} is not allowed in a read-only run.",
            hint="Only commands that read data are allowed.",
            sqlstate=READ_ONLY,
            position=command.start,
            statement=number,
        )
    if command.verb == "KEYS":
        size = await channel.ask("DBSIZE")
        if isinstance(size, int) and size > MANY_KEYS:
            raise QueryError(
                f"KEYS would scan {size:,} keys and block all other clients meanwhile.",
                hint="Use SCAN 0 MATCH pattern COUNT 1000.",
                position=command.start,
                statement=number,
            )
