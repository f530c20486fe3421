"""The meaning of TypeORM's repositories, entity managers and query builders."""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import OptionsShape, Vocabulary
from headwater.readers._scripts import LANGUAGES

_COMPARE = Op("filter", named="filter", texts="entities", only=0, lambdas="query")
_JOIN = Op("join", texts="join")
_QUERY = {
    **dict.fromkeys(("find", "findAndCount"), Op(roles=("options",), result="many")),
    **dict.fromkeys(("findOne", "findOneOrFail"), Op(roles=("options",), result="one")),
    **dict.fromkeys(("findBy", "findAndCountBy"), Op("filter", roles=("filter",), result="many")),
    **dict.fromkeys(("findOneBy", "findOneByOrFail"), Op("filter", roles=("filter",), result="one")),
    "findAndCount": Op(roles=("options",), result="counted"),
    "findAndCountBy": Op("filter", roles=("filter",), result="counted"),
    **dict.fromkeys(("count", "exist", "exists"), Op(roles=("options",), result="none")),
    **dict.fromkeys(("countBy", "existsBy"), Op("filter", roles=("filter",), result="none")),
    **dict.fromkeys(
        ("sum", "average", "minimum", "maximum"),
        Op("projection", texts="column", only=0, roles=("value", "filter"), result="none"),
    ),
    "create": Op(roles=("write",), result="one"),
    "save": Op(roles=("write",), row="write", result="one"),
    "insert": Op(roles=("write",), row="write", result="none"),
    "upsert": Op(roles=("write",), row="write", result="none"),
    "merge": Op(roles=("value", "update"), result="one"),
    "preload": Op(roles=("update",), result="one"),
    "update": Op(roles=("filter", "update"), row="update", result="same"),
    **dict.fromkeys(("delete", "softDelete"), Op("filter", roles=("filter",), row="delete", result="same")),
    "restore": Op("filter", roles=("filter",), row="update", result="same"),
    **dict.fromkeys(("remove", "softRemove"), Op(row="delete", result="none")),
    **dict.fromkeys(("increment", "decrement"), Op("update", roles=("filter",), texts="column", only=1, result="none")),
    "clear": Op(row="delete", result="none"),
    "createQueryBuilder": Op(texts="alias", only=0),
    **dict.fromkeys(("select", "addSelect"), Op("projection", texts="entities")),
    **dict.fromkeys(("where", "andWhere", "orWhere", "having", "andHaving", "orHaving"), _COMPARE),
    **dict.fromkeys(("orderBy", "addOrderBy"), Op("sort", texts="entities", only=0)),
    **dict.fromkeys(("groupBy", "addGroupBy"), Op("group", texts="entities")),
    **dict.fromkeys(("leftJoin", "innerJoin", "leftJoinAndSelect", "innerJoinAndSelect"), _JOIN),
    **dict.fromkeys(
        ("leftJoinAndMapOne", "leftJoinAndMapMany", "innerJoinAndMapOne", "innerJoinAndMapMany"),
        Op("join", texts="join", only=1),
    ),
    **dict.fromkeys(("from", "into"), Op("join", texts="alias", only=1)),
    "set": Op(roles=("update",)),
    "values": Op(roles=("write",)),
    **dict.fromkeys(("getOne", "getOneOrFail"), Op(result="one")),
    "subQuery": Op(result="blank"),
    "getMany": Op(result="many"),
    "getManyAndCount": Op(result="counted"),
    **dict.fromkeys(("getCount", "getExists", "execute", "getSql", "getQuery"), Op(result="none")),
    **dict.fromkeys(("getRawMany", "getRawOne"), Op(result="none")),
}

VOCABULARY = Vocabulary(
    packages=("typeorm", "@nestjs/typeorm"),
    languages=LANGUAGES,
    query=_QUERY,
    session={"getRepository": Op(result="query"), "createQueryBuilder": Op(texts="alias", only=1, result="query")},
    managers=frozenset(_QUERY) - {"getOne", "getMany", "where", "set", "values", "select"},
    queries_models=True,
    loads_lists=True,
    functions={
        **dict.fromkeys(("In", "Not", "Like", "ILike", "IsNull", "Between", "MoreThan", "LessThan"), Op()),
        "Brackets": Op(),
        **dict.fromkeys(("getRepository", "getTreeRepository", "getMongoRepository"), Op(result="query")),
        **dict.fromkeys(("MoreThanOrEqual", "LessThanOrEqual", "Equal", "Any", "Raw", "ArrayContains"), Op()),
    },
    types={
        **dict.fromkeys(("Repository", "TreeRepository", "MongoRepository", "SelectQueryBuilder"), "repository"),
        **dict.fromkeys(("EntityTarget", "ObjectType", "EntityClassOrSchema"), "class"),
        **dict.fromkeys(("EntityManager", "DataSource", "Connection", "QueryRunner"), "session"),
        **dict.fromkeys(("DeepPartial", "QueryDeepPartialEntity"), "inner"),
    },
    shape=OptionsShape(
        keys={
            "where": "filter",
            "order": "sort",
            "select": "projection",
            "relations": "load",
            "cache": "value",
        },
        through=frozenset(),
        types={"FindOptionsWhere": "filter", "FindManyOptions": "options", "FindOneOptions": "options"},
    ),
)
