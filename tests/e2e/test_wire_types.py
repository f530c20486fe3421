"""The UI's wire types are generated from the server's OpenAPI: this fails when one changed without the other."""

from __future__ import annotations

import subprocess
import sys

from e2e.browser_helpers import HERE, missing

ROOT = HERE.parents[1]
COMMITTED = ROOT / "ui" / "src" / "api" / "schema.d.ts"


def test_the_generated_types_belong_to_this_server() -> None:
    if not (ROOT / "ui" / "node_modules" / ".bin" / "openapi-typescript").exists():
        missing("the UI's packages are not installed: run `python hatch_build.py`")
    described = subprocess.run([sys.executable, "-m", "headwater", "openapi"], capture_output=True, check=True).stdout
    generator = [sys.executable, str(ROOT / "hatch_build.py"), "npm", "run", "--silent", "api-types"]
    created = subprocess.run(generator, input=described, capture_output=True, check=True)
    fresh = COMMITTED.read_text() in created.stderr.decode() + created.stdout.decode()
    assert fresh, "run `headwater openapi | npm run api` in ui/"
