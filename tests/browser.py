"""Makes sure that the browser tests have a Chromium, where this machine can get one; says so where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess

# The headless shell draws the same with about half the processor time: it has no window to keep.
SHELL, NAMES = "chromium-headless-shell", ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Return the path of an installed Chromium, or None."""
    return next((path for name in (SHELL, *NAMES) if (path := shutil.which(name))), None)


def main() -> None:
    """Install Chromium's headless shell from Debian's packages when we are root on Debian and have none."""
    if shutil.which(SHELL):
        return
    if shutil.which("apt-get") and os.geteuid() == 0 and any(_install(package) for package in (SHELL, NAMES[0])):
        return
    if not find():
        print("No Chromium was found or could be installed: the browser tests will be skipped. Install it to run them.")


def _install(package: str) -> bool:
    """Install a package of Debian, with the newest list of packages if an older one does not do; return whether it is there."""
    install = ["apt-get", "install", "-y", "-qq", package]
    return any(
        all(_succeeds(command) for command in commands)
        for commands in ([install], [["apt-get", "update", "-qq"], install])
    )


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


if __name__ == "__main__":
    main()
