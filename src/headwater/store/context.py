"""The context of services: the settings, the store, and objects that live as long as the process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from headwater.kit.settings import Settings
from headwater.store.encryption import SecretCipher
from headwater.store.session import Store


class ProcessService(Protocol):
    """An object of a feature that lives as long as the process, such as a pool of sessions."""

    def __init__(self, settings: Settings) -> None:
        """Start empty; nothing is opened before it is used."""

    async def close(self) -> None:
        """Release all resources."""


ServiceT = TypeVar("ServiceT", bound=ProcessService)


@dataclass(frozen=True, slots=True)
class Context:
    """The first argument of a service that opens its own transactions; one per process, or one per job attempt."""

    settings: Settings
    store: Store
    services: dict[type[Any], Any] = field(default_factory=dict)

    @property
    def cipher(self) -> SecretCipher:
        """The cipher for the secrets in the store."""
        return SecretCipher.of(self.settings)

    def service(self, kind: type[ServiceT]) -> ServiceT:
        """Return the process's only instance of `kind`, created on first use."""
        if kind not in self.services:
            self.services[kind] = kind(self.settings)
        service: ServiceT = self.services[kind]
        return service

    async def close(self) -> None:
        """Close the services that were created; the store stays open."""
        await asyncio.gather(*(service.close() for service in self.services.values()))
