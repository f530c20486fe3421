"""Scripts read block by block: the same statements, lines and rows, wherever a block ends."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from features.transfers.test_dumps import DUMPS
from headwater.core.transfer import script_files
from headwater.core.transfer.script_files import ScriptFile
from headwater.engines import engine
from headwater.kit.errors import TooLarge, Unreadable

TRICKY = {
    "postgresql": b"SELECT 'a;\nb''c;\n d', E'it\\'s;\n' ;\n\\echo x; y\n/* a;\n/* b; */ ; */ SELECT $f$ ;\n $f$;\n"
    b"COPY t FROM stdin;\n\\.\nCOPY t (a) FROM STDIN WITH (FORMAT csv);\r\n\\.x;\n'\n\\.\r\nSELECT \xc3\xa0;--;\nSELECT 2",
    "mysql": b"INSERT INTO t VALUES ('it\\'s;\n', _binary '\xff\\\\\n;');\nDELIMITER ;;\nCREATE TRIGGER x BEFORE INSERT\n"
    b"ON t FOR EACH ROW BEGIN\n SET @a = ';';\nEND ;;\nDELIMITER ;\n# it's; \n/*!40101 SET a = 1;\n */;\nSELECT 1;",
    "sqlite": b"CREATE TABLE t (a DEFAULT ';\n');\n.bail on\nCREATE TRIGGER x AFTER INSERT ON t BEGIN\nDELETE FROM t;\nEND;\n",
}
SCRIPTS = {
    **{f"{name} {number}": (name, text) for number, (name, text) in enumerate(TRICKY.items())},
    **{path.name: (path.stem, path.read_bytes()) for path in sorted(DUMPS.glob("*.sql"))},
}


def read(name: str, text: bytes) -> list[tuple[int, int, bytes, bytes | None]]:
    statements = ScriptFile(io.BytesIO(text), engine(name).dialect.grammar).statements()
    return [
        (item.number, item.line, item.text, None if item.rows is None else b"".join(item.rows)) for item in statements
    ]


@pytest.mark.parametrize("case", SCRIPTS)
@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_statements_do_not_depend_on_blocks(case: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    name, text = SCRIPTS[case]
    whole = read(name, text)
    monkeypatch.setattr(script_files, "BLOCK", block)
    assert read(name, text) == whole


@pytest.mark.parametrize("case", SCRIPTS)
def test_statements_have_the_line_where_they_begin(case: str) -> None:
    name, text = SCRIPTS[case]
    lines = text.split(b"\n")
    for _, line, statement, _ in read(name, text):
        assert statement.split(b"\n")[0].rstrip(b"\r") in lines[line - 1]


def test_rows_of_a_copy_are_passed_on_in_blocks_and_passed_over() -> None:
    text = b"COPY t FROM stdin;\n" + b"x" * 99 + b"\n" * 1_000_000 + b"\\.\nSELECT 1;\nSELECT 2;"
    first, *others = ScriptFile(io.BytesIO(text), engine("postgresql").dialect.grammar).statements()
    assert first.rows is not None
    assert [(item.line, item.text) for item in others] == [(1_000_003, b"SELECT 1"), (1_000_004, b"SELECT 2")]
    first = next(ScriptFile(io.BytesIO(text), engine("postgresql").dialect.grammar).statements())
    assert first.rows is not None
    sizes = [len(block) for block in first.rows]
    assert (sum(sizes), max(sizes) <= 2 * script_files.BLOCK) == (1_000_099, True)


def test_rows_without_an_end_are_refused() -> None:
    with pytest.raises(Unreadable, match="COPY in line 2 do not end"):
        read("postgresql", b"SELECT 1;\nCOPY t FROM stdin;\n1\n2\n")


def test_statement_without_an_end_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_files, "LARGEST_STATEMENT", 2 * script_files.BLOCK)
    with pytest.raises(TooLarge, match="statement in line 2"):
        read("postgresql", b"SELECT 1;\nSELECT '" + b"x;\n" * script_files.BLOCK)


ZIPS = {
    "one script": (["a/dump.sql", "__MACOSX/a/._dump.sql", ".DS_Store"], ""),
    "with documents": (["a/dump.sql", "README", "a/LICENSE.txt", "Changes.md", "tables.png", "Dockerfile"], ""),
    "with a text": (["dump.sql", "rows.txt"], "contains dump.sql, rows.txt, and can"),
    "with rows": (["schema.sql", "public.t.csv"], "contains schema.sql, public.t.csv, and can be imported only if"),
    "two scripts": (["a.sql", "b.sql"], "contains a.sql, b.sql"),
}


@pytest.mark.parametrize("case", ZIPS)
def test_zip_is_opened_if_it_has_one_script_only(case: str, tmp_path: Path) -> None:
    names, sentence = ZIPS[case]
    path = tmp_path / "dump.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "SELECT 1")
    if sentence:
        with pytest.raises(Unreadable, match=sentence), script_files.open_script(path):
            pass
        return
    with script_files.open_script(path) as script:
        assert script.read() == b"SELECT 1"


def test_damaged_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dump.zip"
    path.write_bytes(b"PK\x03\x04 not a ZIP")
    with pytest.raises(Unreadable, match="ZIP cannot be read"), script_files.open_script(path):
        pass
