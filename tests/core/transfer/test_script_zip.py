"""A ZIP whose main script includes its other files is read as one script."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from headwater.core.transfer.script_files import open_script
from headwater.kit.errors import Unreadable


def packed(folder: Path, **files: str) -> Path:
    """Write a ZIP; two underscores in a name are a slash, and one before the extension is a dot."""
    path = folder / "dump.zip"
    with zipfile.ZipFile(path, "w") as out:
        for name, text in files.items():
            front, _, extension = name.replace("__", "/").rpartition("_")
            out.writestr(f"{front}.{extension}", text)
    return path


def read(path: Path) -> str:
    with open_script(path) as script:
        return b"".join(iter(lambda: script.read(7), b"")).decode()


def test_included_files_stand_where_they_are_included(tmp_path: Path) -> None:
    path = packed(
        tmp_path,
        shop__main_sql="CREATE;\nsource load/a.dump ;\n\\i 'load/b.sql'\n.read b.sql\n  SOURCE c.sql;\nEND;\n",
        shop__load__a_dump="A;\n\\ir d.sql\n",
        shop__load__b_sql="B;",
        shop__load__d_sql="D;\n",
        shop__b_sql="other B;\n",
    )
    assert read(path) == "CREATE;\nA;\nD;\n\n\nB;\nother B;\n\n  SOURCE c.sql;\nEND;\n"


def test_rows_of_a_copy_follow_its_statement(tmp_path: Path) -> None:
    path = packed(
        tmp_path,
        install_sql="\\copy s.t (a, \"b\") FROM './t.csv' WITH CSV DELIMITER E'\\t';\nSELECT 1;\n\\COPY u FROM none.csv\n",
        t_csv="1\tx\n2\ty",
    )
    copied = "COPY s.t (a, \"b\") FROM STDIN WITH CSV DELIMITER E'\\t';\n1\tx\n2\ty\n\\.\n"
    assert read(path) == f"{copied}SELECT 1;\n\\COPY u FROM none.csv\n"


def test_files_outside_of_the_zip_are_not_included(tmp_path: Path) -> None:
    (tmp_path / "secret.sql").write_text("SECRET;")
    path = packed(tmp_path, main_sql="\\i ../secret.sql\nsource /etc/passwd\n\\i a.sql\n", a_sql="A;\n")
    assert read(path) == "\\i ../secret.sql\nsource /etc/passwd\nA;\n\n"


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"a_sql": "source c.sql\n", "b_sql": "source c.sql\n", "c_sql": "C;\n"}, "Several scripts .* a.sql, b.sql"),
        ({"a_sql": "A;\n", "b_sql": "B;\n"}, "single SQL script, or one that includes the others"),
        ({"m_sql": "source a.x\n", "a_x": "source b.x\n", "b_x": "source a.x\n"}, "a.x of the ZIP includes itself"),
    ],
)
def test_other_zips_are_refused(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        read(packed(tmp_path, **files))


def test_scripts_that_include_each_other_without_end_are_refused(tmp_path: Path) -> None:
    """Twenty small files, each of which includes the next one twice, would be a million files."""
    files = {f"s{number}_sql": f"\\i s{number + 1}.sql\n" * 2 for number in range(20)}
    path = packed(tmp_path, **files, s20_sql="SELECT 1;\n")
    with pytest.raises(Unreadable, match="more than 10,000 times"):
        read(path)
