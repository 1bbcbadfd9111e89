"""What can be done with the evidence of a run: verify it, sign it, render its report again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.cli.trust import add_trust, trusted
from editproof.cli.verbs import Suggested
from editproof.errors import EvidenceError
from editproof.evidence.exits import CONFORMS, DOES_NOT_CONFORM, PROVES_NOTHING, exit_code, objection
from editproof.evidence.reservations import NON_INFERIORITY, heading
from editproof.report.formats.registry import FORMS
from editproof.report.text.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from editproof.cli.verbs import Verbs
    from editproof.evidence.attestation import PublicKey
    from editproof.evidence.bundle import Record
    from editproof.report.formats.form import Form

    Action = Callable[[argparse.Namespace], int]


def add_to(verbs: Verbs) -> None:
    """Declare ``verify``, ``report``, ``compare``, ``merge`` and ``sign``."""
    for name, action, words in (
        ("verify", _verify, "recompute every digest of a run, and decide every verdict again from its measurements"),
        ("report", _report, "render a run's report again from its evidence"),
    ):
        verb = verbs.add_parser(name, help=words, description=words)
        verb.add_argument("run", type=Path, nargs="+", metavar="RUN", help="folders of runs, e.g. reports/RUN")
        verb.set_defaults(action=_trusting(action))
        add_trust(verb)
        if name == "verify":
            verb.add_argument("--public-key", type=Path, metavar="FILE", help="PEM of the key that must have signed it")
        else:
            verb.add_argument("--report-images", choices=("all", "none"), default="all")
            verb.add_argument(
                "--format",
                choices=Suggested(FORMS.names),
                default="html",
                metavar="FORM",
                help=f"{', '.join(FORMS.names)}, or one of your own; text for a CI service is printed, others are "
                "written beside the run (default: html)",
            )
            verb.add_argument(
                "--output",
                type=Path,
                metavar="FILE",
                help="where to write it, of one run; a certificate *.pdf is a PDF",
            )
    merge = verbs.add_parser("merge", help="join runs on parts of a cohort, or with some of the tools, into one run")
    merge.add_argument("runs", type=Path, nargs="+", metavar="SHARD", help="folders of runs under one protocol")
    merge.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR", help="where the joined run goes")
    merge.set_defaults(action=_trusting(_merge))
    add_trust(merge)
    merge.add_argument("--allow-departures", action="store_true", help="let the run depart from its lock")
    compare = verbs.add_parser("compare", help="show that a new version of a tool is no worse than the old one")
    compare.add_argument("old", type=Path, metavar="OLD", help="folder of the old version's run")
    compare.add_argument("new", type=Path, metavar="NEW", help="folder of the new version's run, on the same cases")
    compare.add_argument("--margin", action="append", default=[], metavar="ID=VALUE", help="largest acceptable loss")
    compare.add_argument(
        "--margin-share",
        type=float,
        default=0.5,
        metavar="X",
        help="else this share of the limit (default: 0.5)",
    )
    compare.add_argument("--old-editor", default="", metavar="NAME", help="tool of OLD, where it judged several")
    compare.add_argument("--new-editor", default="", metavar="NAME", help="tool of NEW, where it judged several")
    compare.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR")
    compare.set_defaults(action=_trusting(_compare))
    add_trust(compare)
    for verb in (merge, compare):
        verb.add_argument("--strict", action="store_true", help="exit with 9 where it passes with reservations alone")
    sign = verbs.add_parser("sign", help="sign a run that verifies, stating your name and what the signature means")
    sign.add_argument("run", type=Path, metavar="RUN")
    sign.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="private key, Ed25519 or ECDSA P-256, PEM"
    )
    sign.add_argument("--signer", required=True, metavar="NAME", help="your name, as the bundle will show it")
    sign.add_argument("--meaning", required=True, metavar="TEXT", help='e.g. "review", "approval of this report"')
    sign.set_defaults(action=_trusting(_sign))
    add_trust(sign)


def _trusting(action: Action) -> Action:
    """The action, with the estimands of trusted files known while it lasts."""

    def made(options: argparse.Namespace) -> int:
        with trusted(options.trust):
            return action(options)

    return made


def _verify(options: argparse.Namespace) -> int:
    from editproof.evidence.attestation import public_key

    given = options.public_key
    try:
        key = public_key(given.read_bytes(), given) if given else None
    except OSError as error:
        raise EvidenceError(
            f"public key {given}", f"it cannot be read ({error.strerror})", "Name a PEM file."
        ) from None
    codes = {_verified(folder, key) for folder in _runs_among(options.run)}
    return DOES_NOT_CONFORM if DOES_NOT_CONFORM in codes else max(codes)


def _verified(folder: Path, key: PublicKey | None) -> int:
    """Say what is wrong with a run, or what it came to; the exit code that this deserves."""
    from editproof.audit.metric_sources import unknown_metrics
    from editproof.audit.verification import faults, rendered_elsewhere, signature_in_words, signed_by
    from editproof.evidence.bundle import opened
    from editproof.evidence.comparison import Comparison
    from editproof.report.text.terminal import came_to

    _check_run(folder)
    found = list(faults(folder, key))
    for fault in found:
        print(in_one_line(fault))
    if found:
        print(f"editproof: {folder} does not verify: {len(found)} fault(s)", file=sys.stderr)
        return DOES_NOT_CONFORM
    evidence = opened(folder)
    judged = (
        evidence.verdicts if isinstance(evidence, Comparison) else [v for e in evidence.editors for v in e.verdicts]
    )
    print(f"{folder}: every digest holds, and all {len(judged)} verdicts follow from the measurements")
    print("\n".join(came_to(evidence)))
    for name in () if isinstance(evidence, Comparison) else unknown_metrics(evidence):
        print(f"not checked: the source of metric {name}, which is not known here; its numbers count as measured")
    print(in_one_line(signature_in_words(folder)))
    if other := rendered_elsewhere(evidence):
        print(f"not compared: the page, which editproof {in_one_line(other)} rendered; it is known by its digest alone")
        if signed_by(folder) is None:
            advice = f"Verify it with that version: pip install editproof=={in_one_line(other)}."
            print(f"editproof: {folder}: nobody signed a page that cannot be compared. {advice}", file=sys.stderr)
            return PROVES_NOTHING
    return CONFORMS


def _runs_among(paths: Sequence[Path]) -> list[Path]:
    """Folders among several paths, as ``reports/*`` gives them; forms of a report lie beside its run."""
    folders = [path for path in paths if not path.is_file()]
    if len(paths) == 1 or not folders:
        return list(paths)
    for path in paths:
        if path.is_file():
            print(in_one_line(f"editproof: {path} is a file, not a run, and was left out"), file=sys.stderr)
    return folders


def _check_run(folder: Path) -> None:
    """Nothing, or an EvidenceError where nothing of a run is in a folder."""
    from editproof.evidence.bundle import holds_a_run

    if not holds_a_run(folder):
        found = "no run is there: neither its record nor its manifest"
        raise EvidenceError(f"the run {folder}", found, "Name a run's folder, e.g. reports/RUN.")


def _sign(options: argparse.Namespace) -> int:
    from editproof.audit.publication import PAGE, Signer, sign
    from editproof.audit.verification import faults, rendered_elsewhere, signature_in_words
    from editproof.evidence.bundle import opened

    _check_run(options.run)
    found = list(faults(options.run))
    if other := "" if found else rendered_elsewhere(opened(options.run)):
        found = [f"{PAGE}: rendered by editproof {other}, so that it cannot be compared here"]
    if found:
        print("\n".join([*found, f"editproof: {options.run} does not verify and was not signed"]), file=sys.stderr)
        return DOES_NOT_CONFORM
    sign(options.run, opened(options.run), Signer(options.key, options.signer, options.meaning))
    print(signature_in_words(options.run))
    return 0


def _compare(options: argparse.Namespace) -> int:
    from editproof.audit.comparing import compared
    from editproof.audit.publication import deliver
    from editproof.evidence.bundle import loaded

    if _refused((options.old, options.new)):
        return DOES_NOT_CONFORM
    names = (options.new_editor, options.old_editor)
    margins = dict(map(_margin, options.margin))
    new, old = loaded(options.new), loaded(options.old)
    if new.run == old.run and names[0] == names[1]:
        found = f"{options.old} and {options.new} are one run, {new.run}"
        advice = "Name the old version's run and the new one's, or two tools by --old-editor and --new-editor."
        raise EvidenceError("a comparison of two versions", found, advice)
    made = compared(new, old, margins, share=options.margin_share, names=names)
    page = deliver(made, options.reports)
    for verdict in made.verdicts:
        print(in_one_line(repr(verdict)))
    if made.findings.additional:
        print(
            in_one_line(f"not compared, since {options.old} has no such claim: {', '.join(made.findings.additional)}")
        )
    print(in_one_line(f"{made.outcome}: {heading(made.outcome, made.reservations, NON_INFERIORITY)}. {made.reason}"))
    print("\n".join([*(in_one_line(found.sentence) for found in made.reservations), str(page)]))
    return _exit(made, strict=options.strict)


def _refused(folders: Iterable[Path]) -> bool:
    """Whether one of these runs does not verify, so that nothing is made of them; the first is said in one line.

    Raises
    ------
    EvidenceError
        Where one cannot be read.
    """
    from editproof.audit.verification import faults
    from editproof.evidence.bundle import record_in

    for folder in folders:
        record_in(folder)
        if found := next(faults(folder), None):
            said = f"editproof: {folder} does not verify ({found}). See `editproof verify`."
            print(in_one_line(said), file=sys.stderr)
            return True
    return False


def _margin(text: str) -> tuple[str, float]:
    name, found, value = text.rpartition("=")
    try:
        return name, float(value if found else "none")
    except ValueError as error:
        raise EvidenceError(f"--margin {text}", "it is no ID=VALUE", "Write e.g. --margin BA-1=1.0.") from error


def _merge(options: argparse.Namespace) -> int:
    from editproof.audit.merging import merged
    from editproof.audit.publication import deliver
    from editproof.evidence.bundle import loaded
    from editproof.report.text.terminal import came_to

    if _refused(options.runs):
        return DOES_NOT_CONFORM
    whole = merged([loaded(folder) for folder in options.runs])
    print(deliver(whole, options.reports))
    print("\n".join(came_to(whole)))
    return _exit(whole, strict=options.strict, allow_departures=options.allow_departures)


def _exit(made: Record, *, strict: bool, allow_departures: bool = False) -> int:
    """The exit code of what was made, with the reason where it proves nothing."""
    if found := objection(made, strict=strict, allow_departures=allow_departures):
        print(in_one_line(f"editproof: it proves nothing: {found}"), file=sys.stderr)
    return exit_code(made, strict=strict, allow_departures=allow_departures)


def _report(options: argparse.Namespace) -> int:
    several, form = len(options.run) > 1, FORMS[options.format]
    if several and options.output and not form.joined:
        found = f"{len(options.run)} runs and one file {options.output}"
        raise EvidenceError(f"--format {options.format}", found, "Leave --output out: each goes beside its run.")
    codes, texts = [], []
    for folder in _runs_among(options.run):
        code, text = _reported(folder, form, options)
        codes.append(code)
        texts += [text] if text else []
    if form.joined and texts:
        whole = form.joined(texts)
        if options.output:
            options.output.write_text(whole, encoding="utf-8")
        print(*([options.output] if options.output else [whole]), end="\n" if options.output else "")
    return max(codes)


def _reported(folder: Path, form: Form, options: argparse.Namespace) -> tuple[int, str]:
    """Write a form of one run where it goes to a file of its own; else its text, and the exit code it deserves."""
    from editproof.audit.publication import PAGE, write_page
    from editproof.audit.verification import faults, signed_by
    from editproof.evidence.bundle import digests_of_bundle, loaded, opened, record_in
    from editproof.report.formats.form import Beside

    file, images = options.output, options.report_images == "all"
    record_in(folder)
    if found := [fault for fault in faults(folder) if not fault.startswith(f"{PAGE}:")]:
        said = f"editproof: {folder} does not verify, so there is no report of it"
        print("\n".join([*map(in_one_line, found), said]), file=sys.stderr)
        return DOES_NOT_CONFORM, ""
    if form.name == "html" and file is None:
        print(write_page(opened(folder), folder, images=images))
        return CONFORMS, ""
    suffix = file.suffix.lower() if file else ""
    beside = Beside(images=images, signature=signed_by(folder), digests=digests_of_bundle(folder), suffix=suffix)
    content = form.render(loaded(folder), beside)
    if form.is_printed:
        return CONFORMS, content.decode()
    whole = folder.resolve()
    file = file or whole.with_name(whole.name + form.suffix)  # beside the run: what is sealed stays as it was
    file.write_bytes(content)
    print(file)
    return CONFORMS, ""
