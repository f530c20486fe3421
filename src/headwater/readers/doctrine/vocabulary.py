"""The meaning of Doctrine's repositories, entity managers and query builders.

Sources: the Doctrine ORM documentation ("Working with Objects", "The QueryBuilder", "Doctrine Query Language").
"""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

_COMPARE = Op("filter", texts="entities")
_FILTER = Op("filter", texts="entities", only=0)
_JOIN = Op("join", texts="join")
_NONE = Op(result="none")
_QUERY = {
    **dict.fromkeys(("find", "findOneOrCreate"), Op(result="one")),
    "findAll": Op(result="many"),
    "findBy": Op("filter", roles=("filter", "sort"), result="many"),
    "findOneBy": Op("filter", roles=("filter", "sort"), result="one"),
    "count": Op("filter", roles=("filter",), result="none"),
    "createQueryBuilder": Op(texts="alias", only=0),
    **dict.fromkeys(("select", "addSelect"), Op("projection", texts="entities")),
    **dict.fromkeys(("where", "andWhere", "orWhere", "having", "andHaving", "orHaving"), _COMPARE),
    **dict.fromkeys(("orderBy", "addOrderBy"), Op("sort", texts="entities", only=0)),
    **dict.fromkeys(("groupBy", "addGroupBy"), Op("group", texts="entities")),
    **dict.fromkeys(("join", "leftJoin", "innerJoin"), _JOIN),
    "from": Op("join", texts="alias", only=1),
    "set": Op("update", texts="entities", only=0),
    **dict.fromkeys(("delete", "update"), Op("value")),
    **dict.fromkeys(("setParameter", "setParameters", "setMaxResults", "setFirstResult", "distinct", "indexBy"), Op()),
    **dict.fromkeys(("getQuery", "setHint", "useQueryCache", "enableResultCache", "expr", "setCacheable"), Op()),
    **dict.fromkeys(("resetDQLPart", "resetDQLParts", "andX", "orX"), Op()),
    # Expressions: the first argument names an attribute.
    **dict.fromkeys(("eq", "neq", "lt", "lte", "gt", "gte", "in", "notIn", "like", "notLike", "between"), _FILTER),
    **dict.fromkeys(("isNull", "isNotNull", "isMemberOf"), _FILTER),
    **dict.fromkeys(("countDistinct", "max", "min", "avg", "sum"), Op("projection", texts="entities", only=0)),
    **dict.fromkeys(("getResult", "toIterable", "execute"), Op(result="many")),
    **dict.fromkeys(("getOneOrNullResult", "getSingleResult"), Op(result="one")),
    **dict.fromkeys(("getScalarResult", "getSingleScalarResult", "getArrayResult", "getSingleColumnResult"), _NONE),
    **dict.fromkeys(("getDQL", "getSQL", "getEntityManager", "getManager"), _NONE),
}

VOCABULARY = Vocabulary(
    packages=("Doctrine",),
    languages=frozenset({"php"}),
    query=_QUERY,
    session={
        "getRepository": Op(result="query"),
        "createQueryBuilder": Op(result="query"),
        "createQuery": Op("filter", texts="entities", only=0, result="query"),
        **dict.fromkeys(("find", "getReference"), Op(result="one")),
        "persist": Op(row="write", result="same"),
        "remove": Op(row="delete", result="none"),
    },
    functions={"QueryBuilder": Op(result="blank")},
    queries_models=True,
    class_columns=False,
    flushes=frozenset({"flush"}),
    accessors={"get": "read", "is": "read", "has": "read", "set": "update"},
    derived={"findBy": Op(result="many"), "findOneBy": Op(result="one"), "countBy": _NONE},
    types={
        **dict.fromkeys(("EntityRepository", "ServiceEntityRepository", "ServiceDocumentRepository"), "repository"),
        **dict.fromkeys(("EntityManagerInterface", "EntityManager", "ObjectManager", "ManagerRegistry"), "session"),
        **dict.fromkeys(("Collection", "ArrayCollection", "PersistentCollection", "Paginator"), "many"),
        "QueryBuilder": "query",
    },
    user_mixins=frozenset({"UserInterface"}),
    signed_in=frozenset({"getUser"}),
)
