"""Laws of the query builder, on real servers: SQL rendered from a parsed text returns the same rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.catalog.model import Column, Relation, Schema
from headwater.core.query_builder import (
    BuilderRefusal,
    Condition,
    Group,
    Join,
    Pick,
    Query,
    QueryTable,
    Sort,
    SqlStyle,
    Term,
    parse,
    render,
)
from headwater.engines import engine
from headwater.kit.errors import BadInput
from headwater.store.embedded import EmbeddedServer
from suite.profiles import examples

Run = Callable[[str], list[Any]]
DIALECTS = {"postgres": "postgresql", "sqlite": "sqlite", "mysql": "mysql"}
TABLES = {
    "people": ("id", "name", "team_id", "age", "Odd Name"),
    "teams": ("id", "name", "city"),
}
SCHEMA = Schema(tuple(Relation(table, tuple(Column(name) for name in names)) for table, names in TABLES.items()))
DDL = (
    "create table teams (id integer primary key, name text, city text)",
    'create table people (id integer primary key, name text, team_id integer, age integer, "Odd Name" integer)',
    "insert into teams values (1, 'red', 'Basel'), (2, 'blue', null), (3, 'it''s', 'Lyon')",
    "insert into people values (1, 'Ann', 1, 30, 1), (2, 'Bob', 1, 41, 2), (3, 'Cy', 2, 30, null), (4, null, null, 19, 4)",
)


def dialect(name: str) -> SqlStyle:
    engine_ = engine(DIALECTS[name])
    assert engine_.dialect.grammar
    return SqlStyle(name, engine_.dialect.grammar, engine_.quote)


@pytest.fixture(scope="module")
def runs(store: EmbeddedServer) -> Iterator[dict[str, Run]]:
    """How to run a text on each engine."""
    lite = sqlite3.connect(":memory:")
    with psycopg.connect(store.cluster.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("create temporary table hidden (x int)")
        connection.execute("set search_path to pg_temp")
        for statement in DDL:
            connection.execute(statement.replace("create table", "create temporary table"))
            lite.execute(statement)
        yield {
            "postgres": lambda text: connection.execute(text).fetchall(),
            "sqlite": lambda text: lite.execute(text).fetchall(),
        }  # type: ignore[dict-item, arg-type]
    lite.close()


SAME = [
    "select * from people",
    "SELECT people.* FROM people, teams WHERE team_id = teams.id",
    "select name, age from people where age >= 30 order by age desc, name limit 2",
    "select p.name as who, t.city from people p left join teams t on t.id = p.team_id order by who nulls first",
    "select t.name, count(*) as n, avg(p.age) from people as p inner join teams t on (p.team_id = t.id) group by t.name order by n desc, 1",
    "select team_id, count(distinct age) from people group by 1 having count(*) > 1 and min(age) > 10 order by 1",
    "select distinct age from people where (age = 30 or age = 19) and name is not null or id in (1, 2)",
    "select name from people where not name like 'A%' and age not between 20 and 35 order by lower(name)",
    "select upper(name) as loud, age * 2 + 1 as more from people where age % 2 = 0 or not (id = 4)",
    "select age from people group by age order by age",
    'select "Odd Name" from people where "Odd Name" <> 2 order by "Odd Name" desc',
    "select count(*) from people",
    "select city, sum(case when age > 30 then 1 else 0 end) as older from people join teams on teams.id = team_id group by city order by city",
    "select a.name, b.name from people a join people b on a.age = b.age and a.id < b.id",
    "select name from teams where name = 'it''s' or city is null order by id limit 5 offset 0",
    "select teams.name, max(age) - min(age) as span from teams join people on people.team_id = teams.id group by teams.name order by span, teams.name",
    "select people.name from people cross join teams where teams.id = 1 and (people.age > 20 and (people.id = 1 or people.id = 2))",
    "select 'x' as mark, age, count(*) from people group by age order by 2",
    "select coalesce(name, '?') from people order by coalesce(name, '?') desc limit 3;",
    "select age > 20 and age < 40 from people order by id",
]


@pytest.mark.parametrize("text", SAME)
@pytest.mark.parametrize("name", ["postgres", "sqlite"])
def test_rendered_text_gives_the_same_rows(runs: dict[str, Run], name: str, text: str) -> None:
    query = parse(text, dialect(name), SCHEMA)
    assert isinstance(query, Query), query
    again = render(query, dialect(name))
    expected, result = runs[name](text), runs[name](again)
    assert (result if query.sort else sorted(result, key=repr)) == (
        expected if query.sort else sorted(expected, key=repr)
    ), again
    assert parse(again, dialect(name), SCHEMA) == query


REFUSED = {
    "with x as (select 1) select * from x": "WITH",
    "select name from people union select name from teams": "UNION",
    "select 1": "FROM",
    "select * from (select 1) x": "FROM",
    "select name, rank() over (order by age) from people": "SELECT",
    "select * from people where team_id in (select id from teams)": "WHERE",
    "select * from people where exists (select 1 from teams)": "WHERE",
    "select distinct on (age) name from people": "DISTINCT ON",
    "select name from people for update": "FOR UPDATE",
    "select name from people natural join teams": "NATURAL",
    "select city from people join teams using (id)": "USING",
    "select name from people join teams on true": "SELECT",
    "select people.name, count(*) from people group by people.id, people.name": "GROUP BY",
    "select age, count(*) from people group by rollup (age)": "GROUP BY",
    "select name from people limit 1 + 1": "LIMIT",
    "select nope from people": "SELECT",
    "select x.name from people": "SELECT",
    "select * from generate_series(1, 3)": "FROM",
    "select age from people order by 2": "ORDER BY",
    "delete from people": "",
    "select 1; select 2": "",
    "selct": "",
    "select name from": "",
    "": "",
    "select ((((": "",
    "select name from people where '": "",
}


@pytest.mark.parametrize("text", REFUSED)
def test_unsupported_clause_is_reported(text: str) -> None:
    parsed = parse(text, dialect("postgres"), SCHEMA)
    assert isinstance(parsed, BuilderRefusal), parsed
    assert parsed.clause == REFUSED[text]
    assert parsed.message.endswith(".")


INTEGERS = [("p", "id"), ("p", "team_id"), ("p", "age"), ("p", "Odd Name"), ("t", "id")]
TEXTS = [("p", "name"), ("t", "name"), ("t", "city")]
integer = st.sampled_from(INTEGERS).map(lambda one: Term("column", one[1], one[0]))
string = st.sampled_from(TEXTS).map(lambda one: Term("column", one[1], one[0]))
number = st.integers(-3, 60).map(lambda one: Term("number", str(one)))
words = st.sampled_from(["Ann", "it's", "%a%", "", "back\\slash", "ünï", '"']).map(lambda one: Term("text", one))


def compared(left: Any, right: Any) -> Any:
    return st.one_of(
        st.builds(
            lambda a, o, b: Condition(a, o, (b,)),
            left,
            st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
            st.one_of(left, right),
        ),
        st.builds(
            lambda a, o, b: Condition(a, o, tuple(b)),
            left,
            st.sampled_from(["in", "not in"]),
            st.lists(right, min_size=1, max_size=3),
        ),
        st.builds(
            lambda a, o, b, c: Condition(a, o, (b, c)), left, st.sampled_from(["between", "not between"]), right, right
        ),
        st.builds(lambda a, o: Condition(a, o), left, st.sampled_from(["is null", "is not null"])),
    )


like = st.builds(
    lambda a, o, b: Condition(a, o, (b,)),
    string,
    st.sampled_from(["like", "not like"]),
    words.filter(lambda one: "\\" not in one.value),
)
holding = st.just(Condition(Term("expression", "COALESCE(p.age > 20, TRUE)"), "holds"))
condition = st.one_of(compared(integer, number), compared(string, words), like, holding)


@st.composite
def groups(draw: Any, depth: int = 2) -> Group:
    """Groups of conditions as the parser gives them: no group of one, none within one of its own kind."""
    every = draw(st.booleans())
    items: list[Any] = draw(st.lists(condition, min_size=2, max_size=3))
    if depth and draw(st.booleans()):
        inner = draw(groups(depth - 1))
        if inner.all != every:
            items.append(inner)
    return Group(every, tuple(items))


one_condition = condition.map(lambda one: Group(True, (one,)))
filters = st.one_of(st.just(Group()), one_condition, groups())
joined = Condition(Term("column", "id", "t"), "=", (Term("column", "team_id", "p"),))


def unusual(one: Sort, small: bool) -> Sort:
    """NULLs where an engine does not put them by itself: a word that says nothing is not read again."""
    return replace(one, nulls="last" if one.descending != small else "first") if one.nulls else one


@st.composite
def queries(draw: Any, small: bool = False) -> Query:
    """Queries that real servers can run; `small` where NULLs sort before everything else."""
    columns = draw(st.lists(st.one_of(integer, string), min_size=1, max_size=3, unique=True))
    picks = [
        Pick(term, alias=alias)
        for term, alias in zip(columns, draw(st.permutations(["", "a b", "select"])), strict=False)
    ]
    counted = draw(st.lists(st.sampled_from(["sum", "avg", "min", "max", "count", "count_distinct"]), max_size=2))
    picks += [Pick(draw(integer), how, f"n{at}") for at, how in enumerate(counted)]
    having = (
        Group(True, (Condition(Term("star"), ">", (Term("number", "0"),), "count"),))
        if counted and draw(st.booleans())
        else Group()
    )
    sort = [
        Sort(
            Term("alias", pick.alias) if pick.alias else pick.term,
            "",
            draw(st.booleans()),
            draw(st.sampled_from(["", "first"])),
        )
        for pick in draw(st.lists(st.sampled_from(picks), max_size=2, unique=True))
    ]
    kind = draw(st.sampled_from(["inner", "left", "right", "full", "cross"]))
    join = Join(QueryTable("teams", "t"), kind, Group() if kind == "cross" else Group(True, (joined,)))
    return Query(
        QueryTable("people", "p"),
        (join,),
        tuple(picks),
        draw(filters),
        having,
        tuple(unusual(item, small) for item in sort),
        limit=draw(st.sampled_from([None, None, 0, 100])),
        offset=draw(st.sampled_from([None, 0])),
        distinct=draw(st.booleans()),
    )


@pytest.mark.parametrize("name", ["postgres", "sqlite"])
def test_ddl_round_trip(runs: dict[str, Run], name: str) -> None:
    @settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))
    @given(query=queries(small=name == "sqlite"))
    def law(query: Query) -> None:
        text = render(query, dialect(name))
        assert parse(text, dialect(name), SCHEMA) == query, text
        rows = sorted(runs[name](text), key=repr)
        foreign = sqlglot.transpile(text, read=name, write=name, pretty=True, identify=True)[0]
        other = parse(foreign, dialect(name), SCHEMA)
        assert isinstance(other, Query), (foreign, other)
        assert sorted(runs[name](render(other, dialect(name))), key=repr) == rows

    law()


@given(query=queries())
@settings(max_examples=examples(150), deadline=None)
def test_rendered_query_parses_back_in_mysql(query: Query) -> None:
    plain = Query(**{name: getattr(query, name) for name in query.__slots__ if name != "sort"})
    assert parse(render(plain, dialect("mysql")), dialect("mysql"), SCHEMA) == plain


PEOPLE = QueryTable("people", "p")
WRONG = [
    Query(PEOPLE, picks=(Pick(Term("column", "x", "gone")),)),
    Query(PEOPLE, (Join(QueryTable("teams", "p")),)),
    Query(PEOPLE, (Join(QueryTable("teams", "t")),)),
    Query(PEOPLE, picks=(Pick(Term("star")), Pick(Term("star"), "count"))),
    Query(PEOPLE, picks=(Pick(Term("star"), "sum"),)),
    Query(PEOPLE, picks=(Pick(Term("expression", "1; drop table people")),)),
    Query(PEOPLE, picks=(Pick(Term("expression", "a, b")),)),
    Query(PEOPLE, picks=(Pick(Term("expression", "(select 1)")),)),
    Query(PEOPLE, picks=(Pick(Term("expression", "1 from people where 1 = 1")),)),
    Query(PEOPLE, picks=(Pick(Term("column", "", "p")),)),
    Query(PEOPLE, where=Group(True, (Condition(Term("column", "id", "p"), "="),))),
    Query(PEOPLE, where=Group(True, (Condition(Term("column", "id", "p"), "=", (Term("number", "1 or 1=1"),)),))),
    Query(PEOPLE, where=Group(True, (Condition(Term("column", "id", "p"), ">", (Term("number", "1"),), "sum"),))),
    Query(PEOPLE, sort=(Sort(Term("alias", "gone")),)),
    Query(PEOPLE, sort=(Sort(Term("number", "1")),)),
    Query(PEOPLE, limit=-1),
    Query(QueryTable("", "")),
]


@pytest.mark.parametrize("query", WRONG, ids=range(len(WRONG)))
def test_incomplete_query_is_reported(query: Query) -> None:
    with pytest.raises(BadInput) as caught:
        render(query, dialect("postgres"))
    assert caught.value.message.endswith(".")
