"""Two tools judged on the phantoms that ship with the package, and a report to open: ``editproof demo``."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.cli.handing import run_pytest

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs

N = 200
"""Patients, unless asked otherwise. Of a hundred the shipped suite leaves SEX-1 open for the tool that conforms."""

SUITES = ("editproof.suites.removal", "editproof.suites.bones")
INSTRUMENTS = ("phantom", "bones")
"""What reads bone age and sex, and what draws the bones."""
STORE = Path(".editproof", "demo")
"""Where the demo keeps its lock, edits and readings; made anew each time, since a lock comes before the first edit."""


def add_to(verbs: Verbs) -> None:
    """Declare ``demo``."""
    words = "judge two tools on phantoms that ship with the package, and leave a report to open"
    demo = verbs.add_parser("demo", help=words, description=words)
    demo.add_argument(
        "--n",
        type=int,
        default=N,
        help=f"patients, three edits each (default: {N}); fewer than 98 make an INVALID run, which says what it needs",
    )
    demo.set_defaults(action=_demo)


def _demo(options: argparse.Namespace) -> int:
    """Lock the protocol and judge; that one of the tools does not conform is what the demo is there to show."""
    from editproof.evidence.exits import DOES_NOT_CONFORM

    shutil.rmtree(STORE, ignore_errors=True)
    STORE.mkdir(parents=True)
    lock = str(STORE / "protocol.json")
    if code := _pytest(options.n, "--write-lock", lock, quiet=True):
        return code
    code = _pytest(options.n, "--lock", lock)
    return 0 if code == DOES_NOT_CONFORM else code


def _pytest(n: int, *words: str, quiet: bool = False) -> int:
    """The exit code of the suite, whatever pytest is told in this folder."""
    here = ["--rootdir", ".", "-o", "addopts=", "-q", "--no-header", "--tb=no", "-rN", "--pyargs", *SUITES]
    read_by = [word for name in INSTRUMENTS for word in ("--instrument", name)]
    told = [*read_by, "--dataset", f"phantom:?n={n}", "--store", str(STORE / "store"), *words]
    return run_pytest([*here, *told], quiet=quiet)
