"""The state of the interpretation of one function: the values of its names, and its pending usages."""

from __future__ import annotations

from collections.abc import Callable as Fn
from collections.abc import Iterable

from headwater.catalog import facts as f
from headwater.catalog.usages import Evidence, SubType, Tier, UsageType, Via
from headwater.core.lineage.orm.index import CodeIndex
from headwater.core.lineage.orm.signatures import Effect
from headwater.core.lineage.orm.values import Callable, CallOf, InstanceValue, PendingUsage, Shaped, Value, drafts
from headwater.core.lineage.sqlroles import ColumnRole
from headwater.languages import has_bare_calls, has_implicit_receiver, has_implicit_target

MODES: dict[str, tuple[UsageType, SubType | None]] = {
    "filter": ("filter", None),
    "sort": ("filter", "sort"),
    "group": ("filter", "group"),
    "projection": ("projection", None),
    "join": ("join", None),
    "load": ("join", None),
    "write": ("write", None),
    "update": ("update", None),
    "read": ("read", None),
}


# The name in `env` of the entities whose columns a function imports (`use schema::users::dsl::*`).
ALL_COLUMNS = "*"
# The name in `env` of the object around a method that extends another class within a class.
AROUND = "this around"


def made_at(name: str) -> str:
    """Return the name in `env` of where the row in a variable is constructed."""
    return f"{name} made"


class Frame:
    """One function, or the top level of a file, while it is interpreted.

    `evaluate`, `run` and `bind` are the interpreter itself, handed in so that calls and queries can use them.
    `bodies` are the functions of this file by dotted name, to go on with a query in one of them; `depth` counts these.
    `texts` are the texts that names stand for at the top level of the file, with their positions.
    `references` are the functions and classes of the code base that are named or called, by position, if they are
    recorded. `accessor` is the attribute that a getter or setter stands for: its callers use the column, not the
    method itself.
    """

    __slots__ = (
        "accessor",
        "bind",
        "bodies",
        "calls",
        "depth",
        "effects",
        "env",
        "evaluate",
        "has_bare_calls",
        "has_implicit_receiver",
        "has_implicit_target",
        "index",
        "own",
        "parameters",
        "path",
        "pending",
        "references",
        "returns",
        "returns_type",
        "run",
        "shapes",
        "shared",
        "texts",
        "top",
        "words",
    )

    def __init__(
        self,
        index: CodeIndex,
        path: str,
        evaluate: Fn[[Frame, f.Expr | None], Value],
        run: Fn[[Frame, Iterable[f.Stmt]], None],
        bind: Fn[[Frame, f.Expr, Value], None],
    ) -> None:
        self.index, self.path = index, path
        self.words = index.words(path)
        self.has_bare_calls = has_bare_calls(index.language(path))
        self.has_implicit_receiver = has_implicit_receiver(index.language(path))
        self.has_implicit_target = has_implicit_target(index.language(path))
        self.evaluate, self.run, self.bind = evaluate, run, bind
        self.env: dict[str, Value] = {}
        self.pending: list[PendingUsage] = []
        self.own: Value = None
        self.accessor = ""
        self.parameters: dict[str, Value] = {}
        self.returns: list[Value] = []
        self.returns_type: f.Expr | None = None
        self.effects: list[Effect] = []
        self.top = False
        self.texts: dict[str, f.Expr] = {}
        self.bodies: dict[str, f.Function] = {}
        self.depth = 0
        self.calls: list[tuple[Callable, tuple[f.Param, ...], dict[str, Value]]] | None = None
        self.shapes: list[tuple[CallOf, Shaped]] = []
        self.shared: list[tuple[str, Value]] = []
        self.references: list[tuple[int, str, str]] | None = None

    def inner(self) -> Frame:
        """Return a frame for a scope inside this one: it sees these names and adds to the same pending usages."""
        frame = Frame(self.index, self.path, self.evaluate, self.run, self.bind)
        frame.env = dict(self.env)
        frame.pending, frame.own, frame.parameters = self.pending, self.own, self.parameters
        frame.calls, frame.shapes, frame.accessor = self.calls, self.shapes, self.accessor
        frame.texts, frame.bodies, frame.depth = self.texts, self.bodies, self.depth
        frame.shared, frame.references = self.shared, self.references
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

    def record_text(self, claim: ColumnRole, span: tuple[int, int]) -> None:
        """Record a column that SQL in an argument names."""
        why = (Evidence(f"{claim.why}."),)
        sub_type, tier = claim.sub_type, claim.tier
        place = (claim.table, claim.column)
        self.pending.append(PendingUsage(*place, span, claim.usage_type, why, tier=tier, via="sql", sub_type=sub_type))


def resolve_pending(value: Value, role: str) -> None:
    """Set the usage kind of the columns in an SQL expression that have none yet."""
    mode = MODES.get(role)
    if mode is None:
        return
    for draft in drafts(value):
        if not draft.settled:
            draft.usage_type, draft.sub_type = mode
            draft.settled = True


def set_default_usage(pending: Iterable[PendingUsage], role: str) -> None:
    """Set a provisional usage kind that later evidence may replace: a comparison is a filter so far."""
    usage_type, sub_type = MODES[role]
    for draft in pending:
        if not draft.settled:
            draft.usage_type, draft.sub_type = usage_type, sub_type
