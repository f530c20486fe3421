"""The meaning of Django's managers, querysets, expressions and model instances."""

from __future__ import annotations

from headwater.readers import Operation as Op
from headwater.readers import Role, Vocabulary

_FILTER = Op("filter", named="filter")
_NAMES = Op("projection", named=None, texts="column", result="same")
_EXPRESSION = Op(texts="column", result="column")
_EXPRESSIONS = (
    *("F", "OuterRef", "Func", "ExpressionWrapper", "Case", "Subquery", "Exists", "Value", "Cast", "Now", "NullIf"),
    *("Count", "Sum", "Avg", "Min", "Max", "StdDev", "Variance", "StringAgg", "ArrayAgg", "JSONBAgg", "Coalesce"),
    *("Lower", "Upper", "Length", "Concat", "Substr", "Trim", "Replace", "Left", "Abs", "Round", "Greatest", "Least"),
    *("Trunc", "TruncDate", "TruncDay", "TruncHour", "TruncWeek", "TruncMonth", "TruncYear", "ExtractYear"),
    *("ExtractMonth", "ExtractDay", "SearchVector", "SearchRank", "TrigramSimilarity", "Lag", "Lead", "Rank"),
    *("RowNumber", "Window"),
)
_RELATION = Op("load", texts="relation")
_KEYS: dict[str, Role] = {"defaults": "write", "create_defaults": "write"}
_ONE, _SAME, _NONE = Op(result="one"), Op(), Op(result="none")

VOCABULARY = Vocabulary(
    packages=("django", "rest_framework"),
    languages=frozenset({"python"}),
    separator="__",
    functions={
        "Q": Op(result="keys"),
        **dict.fromkeys(_EXPRESSIONS, _EXPRESSION),
        "When": Op(named="filter", result="keys"),
        "Prefetch": Op(result="same"),
        "get_object_or_404": Op("filter", named="filter", result="one"),
        "get_list_or_404": Op("filter", named="filter", result="many"),
    },
    join_models=frozenset({"through"}),
    query_attributes=frozenset({"objects", "_default_manager", "_base_manager"}),
    query={
        **dict.fromkeys(("filter", "exclude", "complex_filter"), _FILTER),
        **dict.fromkeys(("get", "aget"), Op("filter", named="filter", result="one")),
        **dict.fromkeys(("create", "acreate"), Op(named="write", result="one", row="write")),
        **dict.fromkeys(
            ("get_or_create", "aget_or_create"), Op("filter", named="filter", keywords=_KEYS, result="pair")
        ),
        **dict.fromkeys(
            ("update_or_create", "aupdate_or_create"), Op("filter", named="filter", keywords=_KEYS, result="pair")
        ),
        **dict.fromkeys(("update", "aupdate"), Op(named="update", row="update", result="none")),
        **dict.fromkeys(("delete", "adelete", "_raw_delete"), Op(row="delete", result="none")),
        **dict.fromkeys(("bulk_create", "abulk_create"), Op(row="write", result="many")),
        **dict.fromkeys(("bulk_update", "abulk_update"), Op("update", texts="column", only=1, result="none")),
        **dict.fromkeys(("values", "values_list", "only", "defer", "distinct", "dates", "datetimes"), _NAMES),
        **dict.fromkeys(("annotate", "alias", "aggregate"), Op("projection", texts="column")),
        "order_by": Op("sort", texts="column"),
        **dict.fromkeys(("latest", "earliest"), Op("sort", texts="column", result="one")),
        **dict.fromkeys(("select_related", "prefetch_related"), _RELATION),
        **dict.fromkeys(("first", "last", "afirst", "alast"), _ONE),
        **dict.fromkeys(("iterator", "aiterator", "in_bulk"), Op(result="many")),
        **dict.fromkeys(("count", "exists", "acount", "aexists", "contains", "explain"), _NONE),
        **dict.fromkeys(("all", "using", "none", "select_for_update", "reverse", "union", "intersection"), _SAME),
        **dict.fromkeys(("get_queryset", "difference", "extra", "raw"), _SAME),
    },
    rows={**dict.fromkeys(("all", "iterator", "reverse", "select_for_update", "using"), _SAME)},
    instance={
        **dict.fromkeys(("save", "asave"), Op("update", texts="column", row="update", result="none")),
        **dict.fromkeys(("delete", "adelete"), Op(row="delete", result="none")),
        "refresh_from_db": Op("projection", texts="column", result="none"),
    },
    types={
        **dict.fromkeys(("QuerySet", "Manager", "BaseManager", "RelatedManager", "ManyToManyField"), "repository"),
    },
    declarations=frozenset(
        {"UniqueConstraint", "Index", "CheckConstraint", "ForeignKey", "OneToOneField", "ManyToManyField"}
    ),
    user_mixins=frozenset({"AbstractUser", "AbstractBaseUser"}),
    user_attributes=frozenset({"request.user"}),
)
