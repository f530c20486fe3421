"""The configuration of an SSH tunnel, and its errors; `ssh` opens tunnels and is imported only when needed."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.kit.errors import Conflict, Unavailable


class HostKeyUnknown(Conflict):
    """The host key of the SSH host is not confirmed yet."""

    code = "host_key_unknown"

    def __init__(self, host: str, key: str, fingerprint: str) -> None:
        super().__init__(
            f"The host key of the SSH host {host} is not confirmed yet.",
            hint=f"Compare {fingerprint} with the fingerprint from its administrator, then pin it.",
        )
        self.key = key
        self.fingerprint = fingerprint


class HostKeyChanged(Conflict):
    """The SSH host has another host key than the pinned one."""

    code = "host_key_changed"


class TunnelFailed(Unavailable):
    """The SSH tunnel could not be opened."""

    status = 422
    code = "tunnel_failed"


@dataclass(frozen=True, slots=True)
class SshTunnel:
    """An SSH host through which a target is reached; `jump` is a host before it.

    `host_key` is the pinned public key in OpenSSH form, or its `SHA256:` fingerprint.
    """

    host: str
    user: str
    port: int = 22
    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    use_agent: bool = False
    host_key: str | None = None
    jump: SshTunnel | None = None
