"""From ``--instrument SPEC`` to a predictor, its weights unread until it first predicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.editors.egress import check_egress
from harness.errors import InstrumentError
from harness.predictors.card import TIMM, read_card
from harness.predictors.ensemble import LazyEnsemble
from harness.predictors.files import file_sha256
from harness.predictors.guarding import one_error
from harness.predictors.soundness import check_card
from harness.pyfile import callable_from_file
from harness.types import Predictor, PredictorCard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.types import Image


def predictor_from_spec(spec: str, *, allow_egress: Iterable[str] | None = (), trusted: bool = False) -> Predictor:
    """The instrument that a specification names.

    Parameters
    ----------
    spec : str
        Path of a card (JSON) beside its files, or ``PATH.py:FACTORY`` whose factory takes no argument and returns a
        :class:`~harness.types.Predictor`. ``docs/instruments.md`` says what a card may hold.
    allow_egress : iterable of str or None
        Hosts that may receive pixels; None where the instrument is only looked at and reads nothing.
    trusted : bool
        Whether code that the card brings (TorchScript, Python) may run. What is named as ``PATH.py:FACTORY`` is the
        user's own word already.

    Raises
    ------
    InstrumentError
        Where there is no such file, the card contradicts itself, its code is not trusted, or it would send pixels to
        a host that may not receive them.
    """
    path, _, factory = spec.partition(":")
    if path.endswith(".py"):
        instrument: Predictor = _of_file(Path(path), factory or "predictor", spec)
    else:
        instrument = _of_card(Path(spec), trusted=trusted)
    if allow_egress is not None:
        check_egress(instrument.card, allow_egress)
    return instrument


def _of_card(path: Path, *, trusted: bool) -> Predictor:
    card, folder = read_card(path), path.parent
    runtime = card.reading.get("runtime", TIMM)
    if runtime == TIMM:
        return LazyEnsemble(path)
    from harness.predictors.modelled import Modelled, check_trusted
    from harness.predictors.options import with_options

    check_trusted(card, trusted=trusted)
    if runtime == "table":
        from harness.predictors.table import Table

        return Table(card, folder)
    if runtime == "http":
        from harness.predictors.web import Web

        return with_options(Web(card))
    if runtime == "python":
        from harness.predictors.scikit import Scikit

        return with_options(Scikit(card, folder))
    return with_options(Modelled(card, folder))


class FromFile:
    """A predictor of a Python file, known by the file's content as well."""

    def __init__(self, predictor: Predictor, path: Path) -> None:
        self._predictor = predictor
        card = predictor.card
        self.card = replace(card, sha256={**card.sha256, path.name: file_sha256(path)})

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings of every member; see :class:`harness.types.Predictor`."""
        return self._predictor.predict(images, references)


def _of_file(path: Path, factory: str, spec: str) -> Predictor:
    asked = f"--instrument {spec}"
    with one_error(asked):
        predictor = callable_from_file(path, factory, asked, InstrumentError)()
        if not isinstance(predictor, Predictor):
            raise InstrumentError(asked, f"it makes a {type(predictor).__name__}", "Make it a harness.types.Predictor.")
        card: object = predictor.card
    if not isinstance(card, PredictorCard):
        raise InstrumentError(asked, f"its card is a {type(card).__name__}", "Make it a harness.types.PredictorCard.")
    check_card(card, asked, apart=isinstance(predictor, LazyEnsemble))
    return FromFile(predictor, path)
