"""From ``--instrument SPEC`` to a predictor, its weights unread until it first predicts."""

from __future__ import annotations

from pathlib import Path

from harness.errors import InstrumentError
from harness.pyfile import callable_from_file
from harness.types import Predictor


def predictor_from_spec(spec: str) -> Predictor:
    """The instrument that a specification names.

    Parameters
    ----------
    spec : str
        Path of a ``card.json`` beside its weights, or ``PATH.py:FACTORY`` whose factory takes no argument and
        returns a :class:`~harness.types.Predictor`.

    Raises
    ------
    InstrumentError
        Where there is no such file, or what it makes is no predictor.
    """
    path, _, factory = spec.partition(":")
    if not path.endswith(".py"):
        from harness.predictors.ensemble import LazyEnsemble

        return LazyEnsemble(Path(spec))
    predictor = callable_from_file(Path(path), factory or "predictor", f"--instrument {spec}", InstrumentError)()
    if not isinstance(predictor, Predictor):
        raise InstrumentError(
            f"--instrument {spec}", f"it makes a {type(predictor).__name__}", "Make it a harness.types.Predictor."
        )
    return predictor
