"""Instruments: whether a card and its files are sound, fit a cohort, and what they read on its first cases."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.numbers import brief

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs
    from editproof.instruments.masks import LabelMap
    from editproof.types import Case, Dataset, Instrument, Pixels

NO_FLOOR = "NO FLOOR: no run will say whether it reads them well; write floors on the card"


def add_to(verbs: Verbs) -> None:
    """Declare ``instrument``."""
    words = "check a card, its files and its fit to a cohort, and read the cohort's first cases"
    verb = verbs.add_parser("instrument", help=words, description=words)
    verb.add_argument("card", metavar="SPEC", help="as for --instrument: card.json, a name (phantom), PATH.py:FACTORY")
    verb.add_argument("--dataset", metavar="SPEC", help="cohort to hold it against, e.g. folder:PATH")
    verb.add_argument("--n", type=int, default=3, help="cases to read (default: 3)")
    verb.add_argument("--allow-egress", action="append", default=[], metavar="HOST")
    verb.add_argument("--trust-instrument", action="store_true", help="let the card's own code run")
    verb.add_argument("--write-digests", action="store_true", help="first write the sha256 of its files into the card")
    verb.set_defaults(action=_instrument)


def _instrument(options: argparse.Namespace) -> int:
    from editproof.instruments.hooks import check
    from editproof.instruments.registry import instrument_from_spec

    if options.write_digests:
        _write_digests(Path(options.card))
    instrument = instrument_from_spec(options.card, allow_egress=options.allow_egress, trusted=options.trust_instrument)
    card = instrument.card
    check(instrument)
    print(f"{card.name}: {card.description}")
    read = ", ".join(f"{quantity.name} ({quantity.unit})" for quantity in card.quantities)
    print(f"reads: {read or 'no number'}")
    print(f"members: {card.members}; is told: {', '.join(card.covariates) or 'nothing beside the image'}")
    print(f"sends pixels to {card.sends_data_to or 'no other machine'}")
    if card.absent_arms:
        print(f"has no readings of: {', '.join(card.absent_arms)}")
    for mask in card.masks:
        print(f"draws: {mask.name} ({', '.join(mask.labels.values())})")
    for output in card.raw_outputs:
        print(f"gives: {output.name} ({', '.join((output.kind, *output.labels))})")
    for found in (*(quantity.name for quantity in card.quantities), *card.structures):
        floors = [f"{name} {brief(limit)}" for name, limit in card.floors.get(found, {}).items()]
        print(f"must reach on the originals, {found}: {', '.join(floors) or NO_FLOOR}")
    if options.dataset:
        _held_against(instrument, options.dataset, options.n)
    return 0


def _write_digests(card: Path) -> None:
    from editproof.instruments.digests import write_digests

    for name, (before, now) in write_digests(card).items():
        was = "as it was" if before == now else f"was {before or 'not there'}"
        print(f"sha256 of {name}: {now} ({was})")


def _held_against(instrument: Instrument, spec: str, n: int) -> None:
    from editproof.datasets.checks import decoded_case, distinct
    from editproof.datasets.registry import dataset_from_spec
    from editproof.instruments.fitness import check_fit
    from editproof.instruments.responses import check_response

    dataset: Dataset = dataset_from_spec(spec)
    cases = distinct(dataset)
    check_fit(instrument.card, dataset.card, cases)
    print(f"fits {dataset.card.name}: {len(cases)} cases")
    for case in cases[:n]:
        print(f"{case.case_id}: {'; '.join(_read(instrument, case))}")
    for case in cases[:1]:
        told = {name: case.reference[name] for name in instrument.card.covariates}
        check_response(instrument, case.case_id, decoded_case(case).image, told)


def _read(instrument: Instrument, case: Case) -> list[str]:
    import numpy as np

    from editproof.datasets.checks import decoded_case
    from editproof.instruments.ensemble import pooled
    from editproof.instruments.hooks import look_up_of
    from editproof.instruments.reading import full_readings

    pixels = decoded_case(case)
    image = pixels.image
    maps: Mapping[str, LabelMap] = {}
    told = {name: case.reference[name] for name in instrument.card.covariates}
    if look_up := look_up_of(instrument):
        found = dict(look_up(case.case_id, "", [("original", 0)], image) or {})
    else:
        [reading] = full_readings(instrument, case.case_id, [image], told)
        found, maps = reading.numbers, reading.maps
    lines = [*_drawn(instrument, pixels, maps)] if maps else []
    for quantity in instrument.card.quantities:
        reference = case.reference.get(quantity.name)
        held = "no reference" if reference is None else f"reference {brief(reference)}"
        lines.append(
            f"{quantity.name} {brief(float(pooled(np.array(found[quantity.name]))), 4)} {quantity.unit} ({held})"
        )
    return lines


def _drawn(instrument: Instrument, pixels: Pixels, maps: Mapping[str, LabelMap]) -> Iterator[str]:
    """How large each structure is drawn, and its Dice against the reference mask where there is one."""
    from editproof.instruments.masks import structures_in
    from editproof.metrics.masks import MaskPair, dice

    for name, mask in structures_in(instrument.card.masks, maps).items():
        reference = pixels.structures.get(name)
        found = {} if reference is None else dice(MaskPair(reference, mask))
        held = (
            f"Dice {brief(found['dice'][0], 3)}" if found else "no reference" if reference is None else "Dice undefined"
        )
        yield f"{name} {int(mask.sum())} pixels ({held})"
