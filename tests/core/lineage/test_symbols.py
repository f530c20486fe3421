"""Name resolution across files: packages, relative and star imports, re-exports, source roots, script paths."""

from __future__ import annotations

import pickle

import pytest

from headwater.core.lineage.symbols import External, Found, Package
from headwater.testing.readers import CodeBase

FILES = {
    "server/app/__init__.py": "from .models import *\nfrom . import tools\n",
    "server/app/models/__init__.py": "from .user import User, Team as Group\n",
    "server/app/models/user.py": "class Base: ...\nclass User(Base):\n    name = 1\nclass Team: ...\nT = Team\n",
    "server/app/tools.py": "import sqlalchemy as sa\nimport app.models\nimport email\nfrom app import User as Person\n",
    "server/app/email/__init__.py": "def send(): ...\n",
    "server/app/loop.py": "from app.loop import Loop\n",
    "server/tests/test_it.py": "from app.models import User\nfrom lib.thing import thing\n",
    "lib/thing.py": "try:\n    from fast import thing\nexcept ImportError:\n    def thing(): ...\n",
    "namespace/deep/mod.py": "def here(): ...\n",
    "namespace/use.py": "from namespace.deep import mod\n",
    "web/src/lib/db.ts": "export const db = make();\nexport default db;\n",
    "web/src/lib/index.ts": "export * from './db';\nexport { db as store } from './db';\n",
    "web/src/page.ts": "import db from '@/lib/db';\nimport { db as d, store } from './lib';\nimport x from 'react';\n",
}


@pytest.fixture(scope="module")
def symbols():
    return CodeBase(FILES).symbols


@pytest.mark.parametrize(
    ("path", "name", "place"),
    [
        ("server/app/__init__.py", "User", ("server/app/models/user.py", "User")),
        ("server/app/__init__.py", "Group", ("server/app/models/user.py", "Team")),
        ("server/app/__init__.py", "tools.Person.name", ("server/app/models/user.py", "User.name")),
        ("server/app/tools.py", "app.models.User", ("server/app/models/user.py", "User")),
        ("server/tests/test_it.py", "User", ("server/app/models/user.py", "User")),
        ("server/app/models/user.py", "T", ("server/app/models/user.py", "T")),
        ("namespace/use.py", "mod.here", ("namespace/deep/mod.py", "here")),
        # What stands in for an import that may fail is known; what is imported is not.
        ("lib/thing.py", "thing", ("lib/thing.py", "thing")),
        ("web/src/page.ts", "d", ("web/src/lib/db.ts", "db")),
        ("web/src/page.ts", "store", ("web/src/lib/db.ts", "db")),
    ],
)
def test_names_resolve_to_definitions(symbols, path, name, place):
    symbol = symbols.lookup(path, name)
    assert isinstance(symbol, Found)
    assert (symbol.path, symbol.name) == place
    assert symbols.resolve(path, name) == (symbol.path, symbol.stmt)


def test_external_names_are_qualified(symbols):
    assert symbols.lookup("server/app/tools.py", "sa.orm.Session") == External("sqlalchemy.orm.Session")
    assert symbols.lookup("web/src/page.ts", "x") == External("react.default")


def test_package_does_not_hide_the_standard_library(symbols):
    assert symbols.lookup("server/app/tools.py", "email") == External("email")


def test_modules_are_values(symbols):
    assert symbols.lookup("namespace/use.py", "mod") == Package("namespace/deep/mod.py")


def test_cycles_and_unknown_names_resolve_to_none(symbols):
    assert symbols.lookup("server/app/loop.py", "Loop") is None
    assert symbols.lookup("server/app/loop.py", "nothing.at.all") is None
    assert symbols.lookup("no/such/file.py", "x") is None


def test_slim_table_resolves_the_same_without_positions(symbols):
    slim = pickle.loads(pickle.dumps(symbols.slim()))
    symbol = slim.lookup("server/app/__init__.py", "User")
    assert (symbol.path, symbol.name) == ("server/app/models/user.py", "User")
    shifted = {path: text if path.endswith(".ts") else "\n\n" + text for path, text in FILES.items()}
    assert pickle.dumps(CodeBase(shifted).symbols.slim()) == pickle.dumps(symbols.slim())
