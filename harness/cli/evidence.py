"""What can be done with the evidence of a run: verify it, sign it, render its report again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import EvidenceError

if TYPE_CHECKING:
    from harness.cli.verbs import Verbs


def add_to(verbs: Verbs) -> None:
    """Declare ``verify``, ``report``, ``merge`` and ``sign``."""
    for name, action, words in (
        ("verify", _verify, "recompute every digest of a run, and decide every verdict again from its measurements"),
        ("report", _report, "render a run's report again from its evidence"),
    ):
        verb = verbs.add_parser(name, help=words, description=words)
        verb.add_argument("run", type=Path, metavar="RUN", help="folder of the run, e.g. reports/RUN")
        verb.set_defaults(action=action)
        if name == "verify":
            verb.add_argument("--public-key", type=Path, metavar="FILE", help="PEM of the key that must have signed it")
        else:
            verb.add_argument("--report-images", choices=("all", "none"), default="all")
            verb.add_argument("--format", choices=("html", "markdown"), default="html", help="markdown is printed")
    merge = verbs.add_parser("merge", help="join runs on parts of a cohort, or with some of the tools, into one run")
    merge.add_argument("runs", type=Path, nargs="+", metavar="SHARD", help="folders of runs under one protocol")
    merge.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR", help="where the joined run goes")
    merge.set_defaults(action=_merge)
    sign = verbs.add_parser("sign", help="sign a run that verifies, stating your name and what the signature means")
    sign.add_argument("run", type=Path, metavar="RUN")
    sign.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="private key, Ed25519 or ECDSA P-256, PEM"
    )
    sign.add_argument("--signer", required=True, metavar="NAME", help="your name, as it shall stand in the bundle")
    sign.add_argument("--meaning", required=True, metavar="TEXT", help='e.g. "review", "approval of this report"')
    sign.set_defaults(action=_sign)


def _verify(options: argparse.Namespace) -> int:
    from harness.attestation import public_key
    from harness.bundle import loaded
    from harness.verification import faults, rendered_elsewhere, signature_in_words

    given = options.public_key
    found = list(faults(options.run, public_key(given.read_bytes(), given) if given else None))
    for fault in found:
        print(fault)
    if found:
        print(f"editproof: {options.run} does not verify: {len(found)} fault(s)", file=sys.stderr)
        return 1
    evidence = loaded(options.run)
    verdicts = sum(len(editor.verdicts) for editor in evidence.editors)
    print(f"{options.run}: every digest holds, and all {verdicts} verdicts follow from the measurements")
    if other := rendered_elsewhere(evidence):
        print(f"not compared: the page, which editproof {other} rendered; it is known by its digest alone")
    print(signature_in_words(options.run))
    return 0


def _sign(options: argparse.Namespace) -> int:
    from harness.bundle import loaded
    from harness.delivery import Signer, signed
    from harness.verification import faults, signature_in_words

    if found := list(faults(options.run)):
        print("\n".join([*found, f"editproof: {options.run} does not verify and was not signed"]), file=sys.stderr)
        return 1
    signed(options.run, loaded(options.run), Signer(options.key, options.signer, options.meaning))
    print(signature_in_words(options.run))
    return 0


def _merge(options: argparse.Namespace) -> int:
    from harness.bundle import loaded
    from harness.delivery import delivered
    from harness.merging import merged
    from harness.verification import faults

    for folder in options.runs:
        if found := next(faults(folder), None):
            raise EvidenceError(f"merging {folder}", f"it does not verify ({found})", "See `editproof verify`.")
    whole = merged([loaded(folder) for folder in options.runs])
    print(delivered(whole, options.reports))
    print(f"{whole.outcome}: {whole.reason}")
    return 0


def _report(options: argparse.Namespace) -> int:
    from harness.bundle import loaded
    from harness.delivery import rendered
    from harness.report import markdown

    evidence = loaded(options.run)
    if options.format == "markdown":
        print(markdown.render(evidence), end="")
    else:
        print(rendered(evidence, options.run, images=options.report_images == "all"))
    return 0
