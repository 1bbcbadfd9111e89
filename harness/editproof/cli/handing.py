"""How the verbs that judge hand their words on to pytest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

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
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL if quiet else None).returncode
