"""Whether the numbers of image metrics are those of the metrics that a run fixed.

What was measured is a fact of the evidence: a verdict is decided from it without computing a metric again. A metric's
source is needed only to show that the numbers were made by that source, and in its units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from editproof.evidence.bundle import RECORD
from editproof.evidence.measurements import IMAGE
from editproof.evidence.planted import SEEN
from editproof.evidence.record import Evidence
from editproof.metrics import BUILT_IN, METRICS, METRICS_VERSION
from editproof.metrics.masks import units_of_structures
from editproof.metrics.outputs import units_of_outputs
from editproof.metrics.registry import own_in_protocol, version_in_protocol
from editproof.types import InstrumentCard


def unknown_metrics(evidence: Evidence) -> tuple[str, ...]:
    """Names of the metrics of a run that are neither built in nor known here: their source is not checked."""
    return tuple(name for name in own_in_protocol(evidence.protocol.get("metrics")) if name not in METRICS)


def metric_faults(evidence: Evidence) -> Iterator[str]:
    """What of the image metrics in the tables is not of the metrics in the protocol, one sentence each.

    A metric that is not built in is held against its source where it is known: installed, or of a trusted file.
    """
    fixed = own_in_protocol(evidence.protocol.get("metrics"))
    known = [METRICS[name] for name in fixed if name in METRICS]
    for metric in known:
        if metric.digest != fixed[metric.name]:
            found = f"{fixed[metric.name][:12]}..., the metric of that name known here is {metric.digest[:12]}..."
            yield f"{RECORD}: protocol.metrics.{metric.name} is {found}"
    if version_in_protocol(evidence.protocol.get("metrics")) != METRICS_VERSION:
        return
    units = {quantity: unit for metric in (*BUILT_IN, *known) for quantity, unit in metric.units.items()}
    structures = [structure for card in evidence.instruments for structure in card.structures]
    units |= units_of_structures((*BUILT_IN, *known), structures)
    outputs = [output for card in evidence.instruments for output in card.raw_outputs]
    units |= units_of_outputs((*BUILT_IN, *known), outputs)
    units[SEEN] = ""  # of the detector of planted structures, which is no metric of pairs
    complete = not unknown_metrics(evidence)
    tables = {str(index): editor.measurements for index, editor in enumerate(evidence.editors)}
    for name, table in {**tables, **evidence.controls}.items():
        of_images = table.rows.loc[table.rows["instrument"] == IMAGE, ["quantity", "unit"]].drop_duplicates()
        for quantity, unit in of_images.itertuples(index=False, name=None):
            if quantity not in units and complete:
                yield f"measurements/{name}-rows.csv: quantity: no metric of the protocol gives {quantity}"
            elif units.get(quantity, unit) != unit:
                found = f"unit of {quantity} is {unit!r}, its metric gives {units[quantity]!r}"
                yield f"measurements/{name}-rows.csv: {found}"


def outputs_by_quantity(cards: Iterable[InstrumentCard]) -> dict[str, str]:
    """By each quantity that built-in metrics give of masks and outputs: the label map or output that it is of.

    Examples
    --------
    >>> from editproof.types import RawOutput
    >>> card = InstrumentCard("x", "x", (), 1, {}, "", "", raw_outputs=(RawOutput("lesions", "boxes", ("nodule",)),))
    >>> outputs_by_quantity([card])["boxes_found_to_original:nodule"]
    'lesions'
    """
    found: dict[str, str] = {}
    for card in cards:
        for mask in card.masks:
            found |= dict.fromkeys(units_of_structures(BUILT_IN, mask.labels.values()), mask.name)
        for output in card.raw_outputs:
            found |= dict.fromkeys(units_of_outputs(BUILT_IN, [output]), output.name)
    return found
