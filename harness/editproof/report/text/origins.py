"""Where the edits of a tool come from, in one sentence or two."""

from __future__ import annotations

from editproof.core.numbers import grouped
from editproof.evidence.record import EditorEvidence
from editproof.report.text.wording import counted


def origins(tool: EditorEvidence) -> str:
    """How often a tool was called in the run, what was replayed and from when; empty where nothing of it is known."""
    found = tool.origins
    told = [f"{counted(found.calls, 'call')} to the tool in this run"] if found.calls is not None else []
    if found.replayed:
        told.append(f"{counted(found.replayed, 'edit')} replayed from the store, the oldest of {found.oldest[:10]}")
    elif found.made:
        told.append("no edit replayed")
    sentences = ["; ".join(told)] if told else []
    if checked := tool.measurements.deterministic:
        sentences.append(f"A check of {checked[:10]} showed that one edit serves all repeats of a case")
    edits = tool.measurements.edits
    again = int(((edits["first"] != "") & (edits["first"] != edits["status"])).sum())
    if again:
        sentences.append(f"{grouped(again)} ended otherwise than at their first attempt, which counts as a failure")
    return " ".join(f"{sentence}." for sentence in sentences)
