"""The state of interpreting one function: what its names hold, and the drafts of usages found so far."""

from __future__ import annotations

from collections.abc import Callable as Fn
from collections.abc import Iterable

from headwater.catalog import facts as f
from headwater.catalog.usages import Evidence, SubType, Tier, UsageType, Via
from headwater.core.lineage.orm.index import Effect, Index
from headwater.core.lineage.orm.values import Callable, Draft, Instance, Value, drafts

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
        "found",
        "index",
        "own",
        "parameters",
        "path",
        "returns",
        "run",
        "top",
    )

    def __init__(
        self,
        index: Index,
        path: str,
        evaluate: Fn[[Frame, f.Expr], Value],
        run: Fn[[Frame, Iterable[f.Stmt]], None],
        bind: Fn[[Frame, f.Expr, Value], None],
    ) -> None:
        self.index, self.path = index, path
        self.evaluate, self.run, self.bind = evaluate, run, bind
        self.env: dict[str, Value] = {}
        self.found: list[Draft] = []
        self.own: Value = None
        self.parameters: dict[str, Value] = {}
        self.returns: list[Value] = []
        self.effects: list[Effect] = []
        self.top = False
        self.calls: list[tuple[Callable, tuple[f.Param, ...], dict[str, Value]]] | None = None

    def inner(self) -> Frame:
        """Return a frame for a scope inside of this one: it sees these names and adds to the same drafts."""
        frame = Frame(self.index, self.path, self.evaluate, self.run, self.bind)
        frame.env = dict(self.env)
        frame.found, frame.own, frame.parameters = self.found, self.own, self.parameters
        frame.calls = self.calls
        return frame

    def flush(self) -> None:
        """Rows that this function made are in the database from here on: setting a column updates it."""
        for name, value in self.env.items():
            if isinstance(value, Instance) and value.new:
                self.env[name] = Instance(value.model, value.why, value.sure)

    def note(
        self,
        model: str,
        place: tuple[str, str],
        span: tuple[int, int],
        usage_type: UsageType,
        why: str,
        tier: Tier = "A",
        via: Via = "orm",
        sub_type: SubType | None = None,
        settled: bool = True,
    ) -> Draft:
        """Record that a column is used at a place in the source, and why we think so."""
        known = self.index.models[model]
        mapped = Evidence(f"{known.name} is mapped to {known.table}.", known.path, known.line)
        evidence = (Evidence(why), mapped) if why else (mapped,)
        draft = Draft(place[0], place[1], span, usage_type, evidence, tier, via, sub_type, settled)
        self.found.append(draft)
        return draft


def settle(value: Value, role: str) -> None:
    """Say what the columns in an SQL expression are used for, where nothing has said so yet."""
    mode = _MODES.get(role)
    if mode is None:
        return
    for draft in drafts(value):
        if not draft.settled:
            draft.usage_type, draft.sub_type = mode
            draft.settled = True


def lean(found: Iterable[Draft], role: str) -> None:
    """Say what columns are used for unless something later knows better: a comparison is a filter so far."""
    usage_type, sub_type = _MODES[role]
    for draft in found:
        if not draft.settled:
            draft.usage_type, draft.sub_type = usage_type, sub_type
