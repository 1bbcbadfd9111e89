"""Making the edits alone: hours of a paid tool's time, which need no instrument and no test."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from tqdm import tqdm

from editproof.core.numbers import dollars
from editproof.core.progress import watching
from editproof.datasets.checks import check_regions, decoded_case
from editproof.editing.ledger import Ledger, torn_words
from editproof.errors import EditproofError
from editproof.evidence.exits import CONFORMS, DOES_NOT_CONFORM
from editproof.imaging.region import INSIDE
from editproof.study.progress import progress_bar

if TYPE_CHECKING:
    from editproof.study.bench import Bench
    from editproof.study.run import Run


def make_edits(run: Run, *, threads: int = 0, dry_run: bool = False) -> int:
    """Make every edit of a run that is not in the store, or say what that would take.

    Parameters
    ----------
    run : Run
        Its instrument is not needed.
    threads : int
        Requests under way at once; 0 for as many as each tool likes.
    dry_run : bool
        Ask no tool for anything.

    Returns
    -------
    int
        0, or 1 where the run stopped before every edit was asked for, or where no edit of a tool came back; edits made
        so far are kept either way.
    """
    check_regions(run.whole, {INSIDE: "a tool to change"})
    with watching(progress_bar):
        run.check_taken()
    run.check_told()
    code = CONFORMS
    for spec, card in run.cards.items():
        bench = run.bench(spec)
        print(f"{card.name}: sends pixels to {card.sends_data_to or 'no other machine'}")
        if dry_run:
            print(f"{card.name}: {_estimate(run, bench)}")
            continue
        counts: Counter[str] = Counter()
        try:
            _make(run, bench, threads, counts)
        except EditproofError as error:
            ended = Ledger(run.store, run.terms.since).ends(card.name)
            print(f"{card.name}: stopped; of this run's requests, {_summary(run, ended)}")
            print(f"editproof: {error}", file=sys.stderr)
            return DOES_NOT_CONFORM
        print(f"{card.name}: edits: {_summary(run, counts)}")
        if not counts["ok"]:
            print(f"editproof: {card.name}: of {total_of(counts)} edits, none came back", file=sys.stderr)
            code = DOES_NOT_CONFORM
    return code


def _make(run: Run, bench: Bench, threads: int, counts: Counter[str]) -> None:
    """Make the edits of one tool, with a bar that tells pace, cost and time left."""
    before = bench.ledger_totals().cost_usd
    total = len(run.dataset) * run.plan.repeats + _planted(run, bench)
    name = bench.made_editor.card.name
    with tqdm(total=total, desc=name, unit="edit", disable=None, leave=False) as bar:

        def say(words: str) -> None:
            bar.set_description_str(f"{name}: {words}")

        for _, statuses in bench.edited(run.dataset, threads=threads, say=say):
            counts.update(statuses)
            bar.update(len(statuses))
            failed = total_of(counts) - counts["ok"]
            bar.set_postfix_str(f"{dollars(bench.ledger_totals().cost_usd - before)}, {failed} not ok", refresh=False)


def total_of(counts: Counter[str]) -> int:
    """Edits counted.

    Examples
    --------
    >>> total_of(Counter(ok=2, failed=1))
    3
    """
    return sum(counts.values())


def _planted(run: Run, bench: Bench) -> int:
    """Edits of radiographs with planted structures, where those are asked for too."""
    if bench.made_editor.service.precomputed:
        return 0
    return sum(case.case_id in bench.planting.cases for case in run.dataset)


def _estimate(run: Run, bench: Bench) -> str:
    made, cost = 0, 0.0
    known = True
    for case in run.dataset:
        number, expected = bench.missing(case, decoded_case(case))
        made += number
        known &= expected is not None
        cost += expected or 0.0
    price = f"expected cost {dollars(cost)}" if known else "no price is known"
    total = len(run.dataset) * run.plan.repeats + _planted(run, bench)
    return f"{total} edits asked for, {made} to make; {price}"


def _summary(run: Run, counts: Counter[str]) -> str:
    ledger = Ledger(run.store, run.terms.since)
    spent = ledger.totals()
    lost = len(ledger.unanswered())
    words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none"
    text = f"{words}; spent in this run {dollars(spent.cost_usd)}"
    if lost:
        text += f"; {lost} requests of this store were sent and never answered, and may have been paid for"
    if torn := ledger.torn_lines():
        text += f"; {torn_words(torn)}"
    return text
