"""Complete scans of small code bases: trailing comments list the usages of each line."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from headwater.catalog import facts
from headwater.core.lineage import embedded_sql, pipeline
from headwater.core.lineage.cache import FileCache
from headwater.core.lineage.orm import statements
from headwater.core.lineage.result import ScanProgress
from headwater.kit.errors import Cancelled
from headwater.languages import by_name
from headwater.readers import all_readers

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
_EXPECTED = re.compile(r"(?:#|//|--) -> (.*)$")
_KINDS = ["read", "write", "update", "delete", "join", "filter", "projection", "sort", "group"]


def write(case: Path, folder: Path) -> Path:
    parts = re.split(r"^--- (\S+)\n", case.read_text("utf-8"), flags=re.MULTILINE)
    for path, body in zip(parts[1::2], parts[2::2], strict=True):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body, "utf-8")
    return folder


def expected(folder: Path) -> list[tuple[str, int, str]]:
    result = set()
    for file in folder.rglob("*.*"):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if match := _EXPECTED.search(line):
                message = {part.strip() for part in match[1].split(",")}
                result |= {(str(file.relative_to(folder)), number, use) for use in message if use.split()[0] in _KINDS}
    return sorted(result)


def claimed(folder: Path) -> list[tuple[str, int, str]]:
    usages = pipeline.scan(folder, processes=1).usages
    explicit = [usage for usage in usages if usage.sub_type not in ("implicit", "lazy")]
    return sorted(
        {(u.file_path, u.line_number, f"{u.sub_type or u.usage_type} {u.table_name}.{u.column_name}") for u in explicit}
    )


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_usages_match_comments(case, tmp_path):
    folder = write(case, tmp_path)
    assert claimed(folder) == expected(folder)


@pytest.fixture
def shop(tmp_path):
    return write(CASES[0].with_name("sql_in_strings.txt"), tmp_path / "shop")


def test_positions_are_those_of_the_column_name(shop):
    for usage in pipeline.scan(shop, processes=1).usages:
        if usage.sub_type == "implicit" or usage.column_name == "*":
            continue
        line = (shop / usage.file_path).read_text("utf-8").splitlines()[usage.line_number - 1]
        assert line[usage.start_column : usage.end_column] == usage.column_name
        assert usage.code_snippet.strip() in line
        assert usage.evidence


def test_positions_count_characters_not_bytes(tmp_path):
    (tmp_path / "a.sql").write_text("create table t (id int, größe int);\nselect 'ä€😀', größe from t;\n", "utf-8")
    usage = pipeline.scan(tmp_path, processes=1).usages[0]
    assert (usage.column_name, usage.line_number, usage.start_column, usage.end_column) == ("größe", 2, 14, 19)


def test_archive_and_processes_give_the_same_result(shop, tmp_path):
    archive = tmp_path / "shop.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for file in shop.rglob("*.*"):
            out.write(file, f"shop-main/{file.relative_to(shop)}")
    whole = pipeline.scan(shop, processes=1)
    packed = pipeline.scan(archive)
    assert packed.usages == whole.usages
    assert packed.schema.relations == whole.schema.relations


def test_second_scan_reads_only_changed_files(shop, tmp_path):
    cache = FileCache(tmp_path / "cache.sqlite")
    first = pipeline.scan(shop, cache=cache, processes=1)
    assert pipeline.scan(shop, cache=cache, processes=1).usages == first.usages
    report = shop / "report.sql"
    report.write_text("select email from users;\n", "utf-8")
    changed = pipeline.scan(shop, cache=cache, processes=1)
    assert [u.column_name for u in changed.usages if u.file_path == "report.sql"] == ["email"]
    others = [u for u in first.usages if u.file_path != "report.sql"]
    assert [u for u in changed.usages if u.file_path != "report.sql"] == others
    cache.close()


def test_second_scan_of_the_same_code_computes_nothing(tmp_path):
    orm_cases = Path(__file__).parent / "orm" / "cases"
    for name in ("rails_app", "sqlalchemy_relations", "prisma_shapes"):
        write(orm_cases / f"{name}.txt", tmp_path / "code" / name)
    cache = FileCache(tmp_path / "cache.sqlite")
    first = pipeline.scan(tmp_path / "code", cache=cache, processes=1)
    computed: list[bytes] = []
    cache.put_many = computed.extend
    assert pipeline.scan(tmp_path / "code", cache=cache, processes=1).usages == first.usages != ()
    assert computed == []
    cache.close()


def test_damaged_cache_is_recreated(shop, tmp_path):
    file = tmp_path / "cache.sqlite"
    file.write_bytes(b"not a database at all" * 100)
    cache = FileCache(file)
    assert pipeline.scan(shop, cache=cache, processes=1).usages
    cache.close()


def test_progress_reports_phases_and_can_stop_the_scan(shop):
    seen: list[ScanProgress] = []
    pipeline.scan(shop, progress=seen.append, processes=1)
    assert list(dict.fromkeys(step.phase for step in seen)) == [name for name, _ in pipeline.PASSES]
    assert [row["state"] for row in seen[-1].detail["phases"]] == ["done"] * len(pipeline.PASSES)

    def stop(step: ScanProgress) -> None:
        if step.phase == "usages":
            raise Cancelled

    with pytest.raises(Cancelled):
        pipeline.scan(shop, progress=stop, processes=1)


def test_unparsed_sql_is_listed_with_its_line(tmp_path):
    (tmp_path / "a.sql").write_text("create table users (id int);\n", "utf-8")
    (tmp_path / "b.py").write_text("x = 1\nQ = 'select id from users where where where'\n", "utf-8")
    missed = pipeline.scan(tmp_path, processes=1).not_understood
    assert [(item.file_path, item.line_number) for item in missed] == [("b.py", 2)]


def test_cyclic_imports_and_syntax_errors_are_tolerated(tmp_path):
    (tmp_path / "a.py").write_text("from b import *\nfrom b import x\nclass A(x): pass\n", "utf-8")
    (tmp_path / "b.py").write_text("from a import *\nfrom a import A as x\nx = x\n", "utf-8")
    (tmp_path / "c.py").write_text("Q = 'select id from t'\ndef f(:\n  return (\nclass {", "utf-8")
    result = pipeline.scan(tmp_path, processes=1)
    assert result.file_counts["scanned"] == 3
    assert sum(row.errors for row in result.languages) >= 1


def test_file_that_fails_is_listed_and_the_others_are_examined(tmp_path, monkeypatch):
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id int, email text);")
    for name in ("good.py", "bad.py"):
        (tmp_path / name).write_text('QUERY = "SELECT email FROM users"\n')
    claims = embedded_sql.claims

    def fail(module, schema, annotations):
        if module.path == "bad.py":
            raise AttributeError("no such attribute")
        return claims(module, schema, annotations)

    monkeypatch.setattr(embedded_sql, "claims", fail)
    result = pipeline.scan(tmp_path, processes=1)
    assert {usage.file_path for usage in result.usages} == {"good.py"}
    assert [(missed.file_path, missed.reason) for missed in result.not_understood] == [
        ("bad.py", "This file could not be examined: AttributeError. Please report it.")
    ]


def test_statement_that_fails_is_listed_and_the_others_are_read(tmp_path, monkeypatch):
    (tmp_path / "models.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase, mapped_column\n\n\nclass Base(DeclarativeBase): ...\n\n\n"
        "class User(Base):\n    __tablename__ = 'users'\n    email = mapped_column(primary_key=True)\n"
    )
    (tmp_path / "service.py").write_text(
        "from models import User\n\n\ndef bad(user: User):\n    del user.email\n\n\n"
        "def deep(user: User):\n    raise user.email\n\n\ndef good(user: User):\n    return user.email\n"
    )
    run = statements._do

    def fail(frame, stmt):
        if stmt.word in ("del", "raise"):
            raise RecursionError if stmt.word == "raise" else KeyError("id")
        run(frame, stmt)

    monkeypatch.setitem(statements._HANDLERS, facts.Do, fail)
    result = pipeline.scan(tmp_path, processes=1)
    assert [usage.line_number for usage in result.usages if usage.file_path == "service.py"] == [13]
    assert [(missed.line_number, missed.reason) for missed in result.not_understood] == [
        (4, "The code from here on could not be examined completely: KeyError. Please report it."),
        (8, "The code from here on is nested too deeply to be examined completely."),
    ]


def test_reader_that_fails_is_listed_and_the_others_are_read(tmp_path, monkeypatch):
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id int, email text);")
    (tmp_path / "schema.prisma").write_text("model Post {\n  id Int @id\n}\n")

    def fail(project, files):
        raise KeyError("id")

    monkeypatch.setattr(all_readers()["prisma"], "read", fail)
    result = pipeline.scan(tmp_path, processes=1)
    assert [relation.name for relation in result.schema] == ["users"]
    assert [(missed.file_path, missed.reason) for missed in result.not_understood] == [
        ("schema.prisma", "Prisma could not be read: KeyError. Please report it.")
    ]


def test_file_that_its_language_fails_on_is_listed_and_the_others_are_read(tmp_path, monkeypatch):
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id int, email text);")
    for name in ("good.py", "bad.py"):
        (tmp_path / name).write_text('QUERY = "SELECT email FROM users"\n')
    python = by_name()["python"]
    facts_of = python.facts

    def fail(path, source):
        if path == "bad.py":
            raise IndexError("tuple index out of range")
        return facts_of(path, source)

    monkeypatch.setattr(python, "facts", fail)
    result = pipeline.scan(tmp_path, processes=1)
    assert {usage.file_path for usage in result.usages} == {"good.py"}
    reason = "This file could not be parsed: IndexError. Please report it."
    assert [(missed.file_path, missed.reason) for missed in result.not_understood] == [("bad.py", reason)]
    assert pipeline.schema_of(tmp_path).not_understood[0].reason == reason


def test_definition_that_is_nested_too_deeply_leaves_the_others(tmp_path):
    deep = "[" * 240 + "]" * 240
    (tmp_path / "deep.py").write_text(f"DEEP = {deep}\n")
    (tmp_path / "models.py").write_text(
        "from sqlalchemy.orm import DeclarativeBase, mapped_column\nfrom deep import DEEP\n\n\n"
        "class Base(DeclarativeBase): ...\n\n\n"
        "class User(Base):\n    __tablename__ = 'users'\n    email = mapped_column(primary_key=True)\n\n\n"
        "def show(user: User):\n    return user.email\n"
    )
    usages = pipeline.scan(tmp_path, processes=1).usages
    assert [(usage.line_number, usage.column_name) for usage in usages] == [(14, "email")]
