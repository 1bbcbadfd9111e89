"""The instruments that go by a name: those that ship with the package, and those that a clone of its repository has."""

from __future__ import annotations

from pathlib import Path

from editproof.core.shipped import shipped_folder
from editproof.errors import InstrumentError

CARDS = {"phantom": "phantom/card.json", "bones": "bones/card.json", "rsna100": "rsna100/card.json"}
"""Card of each instrument in ``models/``, by its name."""

READERS = {"phantom": "phantom", "rsna": "rsna100"}
"""The instrument that was trained on images like a cohort's, by the cohort's name."""


def card_of(name: str) -> Path | None:
    """The card of an instrument that goes by a name; None where none does.

    Raises
    ------
    InstrumentError
        Where its weights are not here: those that were trained on RSNA's radiographs carry RSNA's terms, and are no
        part of the installed package.

    Examples
    --------
    >>> card_of("phantom").name
    'card.json'
    """
    if name not in CARDS:
        return None
    card = shipped_folder("models") / CARDS[name]
    if not card.is_file() or not any(card.parent.glob("*.onnx")):
        raise InstrumentError(
            f"instrument {name}",
            "its weights were trained on RSNA's radiographs, carry RSNA's terms, and do not ship with the package",
            f"Clone the repository and give --instrument CLONE/models/{CARDS[name]}.",
        )
    return card
