"""The state of the interpretation of one function: the values of its names, and its pending usages."""

from __future__ import annotations

from collections.abc import Callable as Fn
from collections.abc import Iterable

from headwater.catalog import facts as f
from headwater.catalog.usages import Evidence, SubType, Tier, UsageType, Via
from headwater.core.lineage.orm.index import CodeIndex, Effect
from headwater.core.lineage.orm.values import Callable, CallOf, InstanceValue, PendingUsage, Shaped, Value, drafts

_MODES: dict[str, tuple[UsageType, SubType | None]] = {
    "filter": ("filter", None),
    "sort": ("filter", "sort"),
    "group": ("filter", "group"),
    "projection": ("projection", None),
    "join": ("join", None),
    "load": ("join", None),
    "write": ("write", None),
    "update": ("update", None),
}


class Frame:
    """One function, or the top level of a file, while it is interpreted.

    `evaluate`, `run` and `bind` are the interpreter itself, handed in so that calls and queries can use them.
    """

    __slots__ = (
        "bind",
        "calls",
        "effects",
        "env",
        "evaluate",
        "index",
        "own",
        "parameters",
        "path",
        "pending",
        "returns",
        "run",
        "shapes",
        "top",
    )

    def __init__(
        self,
        index: CodeIndex,
        path: str,
        evaluate: Fn[[Frame, f.Expr], Value],
        run: Fn[[Frame, Iterable[f.Stmt]], None],
        bind: Fn[[Frame, f.Expr, Value], None],
    ) -> None:
        self.index, self.path = index, path
        self.evaluate, self.run, self.bind = evaluate, run, bind
        self.env: dict[str, Value] = {}
        self.pending: list[PendingUsage] = []
        self.own: Value = None
        self.parameters: dict[str, Value] = {}
        self.returns: list[Value] = []
        self.effects: list[Effect] = []
        self.top = False
        self.calls: list[tuple[Callable, tuple[f.Param, ...], dict[str, Value]]] | None = None
        self.shapes: list[tuple[CallOf, Shaped]] = []

    def inner(self) -> Frame:
        """Return a frame for a scope inside this one: it sees these names and adds to the same pending usages."""
        frame = Frame(self.index, self.path, self.evaluate, self.run, self.bind)
        frame.env = dict(self.env)
        frame.pending, frame.own, frame.parameters = self.pending, self.own, self.parameters
        frame.calls, frame.shapes = self.calls, self.shapes
        return frame

    def flush(self) -> None:
        """Mark rows that this function created as stored: setting a column is an update from now on."""
        for name, value in self.env.items():
            if isinstance(value, InstanceValue) and value.new:
                self.env[name] = InstanceValue(value.model, value.why, value.sure)

    def record_usage(
        self,
        model: str,
        column: tuple[str, str],
        span: tuple[int, int],
        usage_type: UsageType,
        why: str,
        *,
        tier: Tier = "A",
        via: Via = "orm",
        sub_type: SubType | None = None,
        settled: bool = True,
    ) -> PendingUsage:
        """Record that a column is used at a place in the source, and why we think so."""
        known = self.index.models[model]
        mapped = Evidence(f"{known.name} is mapped to {known.table}.", known.path, known.line)
        evidence = (Evidence(why), mapped) if why else (mapped,)
        draft = PendingUsage(
            *column, span, usage_type, evidence, tier=tier, via=via, sub_type=sub_type, settled=settled
        )
        self.pending.append(draft)
        return draft


def resolve_pending(value: Value, role: str) -> None:
    """Set the usage kind of the columns in an SQL expression that have none yet."""
    mode = _MODES.get(role)
    if mode is None:
        return
    for draft in drafts(value):
        if not draft.settled:
            draft.usage_type, draft.sub_type = mode
            draft.settled = True


def set_default_usage(pending: Iterable[PendingUsage], role: str) -> None:
    """Set a provisional usage kind that later evidence may replace: a comparison is a filter so far."""
    usage_type, sub_type = _MODES[role]
    for draft in pending:
        if not draft.settled:
            draft.usage_type, draft.sub_type = usage_type, sub_type
