"""Two tools judged on the phantoms that ship with the package, and a report to open: ``editproof demo``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.cli.handing import run_pytest

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs

N = 30
"""Patients, unless asked otherwise: as many as two cores judge in a minute."""

SUITE = "editproof.suites.removal"
LOCK = Path(".editproof", "demo-protocol.json")


def add_to(verbs: Verbs) -> None:
    """Declare ``demo``."""
    words = "judge two tools on phantoms that ship with the package, and leave a report to open"
    demo = verbs.add_parser("demo", help=words, description=words)
    demo.add_argument("--n", type=int, default=N, help=f"patients, three edits each (default: {N})")
    demo.set_defaults(action=_demo)


def _demo(options: argparse.Namespace) -> int:
    """Lock the protocol, judge, and say where the report is; that a tool does not conform is what it is to show."""
    from editproof.evidence.exits import DOES_NOT_CONFORM

    LOCK.parent.mkdir(parents=True, exist_ok=True)
    if code := _pytest(options.n, "--write-lock", str(LOCK), "--replace-lock", quiet=True):
        return code
    code = _pytest(options.n, "--lock", str(LOCK))
    return 0 if code == DOES_NOT_CONFORM else code


def _pytest(n: int, *words: str, quiet: bool = False) -> int:
    """The exit code of the suite, run here whatever is configured here."""
    here = ["--rootdir", ".", "-o", "addopts=", "-q", "--no-header", "--tb=no", "-rN", "--pyargs", SUITE]
    return run_pytest([*here, "--dataset", f"phantom:?n={n}", *words], quiet=quiet)
