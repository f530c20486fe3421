"""Runs the command line in the process of a test, which saves the second that a new process takes to start."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from headwater.entrypoints import cli
from headwater.kit.settings import settings


def invoke(*words: str, folder: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `headwater WORDS` and return its exit code, output and errors.

    Args:
        words: arguments.
        folder: the working directory, else that of the test.
        variables: additional environment.
    """
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    settings.cache_clear()
    with (
        contextlib.chdir(folder or Path.cwd()),
        mock.patch.dict(os.environ, variables),
        mock.patch.object(sys, "argv", ["headwater", *words]),
        mock.patch.object(sys, "stdout", output),
        mock.patch.object(sys, "stderr", errors),
    ):
        try:
            cli.main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    settings.cache_clear()
    printed = [stream.buffer.getvalue().decode() for stream in (output, errors)]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(words, code, *printed)
