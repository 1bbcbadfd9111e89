"""How two outputs of an instrument become numbers: what a scorer is given, and the names of what it measures.

A scorer is a metric of one kind of output. It gets the output of an image beside the one that it is held against, which
is the reference of the cohort or what the same instrument gave on the original, both in the frame of the original; and
is called once for each subject: a landmark, a label of boxes, or the whole output under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from editproof.metrics.metric import OF_OUTPUTS, Metric, MetricOutput, named_after

if TYPE_CHECKING:
    from editproof.types import RawOutput

TO_REFERENCE, TO_ORIGINAL = "to_reference", "to_original"
"""What an output is held against, as the names of what is measured end."""


@dataclass(frozen=True, eq=False)
class OutputPair:
    """An output of an image, as far as it concerns a subject, and the one that it is held against.

    Attributes
    ----------
    kind : str
        Of :data:`editproof.types.instruments.OUTPUT_KINDS`.
    subject : str
        A landmark, a label, or the name of the output.
    reading : object
        Of points, coordinates ``[x, y]`` by name; of boxes, a list of those that count, each ``[x, y, width, height,
        score, label]``; of classes, probabilities by label; of a grade, its place on the scale; of text, a text.
    other : object
        The same of the original; or the reference: of classes, those that are true; of text, a mapping with ``text``,
        ``identifiers`` and ``marks`` as far as they are known.
    shape : tuple of int
        Of the original image.
    spacing_mm : tuple of float, optional
        Row and column spacing in millimetres, where the cohort knows it.
    settings : mapping
        As the card declares them.
    scored : object
        Of boxes, those of every score, also below the declared one; else None.
    """

    kind: str
    subject: str
    reading: Any
    other: Any
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    scored: Any = None

    @property
    def scales(self) -> dict[str, tuple[float, ...]]:
        """Spacing of rows and columns in each unit that there is: ``px``, and ``mm`` where it is known."""
        return {"px": (1.0, 1.0)} | ({"mm": self.spacing_mm} if self.spacing_mm else {})


def output_metric(
    kind: str, *outputs: MetricOutput, name: str = "", version: str = ""
) -> Callable[[Callable[[OutputPair], Mapping[str, float]]], Metric]:
    """Make a function of an :class:`OutputPair` a scorer of one kind; see :func:`editproof.metrics.metric`.

    Its outputs have no regions: each is measured as ``<output>_to_reference:<subject>`` and
    ``<output>_to_original:<subject>``.

    Raises
    ------
    ValueError
        Where there is no such kind of output.
    """
    if kind not in OF_OUTPUTS:
        raise ValueError(f"a metric of {kind!r}; there are {', '.join(OF_OUTPUTS)}")
    return lambda function: Metric(name or named_after(function), function, outputs, kind, version)


def units_of_outputs(metrics: Iterable[Metric], outputs: Iterable[RawOutput]) -> dict[str, str]:
    """Unit of every quantity that scorers may give for some outputs, ``<output>_<against>:<subject>``."""
    known = list(metrics)
    return {
        f"{name}_{against}:{subject}": unit
        for output in outputs
        for subject in output.subjects
        for against in (TO_REFERENCE, TO_ORIGINAL)
        for metric in known
        if metric.of == output.kind
        for name, unit in metric.units.items()
    }
