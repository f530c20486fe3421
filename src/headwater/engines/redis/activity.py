"""Lists the connections of a Redis server, and ends them."""

from __future__ import annotations

from headwater.catalog.plans import ServerSession
from headwater.engines import ActivitySupport, Session
from headwater.engines.redis.resp import ErrorReply
from headwater.engines.redis.session import RedisSession
from headwater.kit.errors import BadInput, Forbidden


def _session(fields: dict[str, str]) -> ServerSession:
    flags = fields.get("flags", "")
    state = "active"
    if "b" in flags:
        state = "blocked"
    elif int(fields.get("multi", "-1")) >= 0:
        state = "idle in transaction"
    elif "P" in flags:
        state = "subscribed"
    elif int(fields.get("idle", "0")) > 0:
        state = "idle"
    client = fields.get("name") or fields.get("lib-name") or fields.get("addr", "").rpartition(":")[0]
    return ServerSession(
        fields.get("id", ""),
        fields.get("user", ""),
        fields.get("db", ""),
        client,
        state,
        fields.get("cmd", "").replace("|", " ").replace("NULL", "").upper(),
        float(fields.get("idle", "0")),
        "its list, set or stream" if state == "blocked" else "",
    )


class RedisActivity(ActivitySupport):
    """The sessions of a server."""

    async def sessions(self, session: Session) -> tuple[ServerSession, ...]:
        """Return the other connections to this database."""
        assert isinstance(session, RedisSession)
        ours, reply = await session.asked([("CLIENT", "ID"), ("CLIENT", "LIST")])
        if isinstance(reply, ErrorReply) or not isinstance(reply, bytes):
            raise Forbidden(
                "This user may not see the connections of the server.", hint="Allow +client|list in its ACL."
            )
        lines = [
            dict(part.partition("=")[::2] for part in line.split())
            for line in reply.decode(errors="replace").splitlines()
        ]
        result = [_session(line) for line in lines if line.get("id") != str(ours) and line.get("db") == session.number]
        return tuple(sorted(result, key=lambda item: (item.state == "idle", -item.seconds)))

    async def end_session(self, session: Session, target: str, *, terminate: bool) -> bool:
        """Wake a blocked connection, or end it; return False if it is gone."""
        assert isinstance(session, RedisSession)
        if not target.isdigit():
            raise BadInput(f"{target!r} is not a session.", hint="A session is identified by a number.")
        words = ("CLIENT", "KILL", "ID", target) if terminate else ("CLIENT", "UNBLOCK", target, "ERROR")
        (reply,) = await session.asked([words])
        if isinstance(reply, ErrorReply):
            raise Forbidden(
                "This user may not end connections.", hint="Allow +client|kill and +client|unblock in its ACL."
            )
        return reply == 1
