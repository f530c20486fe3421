"""Views, CREATE TABLE AS and SELECT INTO: the columns of a query, with the types of those that it only passes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from postgast import pg_query_pb2

from headwater.catalog import changes as c
from headwater.catalog.model import Column, Origin, Relation, RelationKind
from headwater.readers.sql.postgresql import names, types
from headwater.readers.sql.postgresql.script_state import Key, ScriptState, key_of
from headwater.readers.sql.postgresql.tree import Node, descendants, enum_name, kind_of, statement, strings


@dataclass(slots=True)
class QueryScope:
    """What a query can see: the columns of its FROM items by alias, and the columns of WITH queries by name."""

    state: ScriptState
    items: dict[str, tuple[Column, ...]] = field(default_factory=dict)
    common: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)


def create_view(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change that adds a view."""
    if node.view.relpersistence == "t":
        state.temporary.add(node.view.relname)
        return
    aliases = strings(node.aliases)
    columns = _renamed(columns_of(state, node.query), aliases) or tuple(map(Column, aliases))
    yield from _add(state, node.view, node.query, _Result("view", columns, origin))


def create_table_as(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change that adds a materialized view, or a table with the rows of a query."""
    target = node.into.rel
    if target.relpersistence == "t":
        state.temporary.add(target.relname)
        return
    if node.if_not_exists and state.lookup(target.relname, state.creation_schema(target)):
        return
    columns = _renamed(columns_of(state, node.query), strings(node.into.col_names))
    kind: RelationKind = "materialized_view" if enum_name("ObjectType", node.objtype) == "OBJECT_MATVIEW" else "table"
    yield from _add(state, target, node.query, _Result(kind, columns, origin))


def select_into(state: ScriptState, node: Node, origin: Origin) -> Iterator[c.Change]:
    """Yield the change that adds the table of SELECT … INTO; other queries change nothing."""
    if not node.HasField("into_clause"):
        return
    target = node.into_clause.rel
    if target.relpersistence == "t":
        state.temporary.add(target.relname)
        return
    wrapper = pg_query_pb2.Node()
    wrapper.select_stmt.CopyFrom(node)
    yield from _add(state, target, wrapper, _Result("table", columns_of(state, wrapper), origin))


@dataclass(frozen=True, slots=True)
class _Result:
    """What a query becomes."""

    kind: RelationKind
    columns: tuple[Column, ...]
    origin: Origin


def _add(state: ScriptState, target: Node, query: Node, result: _Result) -> Iterator[c.Change]:
    space = state.creation_schema(target)
    columns = tuple(
        Column(each.name, types.SERIALS.get(each.type, each.type), origins=(result.origin,)) for each in result.columns
    )
    definition = statement(_qualified(state, query)) if result.kind != "table" else None
    relation = Relation(target.relname, columns, space, result.kind, definition=definition, origins=(result.origin,))
    if result.kind != "table":
        state.uses[key_of(relation)] = set(_sources(state, query))
    yield c.AddTable(relation.name, relation.schema, relation)


def _qualified(state: ScriptState, query: Node) -> Node:
    """Return a query whose relations have their schemas, since a view does not depend on the search path."""
    copy = pg_query_pb2.Node()
    copy.CopyFrom(query)
    common = {each.ctename for each in descendants(copy, "common_table_expr")}
    for node in descendants(copy, "range_var"):
        relation = None if node.schemaname or node.relname in common else state.find(node)
        if relation and relation.schema:
            node.schemaname = relation.schema
    return copy


def _sources(state: ScriptState, query: Node) -> Iterator[Key]:
    for node in descendants(query, "range_var"):
        relation = state.find(node)
        if relation:
            yield key_of(relation)


def _renamed(columns: tuple[Column, ...], aliases: tuple[str, ...]) -> tuple[Column, ...]:
    """Return columns with the names of an alias list, which may be shorter."""
    return (
        tuple(replace(column, name=name) for column, name in zip(columns, aliases, strict=False))
        + columns[len(aliases) :]
    )


def columns_of(
    state: ScriptState, query: Node, common: Mapping[str, tuple[Column, ...]] | None = None
) -> tuple[Column, ...]:
    """Return the columns of a query's result.

    Args:
        state: for the relations that it reads.
        query: a Node with a SELECT, VALUES or a data change with RETURNING.
        common: the columns of the WITH queries around it, by name.
    """
    kind = kind_of(query)
    if kind == "select_stmt":
        return _of_select(QueryScope(state, common=dict(common or {})), query.select_stmt)
    if kind in ("insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"):
        node = getattr(query, kind)
        scope = QueryScope(state, common=dict(common or {}))
        _see(scope, _range_node(node.relation))
        return tuple(_targets(scope, node.returning_list))
    return ()


def _range_node(relation: Node) -> Node:
    wrapper = pg_query_pb2.Node()
    wrapper.range_var.CopyFrom(relation)
    return wrapper


def _of_select(scope: QueryScope, node: Node) -> tuple[Column, ...]:
    if node.HasField("with_clause"):
        scope.common = _common(scope, node.with_clause)
    if enum_name("SetOperation", node.op) != "SETOP_NONE":
        left, right = (
            _of_select(QueryScope(scope.state, common=scope.common), side) for side in (node.larg, node.rarg)
        )
        return tuple(
            column if n < len(right) and right[n].type == column.type else replace(column, type="")
            for n, column in enumerate(left)
        )
    if node.values_lists:
        return tuple(Column(f"column{n}") for n in range(1, len(node.values_lists[0].list.items) + 1))
    for item in node.from_clause:
        _see(scope, item)
    return tuple(_targets(scope, node.target_list))


def _common(scope: QueryScope, clause: Node) -> dict[str, tuple[Column, ...]]:
    common = dict(scope.common)
    for each in clause.ctes:
        cte = each.common_table_expr
        columns = columns_of(scope.state, cte.ctequery, common)
        common[cte.ctename] = _renamed(columns, strings(cte.aliascolnames))
    return common


def _see(scope: QueryScope, item: Node) -> None:
    """Add the columns of an item of FROM to the scope."""
    kind = kind_of(item)
    node = getattr(item, kind) if kind else None
    if node is None:
        return
    if kind == "join_expr":
        _see(scope, node.larg)
        _see(scope, node.rarg)
        scope.merged += strings(node.using_clause)
        if node.is_natural:
            scope.merged += _shared(scope)
        return
    alias = node.alias.aliasname if node.HasField("alias") else ""
    columns: tuple[Column, ...] = ()
    if kind == "range_var":
        columns = _of_relation(scope, node)
        alias = alias or node.relname
    elif kind == "range_subselect":
        columns = columns_of(scope.state, node.subquery, scope.common)
    elif kind == "range_function":
        alias, columns = _of_function(node, alias)
    scope.items[alias or f"?{len(scope.items)}"] = _renamed(columns, strings(node.alias.colnames))


def _shared(scope: QueryScope) -> list[str]:
    *before, last = scope.items.values()
    known = {column.name for columns in before for column in columns}
    return [column.name for column in last if column.name in known]


def _of_relation(scope: QueryScope, node: Node) -> tuple[Column, ...]:
    if not node.schemaname and node.relname in scope.common:
        return scope.common[node.relname]
    relation = scope.state.find(node)
    return relation.columns if relation else ()


def _of_function(node: Node, alias: str) -> tuple[str, tuple[Column, ...]]:
    """Return the alias and columns of a function in FROM: those of its column list, or one of its own name."""
    if node.coldeflist:
        defined = [each.column_def for each in node.coldeflist]
        return alias, tuple(Column(each.colname, types.spell(each.type_name)) for each in defined)
    call = node.functions[0].list.items[0] if node.functions else None
    name = alias or (names.output_name(call) if call is not None else "")
    extra = (Column("ordinality", "bigint"),) if node.ordinality else ()
    return name, (Column(name), *extra)


def _targets(scope: QueryScope, targets: Iterable[Node]) -> Iterator[Column]:
    for each in targets:
        target = each.res_target
        if kind_of(target.val) == "column_ref" and target.val.column_ref.fields[-1].HasField("a_star"):
            yield from _star(scope, strings(target.val.column_ref.fields[:-1]))
            continue
        name = target.name or names.output_name(target.val)
        yield Column(name, _type(scope, target.val))


def _star(scope: QueryScope, qualifier: tuple[str, ...]) -> Iterator[Column]:
    """Yield the columns of `*` or `alias.*`; columns of USING come first, and once."""
    if qualifier:
        yield from scope.items.get(qualifier[-1], ())
        return
    everything = [column for columns in scope.items.values() for column in columns]
    done = set(scope.merged)
    for name in dict.fromkeys(scope.merged):
        yield from [column for column in everything if column.name == name][:1]
    yield from (column for column in everything if column.name not in done)


def _type(scope: QueryScope, node: Node) -> str:
    """Return the type of a column that is passed on, or of a cast; empty for other expressions."""
    if kind_of(node) == "type_cast":
        return scope.state.type_of(node.type_cast.type_name)
    if kind_of(node) != "column_ref" or not all(each.HasField("string") for each in node.column_ref.fields):
        return ""
    *qualifier, name = strings(node.column_ref.fields)
    items = [scope.items.get(qualifier[-1], ())] if qualifier else scope.items.values()
    matches = [column.type for columns in items for column in columns if column.name == name]
    return matches[0] if matches else ""
