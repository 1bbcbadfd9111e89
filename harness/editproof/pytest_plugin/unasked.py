"""A run on readings alone, as the plug-in has it: its options, and the claims that it does not ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from editproof.pytest_plugin.declarations import RunOptions, refusal
from editproof.pytest_plugin.faults import note_fault
from editproof.pytest_plugin.rollcall import RollCall, is_claim

if TYPE_CHECKING:
    from editproof.criteria import Criterion
    from editproof.study.study_file import StudyFile
    from editproof.study.tabled import TabledRun

OUTPUT = "editproof_unasked"
NOT_WITH = ("editor", "dataset", "shard", "edit_only", "edit_estimate")
"""RunOptions that ask for images, edits or a part of them."""

Claims = Callable[[Iterable[pytest.Item]], list["Criterion"]]


def tabled_run(config: pytest.Config, register: Path | None, study: StudyFile) -> TabledRun:
    """The run on the table that ``--readings`` names."""
    from editproof.core.files import place_at
    from editproof.datasets.tables.layout import layout_of
    from editproof.study.tabled import TabledRun

    options = RunOptions(config)
    if given := [name for name in NOT_WITH if getattr(options, name)]:
        option = f"--{given[0].replace('_', '-')}"
        raise refusal(config, f"{option}: a table of readings has neither images nor edits. Leave it out.")
    cards: list[str] = options.instrument or []  # those of a study file read images, and may not have made this table
    if len(cards) > 1:
        raise refusal(config, f"--instrument {cards[1]}: one card says what made a table. Name one.")
    return TabledRun(
        file=Path(options.readings),
        store=place_at(config.rootpath, options.store),
        layout=layout_of(
            columns=options.readings_columns,
            arms=options.readings_arms,
            quantities=options.readings_quantity,
            units=options.readings_unit,
            strata=options.readings_strata,
        ),
        cohort=Path(options.cohort_table) if options.cohort_table else None,
        tool=options.readings_tool,
        card=Path(cards[0]) if cards else None,
        lock=Path(options.lock) if options.lock else None,
        register=register,
        study_file=study,
    )


class Unasked:
    """A plug-in of every process of such a session: leaves out the tests whose every criterion cannot be asked."""

    def __init__(self, run: Callable[[], TabledRun], roll: RollCall, named: Claims) -> None:
        self.run, self.roll, self.named = run, roll, named

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave them out before anything else is; each is named in the record with the reason."""
        kept, left_out = [], []
        for item in items:
            criteria = self.named([item]) if is_claim(item) else []
            reasons = {criterion.id: self.run().cannot_ask(criterion) for criterion in criteria}
            if reasons and all(reasons.values()):
                self.run().unasked.update(reasons)
                left_out.append(item)
            else:
                kept.append(item)
        if left_out and not any(map(is_claim, kept)):
            name, need = sorted(self.run().unasked.items())[0]
            words = f"no claim of this suite can be asked of readings alone: {name} needs {need}."
            note_fault(config, f"{words} Name a suite with claims on readings.")
        self.roll.excuse(left_out)
        items[:] = kept

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In a worker, tell what was not asked."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[OUTPUT] = dict(self.run().unasked)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a worker did not ask; all of them ask the same."""
        self.run().unasked.update(getattr(node, "workeroutput", {}).get(OUTPUT, {}))
