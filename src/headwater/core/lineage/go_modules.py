"""Finds the folder of a Go import.

`go.mod` is not needed: a module's name is what stands before folders of the code base in several imports. What stands
there in one import only is a library whose path happens to end like a folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

# The first elements of Go's own packages: no import of them is a folder of the code base.
_OWN = frozenset(
    {"archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug", "embed"}
    | {"encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "io", "iter", "log"}
    | {"maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices", "sort"}
    | {"strconv", "strings", "structs", "sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe"}
)


def folders_of(imports: Iterable[str], folders: Iterable[str]) -> dict[str, str]:
    """Return the folder of each import that is one of the code base.

    Args:
        imports: every import path in the code base.
        folders: the folders with Go files.
    """
    paths = {path for path in imports if path.split("/")[0] not in _OWN and "/" in path}
    by_end: dict[str, list[str]] = {}
    for folder in folders:
        by_end.setdefault(folder.rsplit("/", 1)[-1], []).append(folder)
    votes: Counter[tuple[str, str]] = Counter()
    fits: dict[str, list[tuple[str, str, str]]] = {}
    for path in sorted(paths):
        for folder in by_end.get(path.rsplit("/", 1)[-1], ()):
            for module, root in _modules(path, folder):
                votes[module, root] += 1
                fits.setdefault(path, []).append((module, root, folder))
    most = max(votes.values(), default=0)
    known = {pair for pair, count in votes.items() if count > 1 or most == 1}
    located = {path: [choice for choice in choices if choice[:2] in known] for path, choices in fits.items()}
    return {
        path: max(choices, key=lambda choice: (votes[choice[:2]], len(choice[0]), choice[2]))[2]
        for path, choices in located.items()
        if choices
    }


def _modules(path: str, folder: str) -> Iterable[tuple[str, str]]:
    """Yield (module, root) for each way in which `path` is `module/rest` and `folder` is `root/rest`."""
    names, parts = path.split("/"), folder.split("/")
    for count in range(1, min(len(names) - 1, len(parts)) + 1):
        if names[-count:] != parts[-count:]:
            return
        yield "/".join(names[:-count]), "/".join(parts[:-count])
