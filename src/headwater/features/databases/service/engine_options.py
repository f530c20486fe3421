"""The engines with their options, and whether Headwater can create databases of each here."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.engines import Engine, Option, all_engines


@dataclass(frozen=True, slots=True)
class EngineView:
    """An engine; `unavailable` is the reason why no database of it can be created on this machine."""

    name: str
    engine: Engine
    provision_options: tuple[Option, ...]
    unavailable: str | None


def engines() -> list[EngineView]:
    """Return all installed engines."""
    return [_view(name, engine) for name, engine in all_engines().items()]


def _view(name: str, engine: Engine) -> EngineView:
    if engine.provisioning is None:
        return EngineView(name, engine, (), f"Headwater can connect to {engine.display_name}, but cannot create it.")
    return EngineView(name, engine, engine.provisioning.options, engine.provisioning.unavailable_reason())
