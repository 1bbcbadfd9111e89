"""An ensemble by its card alone: torch and the weights are loaded when it first predicts."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.extras import need
from editproof.errors import InstrumentError
from editproof.instruments.card import read_card

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from editproof.types import Image, Instrument, InstrumentCard


class LazyEnsemble:
    """The networks of a card, picklable; a run that finds all its readings in the store never loads torch.

    Parameters
    ----------
    path : Path
        A ``card.json`` with its safetensors beside it.

    Raises
    ------
    InstrumentError
        At once where the card cannot be read; at the first :meth:`predict` where its weights are not what it says.
    """

    def __init__(self, path: Path) -> None:
        self._path = Path(path)
        self.card: InstrumentCard = read_card(self._path)

    def __getstate__(self) -> dict[str, object]:
        """The path and the card; a network is loaded anew in each process."""
        return {"_path": self._path, "card": self.card}

    @cached_property
    def _loaded(self) -> Instrument:
        from editproof.instruments.runtimes.torch import load_ensemble

        return load_ensemble(self._path)

    def check(self) -> None:
        """Refuse a missing package before anything is done.

        Raises
        ------
        InstrumentError
        """
        need("torch", f"instrument {self.card.name}", InstrumentError)

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings by quantity, each of shape (members, images), of the ensemble once it is loaded."""
        return self._loaded.predict(images, references)


def pooled(readings: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ensemble's reading of each image: the mean over members, of months as of probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> pooled(np.array([[100.0, 60.0], [104.0, 66.0]])).tolist()
    [102.0, 63.0]
    """
    mean: NDArray[np.float64] = readings.mean(axis=0)
    return mean
