"""Values of the fluent API: builders, and the names of a body that is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from headwater.catalog import facts as f
from headwater.readers._annotations import ConstantScope
from headwater.readers.ef_core.clrtypes import ClrType, ClrTypes
from headwater.readers.ef_core.configuration import ContextConfig, EntityConfig, RelationConfig


@dataclass(slots=True)
class FluentBuilder:
    """A builder object: of the model, an entity, a property, a relationship, a discriminator, an index."""

    kind: str
    entity: EntityConfig | None = None
    prop: str = ""
    relation: RelationConfig | None = None


@dataclass(slots=True)
class FluentFrame:
    """A body that is run: where names are looked for, the builders by name, and how deep the calls are."""

    scope: ConstantScope
    env: dict[str, FluentBuilder | None] = field(default_factory=dict)
    depth: int = 0


class FluentInterpreter(Protocol):
    """What the calls of builders need of the interpreter that runs them."""

    types: ClrTypes
    config: ContextConfig
    configurations: list[ClrType]

    def configure(self, configuration: ClrType) -> None:
        """Run an `IEntityTypeConfiguration<T>`."""

    def body(self, frame: FluentFrame, body: tuple[f.Stmt, ...]) -> None:
        """Run the statements of a body."""

    def text(self, frame: FluentFrame, expr: f.Expr | None) -> str | None:
        """Return the text of an argument."""

    def names(self, frame: FluentFrame, args: tuple[f.Expr, ...]) -> tuple[str, ...]:
        """Return the members that arguments name."""

    def run_lambdas(self, frame: FluentFrame, call: f.Call, builder: FluentBuilder) -> None:
        """Run the lambdas among the arguments with a builder as their parameter."""
