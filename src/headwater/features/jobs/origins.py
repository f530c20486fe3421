"""Where a job comes from: who started it, from where and in which request, as its row holds it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from headwater.features.accounts.rights import SYSTEM, Actor
from headwater.kit import logs


def origin_of(actor: Actor) -> dict[str, str]:
    """Return the origin of a job that an actor starts in the current request."""
    origin = {
        "kind": actor.kind,
        "email": actor.email,
        "address": actor.ip,
        "door": "" if actor.kind == "system" else actor.door,
        "key_name": actor.key_name,
        "request_id": logs.bound("request_id"),
    }
    return {name: value for name, value in origin.items() if value}


def author_of(origin: Mapping[str, Any], user_id: uuid.UUID | None) -> Actor:
    """Return the author of what a job does, for the audit log; it has no rights."""
    if user_id is None or origin.get("kind") not in ("user", "key"):
        return SYSTEM
    door = origin.get("door")
    return Actor(
        "key" if origin["kind"] == "key" else "user",
        user_id,
        str(origin.get("email", "")),
        ip=str(origin.get("address", "")),
        door="cli" if door == "cli" else "api" if door == "api" else "web",
        key_name=str(origin.get("key_name", "")),
    )
