"""Whether cohort, tools and instruments of a study are for the same images: gray, colour or volumes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from editproof.errors import DatasetError, EditorError, InstrumentError, ProtocolError
from editproof.imaging.axes import ZYX, axes_in_words, axes_of
from editproof.imaging.output import OutputGeometry
from editproof.types import InstrumentCard


def axes_in(cohort: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """The axes that every image of a cohort has.

    Parameters
    ----------
    cohort : str
        Its name.
    shapes : mapping of str to tuple of int
        Shape of each image by id of its case; at least one.

    Raises
    ------
    DatasetError
        Where images differ in their axes: a claim on both would mean two things.
    """
    first: dict[str, str] = {}
    for case_id, shape in shapes.items():
        first.setdefault(axes_of(shape), case_id)
    if len(first) > 1:
        found = ", ".join(f"case {case_id} is of {axes_in_words([axes])}" for axes, case_id in first.items())
        raise DatasetError(f"cohort {cohort}, images of one kind", found, "Make a cohort of each kind.")
    return next(iter(first))


def check_taken(
    axes: str, tools: Mapping[str, Iterable[str]], instruments: Iterable[InstrumentCard], output: OutputGeometry
) -> None:
    """Refuse tools and instruments that do not take the images of the cohort.

    Parameters
    ----------
    axes : str
        Of the cohort.
    tools : mapping of str to iterable of str
        Axes that each tool takes, by its name.
    instruments : iterable of InstrumentCard
    output : OutputGeometry
        In which edits are asked for; a volume keeps its own.

    Raises
    ------
    EditorError, InstrumentError, ProtocolError
    """
    for name, taken in tools.items():
        if axes not in taken:
            advice = 'A tool of your own that takes them says so: axes = ("YX", ...) on it. See docs/axes.md.'
            raise EditorError(f"tool {name} on {axes_in_words([axes])}", f"it takes {axes_in_words(taken)}", advice)
    for card in instruments:
        if axes not in card.axes:
            advice = 'An instrument that takes them says so on its card: "axes": [...]. See docs/axes.md.'
            asked = f"instrument {card.name} on {axes_in_words([axes])}"
            raise InstrumentError(asked, f"it reads {axes_in_words(card.axes)}", advice)
    if axes == ZYX and not output.is_same:
        raise ProtocolError(
            f"output geometry {output} of {axes_in_words([axes])}", "a volume keeps its frame", "Write same."
        )
