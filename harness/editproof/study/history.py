"""Which judgements of a cohort a store remembers: every run that came to an outcome, whatever the outcome was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from editproof.core import records
from editproof.core.declared import open_ended
from editproof.core.files import Place, files_at
from editproof.evidence.facts import EarlierJudgement
from editproof.evidence.record import Evidence

HISTORY = "judged.jsonl"


@open_ended
@dataclass(frozen=True)
class Judged:
    """A line of ``judged.jsonl``: that a tool was judged on a cohort, under which protocol, and what that came to.

    Lines of editproof 0.1 have the digests of cohort and protocol alone.
    """

    dataset: str
    protocol: str
    tool: Annotated[str, records.ABSENT] = ""
    outcome: Annotated[str, records.ABSENT] = ""
    ended: Annotated[str, records.ABSENT] = ""
    shard: Annotated[str, records.ABSENT] = ""


def judgements_in(store: Place, dataset: str, shard: str) -> tuple[EarlierJudgement, ...]:
    """Every judgement of a cohort in a store, from the first; of another part of it none.

    Parameters
    ----------
    dataset : str
        Digest of the cohort.
    shard : str
        The part of it that is judged, e.g. ``"2/4"``; empty for the whole.
    """
    lines = [entry for line in files_at(store).lines(HISTORY)[0] if (entry := records.maybe(Judged, line))]
    return tuple(
        EarlierJudgement(entry.protocol, entry.tool, entry.outcome, entry.ended)
        for entry in lines
        if entry.dataset == dataset and (not shard or not entry.shard or entry.shard == shard)
    )


def remember(store: Place, evidence: Evidence) -> None:
    """Enter what a run came to, one line for each tool that it judged."""
    for tool in evidence.editors:
        line = Judged(
            evidence.dataset.digest,
            str(evidence.protocol["digest"]),
            tool.card.name,
            tool.outcome.value,
            evidence.created,
            evidence.shard,
        )
        files_at(store).append(HISTORY, json.dumps(records.json_of_record(line), ensure_ascii=False))
