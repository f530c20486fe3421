"""Express is detected by its imports, and only files that can declare or pass on a router are examined."""

from __future__ import annotations

import pytest

from headwater.frameworks import express
from headwater.readers import SourceFile
from headwater.testing.readers import CodeBase

IMPORTS = (
    "import express from 'express'",
    'import type { Router } from "express"',
    "import 'express'",
    "export * from 'express'",
    "const { Router } = require( 'express' )",
    'import express = require("express")',
    "const { Router } = await import('express')",
    "import Router from 'express-promise-router'",
)
OTHERS = ("const type = 'express'", 'create({ type: "express" })', "import { rate } from 'express-rate-limit'")


@pytest.mark.parametrize("text", IMPORTS)
def test_an_import_is_detected(text: str) -> None:
    assert express.detects(SourceFile("a.ts", "typescript", text.encode()))


@pytest.mark.parametrize("text", OTHERS)
def test_a_text_is_no_import(text: str) -> None:
    assert not express.detects(SourceFile("a.ts", "typescript", text.encode()))


def test_files_that_cannot_declare_routes_are_not_examined() -> None:
    class Recorder(CodeBase):
        def module(self, path):
            examined.add(path)
            return super().module(path)

    examined: set[str] = set()
    texts = {
        "app.ts": "import express from 'express'\nexpress().get('/', x)\n",
        "map.ts": "names.get(id); names.delete('a')\n",
        "client.ts": "client.user.delete({ where: 1 }); await Promise.all([a(), b()])\n",
        "routes.ts": "export default (server) => server.get('/x', list)\n",
    }
    base = Recorder(texts)
    detected = [file for file in base.files() if express.detects(file)]
    list(express.routes(base, detected))
    assert examined == {"app.ts", "routes.ts"}
