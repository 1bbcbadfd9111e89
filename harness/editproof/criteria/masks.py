"""What a tool makes of its mask, decided from what it changed under a few of them."""

from __future__ import annotations

from collections.abc import Sequence

from editproof.core.numbers import percent
from editproof.evidence.facts import MaskTrial
from editproof.evidence.findings import MaskReport
from editproof.types import EditStatus

FEW, MANY = 0.01, 0.2
"""Shares of changed pixels below which a region counts as left alone, and above which as edited."""


def mask_report(editor: str, trials: Sequence[MaskTrial]) -> MaskReport:
    """The finding on a tool, with its reason.

    Examples
    --------
    >>> left_alone = [MaskTrial("box", "ok", 0.9, 0.0), MaskTrial("inverted", "ok", 0.9, 0.0)]
    >>> mask_report("tool", left_alone).finding
    'respected'
    """
    return MaskReport(editor, *_finding(trials), tuple(trials))


def described(report: MaskReport) -> str:
    """A report in a few lines for a terminal."""
    lines = [f"{report.editor}: mask {report.finding}: {report.because}"]
    for trial in report.trials:
        inside, outside = (
            "no pixel there" if share is None else f"{percent(share, 1)} changed"
            for share in (trial.changed_inside, trial.changed_outside)
        )
        words = f"may change: {inside}; must not: {outside}" if trial.status == "ok" else trial.message
        lines.append(f"  {trial.mask:14} {trial.status:10} {words}")
    return "\n".join(lines)


def _finding(trials: Sequence[MaskTrial]) -> tuple[str, str]:
    if not trials:
        return "not known", "its edits were made elsewhere, so that it could not be asked for others"
    shares = {trial.mask: trial for trial in trials if trial.status == EditStatus.OK}
    if "box" not in shares or "inverted" not in shares:
        said = next((trial.message for trial in trials if trial.message), "it gave no reason")
        return "not known", f"no edits came back: {said}"
    boxes = [shares[name] for name in ("box", "shifted", "inverted") if name in shares]
    inside = [trial.changed_inside or 0.0 for trial in boxes]
    outside = [trial.changed_outside or 0.0 for trial in shares.values()]
    if max(inside) < FEW and max(outside) < FEW:
        return "unchanged", "nothing changed, inside the mask or outside"
    most = percent(max(outside))
    if all((trial.changed_outside or 0) > MANY and (trial.changed_inside or 0) < FEW for trial in boxes):
        return "inverted", f"it left alone what may change, and changed {most} of what must not"
    if max(outside) < FEW:
        return "respected", f"at most {percent(max(outside), 1)} of what must not change did"
    if min(trial.changed_outside or 0.0 for trial in boxes) > MANY:
        return "ignored", f"up to {most} of what must not change did, whatever the mask"
    return "guidance", f"up to {most} of what must not change did"
