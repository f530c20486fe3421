"""What a context configures about its entities, before conventions fill in the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from headwater.catalog import facts as f
from headwater.readers.ef_core.clrtypes import ClrType


@dataclass(slots=True)
class RelationConfig:
    """A relationship as configured from one end: navigations by name, foreign key, principal key, join entity."""

    source: EntityConfig
    target: EntityConfig | None
    navigation: str
    inverse: str = ""
    to_many: bool = False
    from_many: bool | None = None
    foreign_key: tuple[str, ...] = ()
    dependent: EntityConfig | None = None
    principal_key: tuple[str, ...] = ()
    required: bool | None = None
    join_entity: EntityConfig | None = None
    join_table: str = ""
    left_key: tuple[str, ...] = ()
    right_key: tuple[str, ...] = ()


@dataclass(slots=True)
class EntityConfig:
    """One entity type: an owned or complex type is one too, in the hands of its owner."""

    clr: ClrType
    table: str | None = None
    schema: str | None = None
    set_name: str = ""
    view: str | None = None
    is_mapped: bool = True
    keys: tuple[str, ...] = ()
    keyless: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, str] = field(default_factory=dict)
    required: dict[str, bool] = field(default_factory=dict)
    explicit: dict[str, f.Expr | None] = field(default_factory=dict)
    ignored: set[str] = field(default_factory=set)
    owned: dict[str, EntityConfig] = field(default_factory=dict)
    owned_many: dict[str, EntityConfig] = field(default_factory=dict)
    complex: set[str] = field(default_factory=set)
    json: str | None = None
    owner_key: tuple[str, ...] = ()
    discriminator: str | None = None
    strategy: str = ""
    base: ClrType | None = None
    indexes: list[tuple[tuple[str, ...], bool, str | None]] = field(default_factory=list)


@dataclass(slots=True)
class ContextConfig:
    """The model of one context: its entities by the key of their type, and what holds for all."""

    entities: dict[str, EntityConfig] = field(default_factory=dict)
    relations: list[RelationConfig] = field(default_factory=list)
    schema: str | None = None
    ignored: set[str] = field(default_factory=set)
    owned_types: set[str] = field(default_factory=set)
    has_unread_loop: tuple[str, int] | None = None

    def entity(self, clr: ClrType) -> EntityConfig:
        """Return the configuration of an entity type, creating it if necessary."""
        return self.entities.setdefault(clr.key, EntityConfig(clr))
