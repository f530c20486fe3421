"""Makes sure that the browser tests have a Chromium, where this machine can get one; says so where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Return the path of an installed Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    """Install Chromium from Debian's packages when we are root on Debian and have none."""
    if find():
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        print("No Chromium found: the browser tests will be skipped. Install Chromium to run them.")
        return
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if done.returncode:
            print("Chromium could not be installed: the browser tests will be skipped.")
            return


if __name__ == "__main__":
    main()
