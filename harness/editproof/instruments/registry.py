"""From ``--instrument SPEC`` to a predictor, its weights unread until it first predicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editproof.core.callables import callable_from_file
from editproof.core.egress import check_egress
from editproof.core.guarding import one_error
from editproof.core.nearest import did_you_mean
from editproof.core.sources import source_digest
from editproof.core.specification import python_file
from editproof.errors import InstrumentError
from editproof.instruments import ocr
from editproof.instruments.card import TIMM, read_card
from editproof.instruments.ensemble import LazyEnsemble
from editproof.instruments.files import file_sha256, with_source
from editproof.instruments.hooks import HOOKS
from editproof.instruments.shipped import CARDS, card_of
from editproof.instruments.soundness import check_card
from editproof.types import Instrument, InstrumentCard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from editproof.types import Image


def instrument_from_spec(spec: str, *, allow_egress: Iterable[str] | None = (), trusted: bool = False) -> Instrument:
    """The instrument that a specification names.

    Parameters
    ----------
    spec : str
        Path of a card (JSON) beside its files, the name of one of :mod:`editproof.instruments.shipped`, or
        ``PATH.py:FACTORY`` whose factory takes no argument and returns a :class:`~editproof.types.Instrument`.
        ``docs/instruments.md`` says what a card may hold.
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
    if named := python_file(spec):
        path, factory = named
        instrument: Instrument = _of_file(Path(path), factory or "predictor", spec)
    elif spec == ocr.NAME and not Path(spec).exists():
        instrument = ocr.RapidText()
    else:
        instrument = _of_card(card_of(spec) or _card_at(spec), trusted=trusted)
    if allow_egress is not None:
        card = instrument.card
        check_egress(card.sends_data_to, allow_egress, f"instrument {card.name}", InstrumentError)
    return instrument


def _card_at(spec: str) -> Path:
    """The path that a specification is; a bare word of which there is no file was meant as a name."""
    path = Path(spec)
    if path.exists() or path.name != spec or path.suffix:
        return path
    names = (*CARDS, ocr.NAME)
    advice = f"{did_you_mean(spec, names)}There are: {', '.join(names)}; or name a card.json, or PATH.py:FACTORY."
    raise InstrumentError(f"instrument {spec}", "no instrument goes by that name", advice)


def _of_card(path: Path, *, trusted: bool) -> Instrument:
    card, folder = read_card(path), path.parent
    runtime = card.reading.get("runtime", TIMM)
    if runtime == TIMM:
        return LazyEnsemble(path)
    from editproof.instruments.options import with_options
    from editproof.instruments.runtimes.modelled import Modelled, check_trusted

    check_trusted(card, trusted=trusted)
    if runtime == "table":
        from editproof.instruments.runtimes.table import TableOfReadings

        return TableOfReadings(card, folder)
    if runtime == "http":
        from editproof.instruments.runtimes.http import WebInstrument

        return with_options(WebInstrument(card))
    if runtime == "transformers":
        from editproof.instruments.runtimes.transformers import HubFolder

        return with_options(HubFolder(card, folder))
    if runtime == "python":
        from editproof.instruments.runtimes.python import Scikit

        return with_options(Scikit(card, folder))
    return with_options(Modelled(card, folder))


class FromFile:
    """A predictor of a Python file, known by the files that it is made of as well, and by what it holds.

    Raises
    ------
    InstrumentError
        The source of those cannot be read, or is not the one that was loaded.
    """

    def __init__(self, predictor: Instrument, path: Path, factory: Callable[[], object]) -> None:
        self._predictor = predictor
        card = predictor.card
        try:
            made_of = source_digest(factory, made=predictor.predict)
        except (OSError, TypeError) as error:
            raise InstrumentError(
                f"the source of instrument {card.name}",
                f"it cannot be read, so its readings could not be told from those of another version ({error})",
                "Keep the instrument in files that do not change while it is used.",
            ) from error
        named = replace(card, sha256={**card.sha256, path.name: file_sha256(path)})
        self.card = with_source(named, path, made_of)

    def __getattr__(self, name: str) -> Any:
        """The optional methods of the predictor, as it has them."""
        if name not in HOOKS:
            raise AttributeError(name)
        return getattr(self._predictor, name)

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings of every member; see :class:`editproof.types.Instrument`."""
        return self._predictor.predict(images, references)


def _of_file(path: Path, factory: str, spec: str) -> Instrument:
    asked = f"--instrument {spec}"
    with one_error(asked):
        make = callable_from_file(path, factory, asked, InstrumentError)
        predictor = make()
        if not isinstance(predictor, Instrument):
            raise InstrumentError(
                asked, f"it makes a {type(predictor).__name__}", "Make it a editproof.types.Instrument."
            )
        card: object = predictor.card
    if not isinstance(card, InstrumentCard):
        raise InstrumentError(
            asked, f"its card is a {type(card).__name__}", "Make it a editproof.types.InstrumentCard."
        )
    from editproof.instruments.runtimes.modelled import Modelled

    check_card(card, asked, apart=isinstance(predictor, LazyEnsemble | Modelled))
    return FromFile(predictor, path, make)
