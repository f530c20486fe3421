"""The meaning of Spring Data repositories, entity managers and the criteria API.

Sources: the Spring Data JPA reference ("Repository query keywords"), Jakarta Persistence (EntityManager, Query,
CriteriaBuilder), the Hibernate User Guide (Session), and the Quarkus guide ("Simplified Hibernate ORM with Panache").
"""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

_DERIVED = {
    **dict.fromkeys(("find*By", "read*By", "get*By", "query*By", "search*By", "stream*By"), Op(result="many")),
    **dict.fromkeys(("count*By", "exists*By"), Op(result="none")),
    **dict.fromkeys(("delete*By", "remove*By"), Op(row="delete", result="none")),
}
_OPERATORS = frozenset(
    {"Is", "Equals", "IsNot", "Not", "IsNull", "Null", "IsNotNull", "NotNull", "Like", "IsLike", "NotLike", "IsNotLike"}
    | {"StartingWith", "StartsWith", "IsStartingWith", "EndingWith", "EndsWith", "IsEndingWith", "Containing"}
    | {"Contains", "IsContaining", "NotContaining", "NotContains", "IsNotContaining", "Between", "IsBetween"}
    | {"LessThan", "IsLessThan", "LessThanEqual", "IsLessThanEqual", "GreaterThan", "IsGreaterThan"}
    | {"GreaterThanEqual", "IsGreaterThanEqual", "After", "IsAfter", "Before", "IsBefore", "In", "IsIn", "NotIn"}
    | {"IsNotIn", "True", "IsTrue", "False", "IsFalse", "IgnoreCase", "IgnoringCase", "AllIgnoreCase"}
    | {"AllIgnoringCase", "Near", "Within", "Regex", "MatchesRegex", "Matches", "IsEmpty", "Empty", "IsNotEmpty"}
    | {"NotEmpty", "Exists"}
)
_WRITE = Op(row="write", result="same")
_REPOSITORY = {
    **dict.fromkeys(("findById", "getOne", "getById", "getReferenceById", "findOne"), Op(result="one")),
    **dict.fromkeys(("findAll", "findAllById", "findBy"), Op(result="many", lambdas="query")),
    **dict.fromkeys(("save", "saveAndFlush"), Op(row="write", result="one")),
    **dict.fromkeys(("saveAll", "saveAllAndFlush", "insertAll"), Op(row="write", result="many")),
    **dict.fromkeys(("delete", "deleteAll", "deleteById", "deleteAllById"), Op(row="delete", result="none")),
    **dict.fromkeys(("deleteInBatch", "deleteAllInBatch", "deleteAllByIdInBatch"), Op(row="delete", result="none")),
    **dict.fromkeys(("count", "existsById", "exists", "flush"), Op(result="none")),
}
# Panache of Quarkus: a text is an attribute, the condition of a query, or a whole one.
_PANACHE = {
    "find": Op("filter", texts="entities", only=0, lambdas="query"),
    **dict.fromkeys(("list", "stream"), Op("filter", texts="entities", only=0, result="many")),
    **dict.fromkeys(("listAll", "streamAll"), Op(result="many")),
    **dict.fromkeys(("findByIdOptional", "firstResult", "firstResultOptional", "singleResult"), Op(result="one")),
    **dict.fromkeys(("singleResultOptional",), Op(result="one")),
    "count": Op("filter", texts="entities", only=0, result="none"),
    "update": Op("update", texts="entities", only=0, result="none"),
    "delete": Op("filter", texts="entities", only=0, row="delete", result="none"),
    **dict.fromkeys(("persist", "persistAndFlush"), Op(row="write", result="one")),
    **dict.fromkeys(("page", "range", "withLock", "withHint", "nextPage"), Op()),
}
_QUERY = {
    **dict.fromkeys(("getResultList", "getResultStream"), Op(result="many")),
    **dict.fromkeys(("getSingleResult", "getSingleResultOrNull", "uniqueResult"), Op(result="one")),
    **dict.fromkeys(("setParameter", "setMaxResults", "setFirstResult", "setHint", "setLockMode"), Op()),
    "executeUpdate": Op(result="none"),
}
# The criteria API: a root is a query of its entity, and its attributes are named by texts.
_CRITERIA = {
    "get": Op("filter", texts="attribute"),
    **dict.fromkeys(("join", "fetch"), Op("join", texts="relation", only=0)),
    **dict.fromkeys(("select", "multiselect"), Op("projection")),
    "from": Op(result="query"),
}
_STATEMENT = Op("filter", texts="entities", only=0, result="query")

VOCABULARY = Vocabulary(
    packages=(
        "io.quarkus.hibernate",
        "jakarta.persistence",
        "javax.persistence",
        "org.hibernate",
        "org.springframework.data",
    ),
    languages=frozenset({"java", "kotlin"}),
    functions={
        "Query": Op("projection", texts="entities", result="none", native="nativeQuery"),
        "NativeQuery": Op("projection", texts="sql", result="none"),
        **dict.fromkeys(("SQLDelete", "SQLInsert", "SQLUpdate", "NamedNativeQuery"), Op(texts="sql", result="none")),
        **dict.fromkeys(("NamedQuery", "NamedQueries"), Op("projection", texts="entities", result="none")),
    },
    query={**_REPOSITORY, **_PANACHE, **_QUERY, **_CRITERIA},
    class_methods=frozenset({*_PANACHE, "findAll", "findById", "deleteAll", "deleteById"}),
    session={
        **dict.fromkeys(("persist", "persistAndFlush", "saveOrUpdate", "replicate"), _WRITE),
        **dict.fromkeys(("merge",), Op(row="update", result="same")),
        **dict.fromkeys(("remove",), Op(row="delete", result="none")),
        **dict.fromkeys(("find", "getReference"), Op(result="one")),
        **dict.fromkeys(("createQuery", "createSelectionQuery", "createMutationQuery"), _STATEMENT),
    },
    types={
        **dict.fromkeys(("JpaRepository", "CrudRepository", "PagingAndSortingRepository", "Repository"), "repository"),
        **dict.fromkeys(("ListCrudRepository", "ListPagingAndSortingRepository"), "repository"),
        **dict.fromkeys(("PanacheRepository", "PanacheRepositoryBase", "PanacheQuery"), "repository"),
        **dict.fromkeys(
            ("RevisionRepository", "QuerydslPredicateExecutor", "JpaRepositoryImplementation"), "repository"
        ),
        **dict.fromkeys(("TypedQuery", "SelectionQuery", "Root", "Join", "From", "CriteriaQuery"), "repository"),
        **dict.fromkeys(("List", "Set", "Collection", "Iterable", "Page", "Slice", "Stream", "Streamable"), "many"),
        **dict.fromkeys(("MutableList", "MutableSet", "MutableCollection", "Sequence", "Iterator"), "many"),
        **dict.fromkeys(("SortedSet", "ArrayList", "HashSet", "LinkedList", "LinkedHashSet", "Window"), "many"),
        **dict.fromkeys(("Optional", "CompletableFuture", "Future", "Mono", "ListenableFuture", "Supplier"), "inner"),
        "Uni": "inner",
        **dict.fromkeys(("EntityManager", "Session", "StatelessSession", "TestEntityManager"), "session"),
    },
    loads_lists=True,
    functional={"Specification": "query"},
    builders=frozenset({"builder", "newBuilder"}),
    instance={"copy": Op(named="update")},
    accessors={"get": "read", "is": "read", "set": "update"},
    derived=_DERIVED,
    operators=_OPERATORS,
)
