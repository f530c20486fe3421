"""Freezes what a type checker refused (`rename_columns.mjs`) as bench/truth/typecheck/<owner>__<name>.json.

    python -m bench.typecheck.freeze OWNER/NAME COMMIT FACTS.json [FOLDER/]

FOLDER is that of the checkout in which the checker ran. Only files, lines and names are kept. A line counts once, whatever and however often the checker says of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.rows import RESULTS

TRUTH = RESULTS.parent / "truth" / "typecheck"


def main() -> None:
    """Write the facts."""
    repo, commit, facts, *folder = sys.argv[1:]
    prefix = "".join(folder)
    columns = [
        {
            "entity": column["entity"],
            "property": column["property"],
            "lines": sorted({(prefix + file, line) for file, line, _ in column["lines"]}),
        }
        for column in json.loads(Path(facts).read_text("utf-8"))
    ]
    how = "columns renamed in their model alone, the lines that tsc then refuses"
    TRUTH.mkdir(exist_ok=True)
    file = TRUTH / f"{repo.replace('/', '__')}.json"
    text = json.dumps({"repo": repo, "commit": commit, "how": how, "columns": columns}, separators=(",", ":"))
    file.write_text(text.replace("},{", "},\n{") + "\n", "utf-8")
    print(len(columns), "columns,", sum(len(column["lines"]) for column in columns), "lines")


if __name__ == "__main__":
    main()
