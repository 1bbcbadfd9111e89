"""Training: the shipped instruments made again from the repository that holds their recipes."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.processes import exit_code_of
from editproof.errors import InstrumentError
from editproof.evidence.exits import WRONG_USAGE

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs

_OWN = Path(__file__).parents[3]
_REFUSED_BY_ARGPARSE = 2


def add_to(verbs: Verbs) -> None:
    """Declare ``train``."""
    train = verbs.add_parser(
        "train", help="train a shipped instrument again: editproof train NAME ...", add_help=False, prefix_chars="\0"
    )
    train.add_argument("arguments", nargs=argparse.REMAINDER, metavar="NAME ...", help="as for python -m models.train")
    train.set_defaults(action=_train)


def _train(options: argparse.Namespace) -> int:
    root = repository(Path.cwd())
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "models.train", *options.arguments]
    code = exit_code_of(command, env={**os.environ, "PYTHONPATH": path})
    return WRONG_USAGE if code == _REFUSED_BY_ARGPARSE else code


def repository(folder: Path, own: Path = _OWN) -> Path:
    """The checkout that holds the recipes: this installation's own, or the current folder.

    Raises
    ------
    InstrumentError
        Neither holds them, as where a wheel is installed: recipes are not part of it.
    """
    for root in (own, folder):
        if all((root / "models" / name).is_file() for name in ("train.py", "recipes.py")):
            return root
    found = f"there are no recipes in this installation and none in {folder}"
    raise InstrumentError(
        "editproof train", found, "Clone the repository, pip install -e '.[train]', and call it in that folder."
    )
