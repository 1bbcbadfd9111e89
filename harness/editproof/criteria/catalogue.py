"""The table of all estimands, from the registry: ``python -m editproof.criteria.catalogue > docs/estimands.md``."""

from __future__ import annotations

import inspect

from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import Factory, example_of
from editproof.criteria.registry import ESTIMANDS, estimand_from

_HEAD = """# Estimands

Made from the registry by `python -m editproof.criteria.catalogue > docs/estimands.md`; a test holds the two together.

An estimand is a value that a factory makes: `mae_drift("bone_age")`. Its card carries the factory's name and every
argument. *Scope* is what it is about: readings against the reference standard or the originals, the repeats of an edit
against one another, images, or the flow of edits. *Needs* is what has to be there besides the edits. The *ideal* is the
value of a tool that could not be better; `editproof compare` measures from it the margin of a claim for which none was
given. A *missing edit* is dealt with by the rule named, unless the call names another one
([statistics.md](statistics.md)). *Versions* says whether `editproof compare` can hold two versions of a tool against
one another by it, paired by patient. What the table says of unit, needs, ideal and missing edits is of the factory's
defaults.

| estimand | what it estimates | unit | scope | needs | ideal | missing edit | versions |
|---|---|---|---|---|---|---|---|
"""

_TAIL = """
## Your own

Mark a function that returns an `Estimand`, and return it from `pytest_editproof_estimands` in the root `conftest.py`
(or declare it as an entry point of the group `editproof.estimands`, under its own name):

```python
# own.py
import numpy as np
from editproof import Estimand, estimand

@estimand
def relative_change(quantity, *, arm="edited", instrument="pooled", missing="worst_case"):
    \"\"\"Mean size of the change of the reading, as a share of the original's reading.\"\"\"
    return Estimand(
        name="relative change", quantity=quantity, statistic=_relative, needs={"original"}, ideal=0.0,
        arm=arm, instrument=instrument, missing=missing,
    )

def _relative(readings):
    return readings.mean_of(np.abs(readings.changes / readings.original[:, None]), readings.unmoved)
```

```python
# conftest.py
import own

def pytest_editproof_estimands():
    return [own.relative_change]
```

The statistic gets the readings (`values`, `reference`, `original`, `patients`; `errors` and `changes` are made of them)
with missing edits dealt with, and returns a statistic of `editproof.stats`: `readings.mean_of(...)`,
`readings.share_of_patients(...)`, `readings.share_of_edits(...)`, `readings.smooth(...)` of sums over patients, or
`readings.undefined("why")`. Interval and comparison follow from it. It is tried on invented patients before the first
edit is made. The sha256 of its source, and of your own files that it imports, is part of the protocol: a run with
another source departs from its lock. `editproof verify RUN --trust own.py` (and `compare`, `merge`, `report`, `sign`)
lets the named file run and decides every claim again; nothing of a bundle is ever run.
"""


def page() -> str:
    """The page, as Markdown."""
    rows = (_row(name, ESTIMANDS.built_in[name]) for name in sorted(ESTIMANDS.built_in))
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


def _row(name: str, factory: Factory) -> str:
    made = estimand_from(example_of(factory))
    first = (inspect.getdoc(factory) or "").partition("\n")[0].replace("``", "`").replace("|", "\\|")
    cells = (
        f"`{name}`", first, _unit(factory, made), made.scope, ", ".join(sorted(made.needs)) or "–", f"{made.ideal:g}",
        made.missing.replace("_", " ") if made.scope != "flow" else "–", made.incomparable or "compared",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _unit(factory: Factory, made: Estimand) -> str:
    """The unit of the estimate, which may be that of the quantity."""
    return "that of the quantity" if "unit" in inspect.signature(factory).parameters else made.unit or "–"


if __name__ == "__main__":
    print(page(), end="")
