"""The meaning of MyBatis mappers, and of MyBatis-Plus: wrappers, and the methods of mappers and services.

Sources: the MyBatis reference ("Mapper XML Files", "Java API"), and the MyBatis-Plus guide ("Persistence Interface",
"Conditional Constructor").
"""

from __future__ import annotations

from typing import TypeVar

from headwater.readers import Operation as Op
from headwater.readers import Vocabulary

Meaning = TypeVar("Meaning")


def _all(names: str, meaning: Meaning) -> dict[str, Meaning]:
    return dict.fromkeys(names.split(), meaning)


_WRAPPER = {
    **_all(
        "eq ne gt ge lt le like notLike likeLeft likeRight notLikeLeft notLikeRight between notBetween in notIn"
        " isNull isNotNull inSql notInSql allEq eqSql gtSql",
        Op("filter", texts="column", lambdas="row"),
    ),
    **_all("orderBy orderByAsc orderByDesc", Op("sort", texts="column", lambdas="row")),
    "groupBy": Op("group", texts="column", lambdas="row"),
    **_all("select selectMax selectMin selectSum", Op("projection", texts="column", lambdas="row")),
    **_all("set setIncrBy setDecrBy", Op("update", texts="column", lambdas="row")),
    "setSql": Op("update", texts="sql", only=0),
    **_all("and or nested not func", Op("filter", lambdas="query")),
    **_all("apply having", Op("filter", texts="sql", only=0)),
    **_all("last exists notExists lambda clear clone getWrapper", Op()),
}
_READ = {
    **_all("selectOne selectById getOne getById getOneOpt getOptById oneOpt one getEntity", Op(result="one")),
    **_all("selectList selectBatchIds selectByIds selectByMap list listByIds listByMap", Op(result="many")),
    **_all("selectPage page records getRecords", Op(result="many")),
    **_all(
        "selectCount count exists selectMaps selectObjs listObjs listMaps getObj getMap pageMaps", Op(result="none")
    ),
}
_WRITE = {
    **_all("insert save saveBatch insertBatch insertBatchSomeColumn", Op(row="write", result="none")),
    **_all("saveOrUpdate saveOrUpdateBatch insertOrUpdate", Op(row="write", result="none")),
    **_all("updateById updateBatchById", Op(row="update", result="none")),
    "update": Op(row="update", result="none"),
    **_all(
        "delete deleteById deleteBatchIds deleteByIds deleteByMap remove removeById removeByIds removeBatchByIds"
        " removeByMap",
        Op(row="delete", result="none"),
    ),
    **_all("lambdaQuery lambdaUpdate query getBaseMapper", Op()),
}

VOCABULARY = Vocabulary(
    packages=("com.baomidou.mybatisplus", "org.apache.ibatis", "org.mybatis", "tk.mybatis", "com.mybatisflex"),
    languages=frozenset({"java", "kotlin"}),
    functions={
        **_all("lambdaQuery lambdaUpdate query update", Op(result="query")),
        **_all("LambdaQueryWrapper QueryWrapper LambdaUpdateWrapper UpdateWrapper", Op(result="query")),
    },
    query={**_WRAPPER, **_READ, **_WRITE},
    types={
        **_all("BaseMapper IService ServiceImpl Mapper MPJBaseMapper", "repository"),
        **_all("LambdaQueryWrapper QueryWrapper LambdaUpdateWrapper UpdateWrapper Wrapper", "repository"),
        **_all("LambdaQueryChainWrapper QueryChainWrapper LambdaUpdateChainWrapper UpdateChainWrapper", "repository"),
        **_all("AbstractWrapper AbstractLambdaWrapper MPJLambdaWrapper", "repository"),
        **_all("List Set Collection Iterable Stream IPage Page PageInfo PageList", "many"),
        **_all("MutableList ArrayList LinkedList HashSet LinkedHashSet", "many"),
        **_all("Optional CompletableFuture Mono Supplier", "inner"),
    },
    loads_lists=True,
    builders=frozenset({"builder", "newBuilder"}),
    accessors={"get": "read", "is": "read", "set": "update"},
    statements=frozenset({"Select", "Insert", "Update", "Delete"}),
)
