"""The cohort that ships with the package: hands that are drawn, with exact masks and a known reference standard."""

from __future__ import annotations

from editproof.core.usage import YES_NO, Given, Option, Usage, numeric, takes, whole
from editproof.datasets.degraded import OPTIONS, degraded_if_asked
from editproof.types import Dataset

_DRAWING = (
    Option("n", "patients", whole(1), "200"),
    Option("seed", "of the draw", whole(), "2023"),
    Option("acquisitions", "radiographs of each hand", whole(1, 9), "1"),
    Option("maturity_sd", "SD of apparent minus reference bone age, months", numeric("a number")),
    Option("sex_separation", "distance of the sexes' mean builds, in SD", numeric("a number")),
    Option("rings", "whether some hands wear a ring", whole(0, 1), "0"),
    Option("touching", "whether some markers touch the hand's edge", whole(0, 1), "0"),
    Option("text", "a name, a number and the side in place of other artefacts; the side is to be kept", YES_NO, "no"),
)


@takes(Usage("the phantoms that ship with the package", options=(*_DRAWING, *OPTIONS)))
def named_phantoms(given: Given) -> Dataset:
    """The cohort of ``--dataset phantom:?n=40&seed=1``; with targets, of ``phantom:?noise=8``."""
    from editproof.phantoms.phantom import cohort

    drawing = {option.name for option in _DRAWING}
    return degraded_if_asked(
        cohort(**{name: given.value[name] for name in given.written if name in drawing}), given.value
    )
