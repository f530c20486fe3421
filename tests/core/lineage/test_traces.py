"""What a reader returned is known again while all that it looked at is unchanged, and read again otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from headwater.core.lineage import pipeline
from headwater.core.lineage.cache import FileCache
from headwater.frameworks import all_frameworks
from headwater.readers import CodeProject, all_readers

FILES = {
    "app/base.py": "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
    "app/models.py": "from app.base import Base\nfrom sqlalchemy.orm import Mapped, mapped_column\n\n\n"
    "class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    "    email: Mapped[str] = mapped_column()\n",
    "app/service.py": "from app.models import User\n\n\ndef email(session):\n    return session.get(User, 1).email\n",
    "app/routes.py": "from fastapi import FastAPI\nfrom app.service import email\n\napp = FastAPI()\n\n\n"
    "@app.get('/email')\ndef show(session):\n    return email(session)\n",
    "app/tools.py": "def add(a, b):\n    return a + b\n",
    "web/tools.ts": "export function add(a, b) {\n  return a + b\n}\n",
}
BODY = ("a + b", "b + a")


class Scans:
    """A code base and the cache of its scans; counts what readers and frameworks were asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.asked = folder / "code", list[str]()
        self.cache = FileCache(folder / "cache.sqlite")
        for path, text in FILES.items():
            self.write(path, text)
        self._count(monkeypatch, all_readers()["sqlalchemy"], "read")
        self._count(monkeypatch, all_frameworks()["fastapi"], "routes")

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, "utf-8")

    def _count(self, monkeypatch: pytest.MonkeyPatch, part: object, name: str) -> None:
        whole = getattr(part, name)

        def counted(project: CodeProject, files: object) -> object:
            self.asked.append(name)
            return whole(project, files)

        monkeypatch.setattr(part, name, counted)

    def scan(self) -> tuple[list[str], set[str]]:
        """Scan, and return which parts were asked, and the columns that `GET /email` reads."""
        self.asked.clear()
        result = pipeline.scan(self.folder, cache=self.cache, processes=1)
        (endpoint,) = result.endpoints
        reached = {(code.file_path, code.symbol) for code in endpoint.reaches}
        used = {u.column_name for u in result.usages if (u.file_path, u.symbol) in reached and u.usage_type == "read"}
        return sorted(set(self.asked)), used


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scans:
    return Scans(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("path", "old", "new", "asked", "used"),
    [
        ("web/tools.ts", *BODY, [], {"email"}),
        ("app/tools.py", *BODY, ["routes"], {"email"}),  # a framework looks for routes in all files of its language
        ("app/service.py", ").email", ").id", ["routes"], {"id"}),
        ("app/models.py", "column()", "column('mail')", ["read", "routes"], {"mail"}),
        ("app/base.py", "    pass", "    x = 1", ["read", "routes"], {"email"}),  # a name that others can see
        ("app/routes.py", "    return email(session)", "    return 1", ["routes"], set()),
    ],
)
def test_only_those_who_looked_at_an_edited_file_read_again(
    scans: Scans, path: str, old: str, new: str, asked: list[str], used: set[str]
) -> None:
    assert scans.scan() == (["read", "routes"], {"email"})
    assert scans.scan() == ([], {"email"})
    scans.write(path, FILES[path].replace(old, new))
    assert scans.scan() == (asked, used)
    scans.write(path, FILES[path])
    assert scans.scan() == ([], {"email"})


def test_an_added_file_is_seen(scans: Scans) -> None:
    scans.scan()
    scans.write("app/more.py", FILES["app/models.py"].replace("User", "Team").replace("users", "teams"))
    assert scans.scan()[0] == ["read", "routes"]
    result = pipeline.scan(scans.folder, cache=scans.cache, processes=1)
    assert sorted(table.name for table in result.schema) == ["teams", "users"]


def test_an_edit_of_a_body_examines_its_file_only(scans: Scans, monkeypatch: pytest.MonkeyPatch) -> None:
    scans.scan()
    stored: list[dict[bytes, bytes]] = []
    monkeypatch.setattr(scans.cache, "put_many", stored.append)
    scans.write("app/tools.py", FILES["app/tools.py"].replace(*BODY))
    scans.scan()
    assert [len(entries) for entries in stored] == [1] * len(stored)
    # Patterns; facts and their header; routes; open functions, and what functions say in two rounds; claims.
    assert len(stored) == 8
