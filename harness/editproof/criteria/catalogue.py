"""The table of all estimands, from the registry: ``python -m editproof.criteria.catalogue > docs/estimands.md``."""

from __future__ import annotations

import inspect

from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import Factory, example_of
from editproof.criteria.registry import ESTIMANDS, estimand_from

_HEAD = """# Estimands

```sh
pip install editproof
```

Made from the registry by `python -m editproof.criteria.catalogue > docs/estimands.md`; a test holds the two together.

An estimand is a value that a factory makes: `mae_drift("bone_age")`. Its card carries the factory's name and every
argument. *Scope* is what it is about: readings against the reference standard or the originals, the repeats of an edit
against one another, the readings of several human readers, images, or the flow of edits. *Needs* is what has to be
there besides the edits. The *ideal* is the value of a tool that could not be better; `editproof compare` measures from
it the margin of a claim for which none was given. *One patient's value* lies in the interval named: by its nature, or
by the `cap` of the call, for which a criterion takes a multiple of its margin where none is given. Claims on it are
decided by one rule that holds whatever was not seen ([statistics.md](statistics.md)); an edit that is missing can have
had any value of the interval. Where there is no interval the level is *approximate*: the limits are the usual ones, a
missing edit leaves the claim open, and a primary claim makes the run conform with a reservation. Claims on human
readers are approximate for other readers than those who read; on a declared scale a missing rating is at its worst.
*Versions* says whether `editproof compare` can hold two versions of a tool against one another by it, paired by
patient. What the table says is of the factory's defaults.

| estimand | what it estimates | unit | scope | needs | ideal | one patient's value | versions |
|---|---|---|---|---|---|---|---|
"""

_TAIL = """
## Your own

Mark a function that returns an `Estimand`, and return it from `pytest_editproof_estimands` in the root `conftest.py`
(or declare it as an entry point of the group `editproof.estimands`, under its own name):

```python own.py
import numpy as np
from editproof import Estimand, estimand

@estimand
def relative_change(quantity, *, arm="edited", instrument="pooled", missing="worst_case"):
    \"\"\"Mean size of the change of the reading, as a share of the original's reading, at most all of it.\"\"\"
    return Estimand(
        name="relative change", quantity=quantity, statistic=_relative, needs={"original"}, ideal=0.0,
        least=0.0, most=1.0, arm=arm, instrument=instrument, missing=missing,
    )

def _relative(readings):
    return readings.mean_of(np.abs(readings.changes / readings.original[:, None]))
```

```python conftest.py
import own

def pytest_editproof_estimands():
    return [own.relative_change]
```

```python test_own.py
from editproof import Criterion, at_most
from own import relative_change

SMALL = Criterion("OWN-1", relative_change("bone_age"), at_most(0.1), source="placeholder: your protocol")

def test_small(study, judge):
    assert judge(SMALL, study)
```

```sh
editproof run --suite test_own.py --editor opencv-telea --dataset 'phantom:?n=2' --repeats 1
```
```text
exit code 9
INCONCLUSIVE OWN-1 relative change
```

The statistic gets the readings (`values`, `reference`, `original`, `patients`; `errors` and `changes` are made of them;
NaN and `missing` where an edit did not come back) and returns a statistic of `editproof.stats`:
`readings.mean_of(...)`, which takes values as being between `least` and `most`, `readings.share_of_patients(...)`,
`readings.share_of_edits(...)`, `readings.smooth(...)` of sums over patients, whose level is approximate, or
`readings.undefined("why")`. Limits and comparison follow from it. It is tried on invented patients before the first
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
        _bounds(made), made.incomparable or "compared",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _bounds(made: Estimand) -> str:
    """The interval in which one patient's value lies, in words."""
    if made.wants_cap:
        capped = made.capped(1.0)
        return f"{'from -cap to cap' if capped.least < 0 else 'from 0 to cap'} (cap: {made.cap_in_margins:g} margins)"
    if made.recalibration or not made.is_bounded:
        return "not bounded: approximate"
    return f"from {made.least:g} to {made.most:g}"


def _unit(factory: Factory, made: Estimand) -> str:
    """The unit of the estimate, which may be that of the quantity."""
    return "that of the quantity" if "unit" in inspect.signature(factory).parameters else made.unit or "–"


if __name__ == "__main__":
    print(page(), end="")
