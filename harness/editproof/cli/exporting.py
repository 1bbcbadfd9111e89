"""Handing what a run came to on to systems that watch models."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.cli.trust import add_trust, trusted
from editproof.evidence.exits import CONFORMS, DOES_NOT_CONFORM
from editproof.report.text.wording import in_one_line

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs


def add_to(verbs: Verbs) -> None:
    """Declare ``export``."""
    words = "hand the verdicts of a run on to another system: its numbers and words, no case and no image"
    export = verbs.add_parser("export", help=words, description=words)
    export.add_argument("exporter", metavar="NAME", help="mlflow, otel, or one of an installed package")
    export.add_argument("run", type=Path, nargs="+", metavar="RUN", help="folders of runs, e.g. reports/RUN")
    export.add_argument("--to", default="", metavar="ADDRESS", help="of the system; default: that of its own settings")
    add_trust(export)
    export.set_defaults(action=_export)


def _export(options: argparse.Namespace) -> int:
    """Export runs that verify; the exit code is 1 where one does not, and the first that does not ends it."""
    from editproof.audit.exporters.exporter import EXPORTERS, summary_of
    from editproof.audit.verification import faults
    from editproof.evidence.bundle import loaded, record_in

    exporter = EXPORTERS[options.exporter]
    with trusted(options.trust):
        for folder in options.run:
            record_in(folder)
            if found := next(iter(faults(folder)), None):
                said = f"editproof: {folder} does not verify ({found}), and was not exported. See `editproof verify`."
                print(in_one_line(said), file=sys.stderr)
                return DOES_NOT_CONFORM
            print(in_one_line(exporter.send(summary_of(loaded(folder)), options.to)))
    return CONFORMS
