"""How the verbs that judge hand their words on to pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from editproof.core.nearest import did_you_mean
from editproof.core.processes import exit_code_of
from editproof.core.shipped import shipped_suites
from editproof.errors import ProtocolError
from editproof.study.options import handed_on

PLUGIN = "editproof.pytest_plugin.command"
"""Gives suites their fixtures under short names in any repository."""


def run_pytest(words: Iterable[str], *, quiet: bool = False) -> int:
    """The exit code of pytest, called with these words; short options reach it under their prefix.

    Parameters
    ----------
    words : iterable of str
        ``["validations", "--editor", "identity", "-k", "sex"]``
    quiet : bool
        Whether its output is dropped, but for errors.
    """
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, *handed_on(words)]
    variables = {**os.environ, "PYTHONIOENCODING": "utf-8:backslashreplace"}  # as this command writes, on any console
    stdout = subprocess.DEVNULL if quiet else None
    return exit_code_of(command, env=variables, stdout=stdout)


def path_of_suite(suite: str) -> str:
    """The path of a suite, which may name a test in it.

    Raises
    ------
    ProtocolError
        Where nothing is there.
    """
    if Path(suite.partition("::")[0]).exists():
        return suite
    known = shipped_suites()
    advice = f"{did_you_mean(suite, known)}Name a path, or one of {', '.join(known)}."
    raise ProtocolError(f"--suite {suite}", "no suite goes by that name, and no file or folder", advice)
