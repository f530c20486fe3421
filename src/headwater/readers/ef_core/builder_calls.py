"""What the calls of the fluent API's builders configure: of the model, an entity, a property, a relationship."""

from __future__ import annotations

from collections.abc import Callable

from headwater.catalog import facts as f
from headwater.readers._annotations import flag, last, number
from headwater.readers.ef_core.builders import FluentBuilder, FluentFrame, FluentInterpreter
from headwater.readers.ef_core.clrtypes import ClrType, element
from headwater.readers.ef_core.configuration import EntityConfig, RelationConfig

Generics = tuple[f.Expr, ...]


# ---------------------------------------------------------------- the model


def entity(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder | None:
    """`Entity<T>()`, `Entity(typeof(T))`, both also with a lambda; `Owned<T>()`."""
    typed = generics[0] if generics else next((a for a in call.args if not isinstance(a, f.Lambda)), None)
    named = fluent.text(frame, typed)
    if named is not None:
        first, *rest = named.split(".")
        typed = f.Name(0, 0, first)
        for part in rest:
            typed = f.Attr(0, 0, typed, part)
    clr = fluent.types.find(frame.scope.path, typed, frame.scope.owner)
    if clr is None:
        return None
    builder = FluentBuilder("entity", fluent.config.entity(clr))
    fluent.run_lambdas(frame, call, builder)
    return builder


def owned_type(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`Owned<T>()`."""
    clr = fluent.types.find(frame.scope.path, generics[0], frame.scope.owner) if generics else None
    fluent.config.owned_types.update([clr.key] if clr else ())
    return receiver


def apply(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`ApplyConfiguration(new X())`."""
    for arg in call.args:
        created = arg.func if isinstance(arg, f.Call) else arg
        clr = fluent.types.find(frame.scope.path, created, frame.scope.owner)
        if clr is not None:
            fluent.configure(clr)
    return receiver


def apply_all(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`ApplyConfigurationsFromAssembly(…)`: those whose entities belong to no other context's folder."""
    for clr in fluent.configurations:
        fluent.configure(clr)
    return receiver


def default_schema(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`HasDefaultSchema("x")`."""
    fluent.config.schema = fluent.text(frame, call.args[0]) if call.args else None
    return receiver


def ignore_type(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`Ignore<T>()` of the model."""
    clr = fluent.types.find(frame.scope.path, generics[0], frame.scope.owner) if generics else None
    fluent.config.ignored.update([clr.key] if clr else ())
    return receiver


# ---------------------------------------------------------------- entities


def table(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`ToTable("x", "schema")`, `ToView`, `ToSqlQuery`."""
    entity, name = receiver.entity, last(call.func)
    texts = [fluent.text(frame, arg) for arg in call.args if not isinstance(arg, f.Lambda)]
    if entity is None or not call.args:
        return receiver
    if name == "ToTable" and texts:
        entity.table = texts[0] if texts[0] is not None else entity.table
        entity.is_mapped = entity.is_mapped and not _is_null(call.args[0])
        entity.schema = texts[1] if len(texts) > 1 else entity.schema
    elif name == "ToView" and texts:
        entity.view, entity.is_mapped = texts[0], texts[0] is not None
    elif name in ("ToSqlQuery", "ToFunction"):
        entity.is_mapped = False
    return receiver


def key(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`HasKey(…)`, `HasNoKey()`, `HasIndex(…)`."""
    entity, name = receiver.entity, last(call.func)
    if entity is None:
        return receiver
    if name == "HasNoKey":
        entity.keyless = True
    elif name == "HasKey":
        entity.keys = fluent.names(frame, call.args)
        entity.explicit.update({key: None for key in entity.keys if key not in entity.explicit})
    else:
        columns = fluent.names(frame, call.args[:1])
        columns = columns or fluent.names(frame, call.args)
        entity.indexes.append((columns, False, None))
        return FluentBuilder("index", entity)
    return receiver


def unique(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`IsUnique()` and `HasDatabaseName("x")` of an index."""
    entity = receiver.entity
    if entity is not None and entity.indexes:
        columns, is_unique, title = entity.indexes[-1]
        if last(call.func) == "IsUnique":
            is_unique = not call.args or flag(call.args[0]) is not False
        else:
            title = fluent.text(frame, call.args[0]) if call.args else title
        entity.indexes[-1] = (columns, is_unique, title)
    return receiver


def property(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`Property(x => x.A)`, `Property<int>("A")`."""
    names = fluent.names(frame, call.args[:1])
    if receiver.entity is None or not names:
        return receiver
    receiver.entity.explicit[names[0]] = generics[0] if generics else receiver.entity.explicit.get(names[0])
    return FluentBuilder("property", receiver.entity, names[0])


def ignore(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`Ignore(x => x.A)` of an entity."""
    if receiver.entity is not None:
        receiver.entity.ignored.update(fluent.names(frame, call.args))
    return receiver


def base(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`HasBaseType<T>()`."""
    if receiver.entity is not None and generics:
        receiver.entity.base = fluent.types.find(frame.scope.path, generics[0], frame.scope.owner)
    return receiver


def strategy(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`UseTptMappingStrategy()` and the others."""
    if receiver.entity is not None:
        receiver.entity.strategy = last(call.func)[3:6].upper()
    return receiver


def discriminator(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`HasDiscriminator(…)`, and `HasValue<T>(…)` after it, which adds T to the model."""
    if receiver.entity is None:
        return receiver
    if last(call.func) == "HasDiscriminator":
        names = fluent.names(frame, call.args[:1])
        receiver.entity.discriminator = names[0] if names else "Discriminator"
        return FluentBuilder("discriminator", receiver.entity)
    typed = generics[0] if generics else next(iter(call.args), None)
    clr = fluent.types.find(frame.scope.path, typed, frame.scope.owner)
    if clr is not None:
        fluent.config.entity(clr)
    return receiver


def owns(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`OwnsOne(x => x.A, a => …)`, `OwnsMany`, `ComplexProperty`."""
    entity, names = receiver.entity, fluent.names(frame, call.args[:1])
    prop = fluent.types.property(entity.clr, names[0]) if entity is not None and names else None
    if entity is None or prop is None:
        return receiver
    inner = element(fluent.types.bound(prop)[1])
    clr = fluent.types.class_of(prop, inner) if inner is not None else fluent.types.class_of(prop)
    if clr is None:
        return receiver
    many = last(call.func) == "OwnsMany"
    table = entity.owned_many if many else entity.owned
    config = table.setdefault(prop.name, EntityConfig(clr))
    if last(call.func).startswith("Complex"):
        entity.complex.add(prop.name)
    builder = FluentBuilder("entity", config)
    rest = f.Call(call.start, call.end, call.func, call.args[1:], call.keywords)
    fluent.run_lambdas(frame, rest, builder)
    return builder if len(call.args) < 2 else receiver


def json(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`ToJson("x")` of an owned type."""
    if receiver.entity is not None:
        receiver.entity.json = (fluent.text(frame, call.args[0]) if call.args else None) or ""
    return receiver


# ---------------------------------------------------------------- properties


def column(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`HasColumnName`, `HasColumnType`, `IsRequired`, `HasMaxLength` of a property."""
    entity, name = receiver.entity, last(call.func)
    given = call.args[0] if call.args else None
    if entity is None:
        return receiver
    if name == "IsRequired":
        entity.required[receiver.prop] = flag(given) is not False
    elif name == "HasMaxLength":
        entity.lengths[receiver.prop] = str(number(given) or "")
    elif (named := fluent.text(frame, given)) is not None:
        (entity.columns if name == "HasColumnName" else entity.types)[receiver.prop] = named
    return receiver


# ---------------------------------------------------------------- relationships


def has(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder | None:
    """`HasOne(…)` and `HasMany(…)`, by a lambda, a text or only a type."""
    entity, names = receiver.entity, fluent.names(frame, call.args[:1])
    if entity is None:
        return None
    prop = fluent.types.property(entity.clr, names[0]) if names else None
    typed: ClrType | None = None
    if generics:
        typed = fluent.types.find(frame.scope.path, generics[0], frame.scope.owner)
    elif prop is not None:
        inner = element(fluent.types.bound(prop)[1])
        typed = fluent.types.class_of(prop, inner) if inner is not None else fluent.types.class_of(prop)
    target = fluent.config.entity(typed) if typed is not None else None
    relation = RelationConfig(entity, target, names[0] if names else "", to_many=last(call.func) == "HasMany")
    fluent.config.relations.append(relation)
    return FluentBuilder("relation", entity, relation=relation)


def with_(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`WithMany(…)`, `WithOne(…)`."""
    if receiver.relation is not None:
        names = fluent.names(frame, call.args[:1])
        receiver.relation.inverse = names[0] if names else ""
        receiver.relation.from_many = last(call.func) == "WithMany"
    return receiver


def foreign_key(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`HasForeignKey(…)`, `HasForeignKey<T>(…)`, `HasPrincipalKey(…)`, `IsRequired(…)`."""
    relation, name = receiver.relation, last(call.func)
    if relation is None:
        return receiver
    names = fluent.names(frame, call.args)
    if name == "HasForeignKey":
        typed = fluent.types.find(frame.scope.path, generics[0], frame.scope.owner) if generics else None
        if typed is not None:
            relation.dependent = fluent.config.entity(typed)
        elif len(names) > 1 and isinstance(call.args[0], (f.Text, f.Name)) and fluent.types.named(names[0]):
            relation.dependent, names = fluent.config.entity(fluent.types.named(names[0])), names[1:]  # type: ignore[arg-type]
        relation.foreign_key = names
    elif name == "HasPrincipalKey":
        relation.principal_key = names
    else:
        relation.required = not call.args or flag(call.args[0]) is not False
    return receiver


def owner(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`WithOwner()` of an owned type, and the foreign key after it."""
    if last(call.func) == "HasForeignKey" and receiver.entity is not None:
        receiver.entity.owner_key = fluent.names(frame, call.args)
    return FluentBuilder("owner", receiver.entity)


def using(
    fluent: FluentInterpreter, frame: FluentFrame, receiver: FluentBuilder, call: f.Call, generics: Generics
) -> FluentBuilder:
    """`UsingEntity<J>(…)`, `UsingEntity("table", …)`: the join entity, and its foreign keys right and left."""
    relation = receiver.relation
    if relation is None:
        return receiver
    clr = fluent.types.find(frame.scope.path, generics[0], frame.scope.owner) if generics else None
    join = fluent.config.entity(clr) if clr is not None else EntityConfig(relation.source.clr)
    relation.join_entity = join if clr is not None else None
    first = fluent.text(frame, call.args[0]) if call.args else None
    relation.join_table = first or relation.join_table
    lambdas = [arg for arg in call.args if isinstance(arg, f.Lambda) and arg.params]
    for at, arg in enumerate(lambdas):
        before = len(fluent.config.relations)
        inner = FluentFrame(
            frame.scope, {**frame.env, arg.params[0].name: FluentBuilder("entity", join)}, frame.depth + 1
        )
        fluent.body(inner, arg.body)
        added = fluent.config.relations[before:]
        del fluent.config.relations[before:]
        if added and added[0].foreign_key:
            if at == 0:
                relation.right_key = added[0].foreign_key
            else:
                relation.left_key = added[0].foreign_key
    relation.join_table = join.table or relation.join_table
    return receiver


Handler = Callable[[FluentInterpreter, FluentFrame, FluentBuilder, f.Call, Generics], FluentBuilder | None]
_ENTITY: dict[str, Handler] = {
    **dict.fromkeys(("ToTable", "ToView", "ToSqlQuery", "ToFunction"), table),
    **dict.fromkeys(("HasKey", "HasNoKey", "HasIndex"), key),
    **dict.fromkeys(("Property", "PrimitiveCollection", "IndexerProperty"), property),
    **dict.fromkeys(("UseTptMappingStrategy", "UseTpcMappingStrategy", "UseTphMappingStrategy"), strategy),
    **dict.fromkeys(("OwnsOne", "OwnsMany", "ComplexProperty", "ComplexCollection"), owns),
    **dict.fromkeys(("HasOne", "HasMany"), has),
    "Ignore": ignore,
    "HasBaseType": base,
    "HasDiscriminator": discriminator,
    "ToJson": json,
    "WithOwner": owner,
}
METHODS: dict[tuple[str, str], Handler] = {
    ("model", "Entity"): entity,
    ("model", "Owned"): owned_type,
    ("model", "ApplyConfiguration"): apply,
    ("model", "ApplyConfigurationsFromAssembly"): apply_all,
    ("model", "HasDefaultSchema"): default_schema,
    ("model", "Ignore"): ignore_type,
    **{("entity", name): handler for name, handler in _ENTITY.items()},
    **{("property", name): column for name in ("HasColumnName", "HasColumnType", "IsRequired", "HasMaxLength")},
    ("discriminator", "HasValue"): discriminator,
    ("index", "IsUnique"): unique,
    ("index", "HasDatabaseName"): unique,
    ("index", "HasName"): unique,
    ("relation", "WithMany"): with_,
    ("relation", "WithOne"): with_,
    ("relation", "HasForeignKey"): foreign_key,
    ("relation", "HasPrincipalKey"): foreign_key,
    ("relation", "IsRequired"): foreign_key,
    ("relation", "UsingEntity"): using,
    ("owner", "HasForeignKey"): owner,
}


def _is_null(expr: f.Expr) -> bool:
    while isinstance(expr, f.Cast):
        expr = expr.value
    return isinstance(expr, f.Const) and expr.text == "null"
