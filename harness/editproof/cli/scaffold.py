"""A study of one's own begun: ``editproof init`` asks, at a terminal, or takes flags, and writes short files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs
    from editproof.study.scaffold import Wishes
    from editproof.types import InstrumentCard

ASKED = {
    "task": ("what the tool does: removal, enhancement, deidentification, synthesis, or readers", "removal"),
    "modality": ("what the images are, e.g. chest radiographs", "images"),
    "tool": ("the tool, as for --editor; empty for a tool.py to fill in", ""),
    "dataset": ("the cohort, as for --dataset, e.g. folder:PATH; empty for drawn hands", ""),
    "instrument": ("what reads the images, as for --instrument; empty for the reader of drawn hands", ""),
}
"""What is asked, in this order: words, and what an empty answer means."""


def add_to(verbs: Verbs) -> None:
    """Declare ``init``."""
    words = "begin a study of your own: study file, claims, register, CI job and .gitignore, none written over"
    init = verbs.add_parser("init", help=words, description=f"{words}. What no flag says is asked at a terminal.")
    init.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="FOLDER", help="where (default: here)")
    for name, (question, _) in ASKED.items():
        init.add_argument(f"--{name}", metavar="TEXT" if name in ("task", "modality") else "SPEC", help=question)
    init.add_argument(
        "--ci", choices=("github", "gitlab", "none"), default="github", help="whose job (default: github)"
    )
    init.set_defaults(action=_init)


def _init(options: argparse.Namespace) -> int:
    from editproof.study.scaffold import IGNORE, Wishes, next_steps, scaffold, write_scaffold

    wishes = Wishes(**{name: _answer(name, getattr(options, name)) for name in ASKED}, ci=options.ci)
    files = scaffold(wishes, _card(wishes, options.folder))
    written = write_scaffold(files, options.folder)
    print("\n".join(map(str, written)))
    if options.folder / IGNORE not in written:
        print(f"{options.folder / IGNORE} was left as it is; let it have: {' '.join(files[Path(IGNORE)].split())}")
    print("\n".join(f"{number}. {step}" for number, step in enumerate(next_steps(wishes), start=1)))
    return 0


def _answer(name: str, given: str | None) -> str:
    """What a flag says; else what is answered at a terminal; else the default."""
    question, default = ASKED[name]
    if given is not None or not _at_a_terminal():
        return default if given is None else given
    return input(f"{question}{f' [{default}]' if default else ''}: ").strip() or default


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _card(wishes: Wishes, folder: Path) -> InstrumentCard | None:
    """The card of the instrument that is named, so that the claims are about what it reads."""
    from editproof.instruments.registry import instrument_from_spec
    from editproof.study.scaffold import DRAWN

    beside = folder / wishes.instrument
    spec = str(beside) if wishes.instrument and beside.is_file() else wishes.instrument or DRAWN
    return instrument_from_spec(spec, allow_egress=None).card
