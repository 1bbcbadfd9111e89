"""Changes of an image that are not edits but move an instrument's readings, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from editproof.core.numbers import stated
from editproof.report.text.wording import in_words, typeset
from editproof.types import JSON, InstrumentCard


@dataclass(frozen=True)
class Fragility:
    """A table by change and quantity, of strings.

    Attributes
    ----------
    heads : tuple of str
        One for each column after the change and the number of images.
    rows : tuple of tuple of str
        Change, number of images, one cell for each head.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def fragility(card: InstrumentCard) -> Fragility | None:
    """What a card has under ``performance.fragility``; None if that cannot be made into a table.

    The card lists it by change, then by quantity: ``{"JPEG 90": {"n": 300, "bone_age": {"mean_drift": 0.2,
    "sd_drift": 2.1}, "sex": {"auc_change": -0.001}}}``. Entries of another form appear in the list of all figures only.
    """
    declared = card.performance.get("fragility")
    if not isinstance(declared, Mapping):
        return None
    changes = {str(name): figures for name, figures in declared.items() if isinstance(figures, Mapping)}
    read = [q for q in card.quantities if any(isinstance(figures.get(q.name), Mapping) for figures in changes.values())]
    if not read:
        return None
    heads = tuple(
        f"{in_words(q.name)}, {'change of AUC' if q.kind != 'continuous' else f'drift in {q.unit} (mean ± SD)'}"
        for q in read
    )
    rows = tuple(
        (in_words(name), _number(figures.get("n")), *(_cell(figures.get(q.name)) for q in read))
        for name, figures in changes.items()
    )
    return Fragility(heads, rows)


def other_figures(card: InstrumentCard) -> dict[str, JSON]:
    """Everything measured on an instrument, without the changes of :func:`fragility` if these have a table."""
    kept = card.performance.items()
    return {key: value for key, value in kept if key != "fragility" or fragility(card) is None}


def _cell(figures: JSON) -> str:
    if not isinstance(figures, Mapping):
        return "–"
    return ", ".join(_changes(figures)) or "–"


def _changes(figures: Mapping[str, JSON]) -> Iterator[str]:
    if "mean_drift" in figures:
        spread = f" ± {_number(figures['sd_drift'])}" if "sd_drift" in figures else ""
        yield _number(figures["mean_drift"], "+") + spread
    if "auc_change" in figures:
        yield _number(figures["auc_change"], "+")


def _number(value: JSON, sign: str = "") -> str:
    """A number as it is written on the card; anything else as text."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return typeset(stated(value, sign)) if is_number else typeset(str("–" if value is None else value))
