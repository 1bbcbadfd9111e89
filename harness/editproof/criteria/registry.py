"""Every estimand by name: built in, of installed packages, and of a study's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType

from editproof.core.registry import Registry, defined_in
from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import Factory, code_of, is_factory, name_of, origin_of
from editproof.errors import EditproofError, EvidenceError, ProtocolError
from editproof.types import JSON, CriterionCard, EstimandSpec

_PACKAGE = "editproof.criteria.estimands"


def factories_in(module: ModuleType) -> Iterator[Factory]:
    """The factories among the names of a module, its own and those it imports."""
    yield from (value for value in list(vars(module).values()) if is_factory(value))


def _built_in() -> Iterator[Factory]:
    yield from defined_in(_PACKAGE, lambda value: value.__module__ if is_factory(value) else None)


ESTIMANDS: Registry[Factory] = Registry(
    "estimand",
    group="editproof.estimands",
    hook="pytest_editproof_estimands",
    built_in=_built_in,
    name_of=name_of,
    code_of=code_of,
)
"""The one registry of estimands; what a study adds is known while its session, or its command, lasts."""


def own_factories(module: ModuleType) -> list[Factory]:
    """The factories of a user's module that are not built in."""
    built_in = set(map(origin_of, ESTIMANDS.built_in.values()))
    return [factory for factory in factories_in(module) if origin_of(factory) not in built_in]


def estimand_from(spec: EstimandSpec) -> Estimand:
    """The estimand that is written down so; nothing but registered factories is ever called.

    Raises
    ------
    EvidenceError
        Where no factory of that name is known, or it does not take these arguments.

    Examples
    --------
    >>> drift = EstimandSpec("mae_drift", {"quantity": "bone_age"})
    >>> estimand_from(EstimandSpec("recalibrated", {"estimand": drift, "curve": "linear"})).name
    'MAE drift after linear recalibration'
    >>> estimand_from(EstimandSpec("mae_drifd", {}))
    Traceback (most recent call last):
    editproof.errors.EvidenceError: estimand 'mae_drifd': no estimand of that name is known here. Did you mean mae_...
    """
    try:
        factory = ESTIMANDS[spec.name]
        return factory(**{
            name: estimand_from(value) if isinstance(value, EstimandSpec) else value
            for name, value in spec.arguments.items()
        })  # fmt: skip
    except EditproofError as error:
        raise EvidenceError(error.asked, error.found, error.advice) from error
    except Exception as error:
        raise EvidenceError(f"estimand {spec}", f"its factory raised {type(error).__name__}: {error}") from error


def check_registered(estimand: Estimand) -> None:
    """Refuse an estimand that could not be made again from what its card says.

    Raises
    ------
    ProtocolError
        Where a factory that made it is not registered, or another one is registered by that name.
    """
    if estimand.spec is None:
        raise ProtocolError(f"estimand {estimand.name!r}", "no factory made it", "Mark its factory with @estimand.")
    known = {origin_of(ESTIMANDS[name]) for name in sorted(estimand.spec.names)}
    if strange := sorted(estimand.origins - known):
        place, _, name = strange[0].partition(":")
        found = f"the registered one is another than that of {place}"
        raise ProtocolError(f"estimand {name!r}", found, "Give yours a name of its own.")


def estimand_digests(cards: Iterable[CriterionCard]) -> dict[str, str]:
    """The sha256 over the source of every estimand that criteria use and that is not built in, by name."""
    names = {name for card in cards if card.specification for name in card.specification.names}
    found = {name: ESTIMANDS.digest(name) for name in sorted(names) if name in ESTIMANDS}
    return {name: digest for name, digest in found.items() if digest}


def foreign(cards: Iterable[CriterionCard], digests: Mapping[str, JSON]) -> Iterator[str]:
    """What keeps saved claims from being decided again here, one sentence for each estimand.

    Parameters
    ----------
    digests : mapping of str to str
        What the protocol says of the sources of estimands that are not built in.
    """
    for name in sorted({name for card in cards if card.specification for name in card.specification.names}):
        if name in ESTIMANDS.built_in:
            continue
        stated = digests.get(name)
        if name not in ESTIMANDS:
            code = f" (the digest of its source was {stated})" if stated else ""
            yield (
                f"estimand {name!r} is not known here, so that nothing was decided again; if you trust its author, "
                f"give its file{code}: --trust FILE.py"
            )
        elif (digest := ESTIMANDS.digest(name)) != stated:
            said = f"{str(stated)[:12]}..." if stated else "nothing"
            yield f"estimand {name!r} has the sha256 {str(digest)[:12]}... here, protocol.estimands says {said}"
