"""Checks that every cohort must pass, whoever wrote its reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from editproof.core.digests import digest_of, pixel_digest
from editproof.core.numbers import brief
from editproof.errors import DatasetError
from editproof.imaging.axes import axes_in_words, axes_of, is_image, spatial_shape
from editproof.imaging.output import OutputGeometry
from editproof.imaging.region import INSIDE, OUTSIDE, PROTECTED, regions
from editproof.types import Case, Dataset, Pixels

_ABSENT = {
    INSIDE: "the edit mask is empty",
    OUTSIDE: "the edit mask holds every pixel",
    PROTECTED: "the protected mask is empty",
}
_DRAW = "Name mask files in the columns edit_mask and protected_mask (all white: a tool may change all)."


def distinct(dataset: Dataset) -> list[Case]:
    """The cases of a cohort: at least one, and no id twice.

    Raises
    ------
    DatasetError
    """
    cases = list(dataset)
    if not cases:
        raise DatasetError(f"cohort {dataset.card.name}", "it holds no case", "Name one that does.")
    counts = Counter(case.case_id for case in cases)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise DatasetError(
            f"cohort {dataset.card.name}",
            f"{len(twice)} case ids belong to more than one case: {', '.join(twice[:5])}",
            "Give each radiograph its own id; radiographs of one patient share the patient id.",
        )
    return cases


def decoded_case(case: Case) -> Pixels:
    """The checked pixels of a case: an image with more than one gray level, and two masks of its size.

    Raises
    ------
    DatasetError
    """
    pixels = case.decode()
    image = pixels.image
    if not is_image(image):
        raise DatasetError(
            f"case {case.case_id}",
            f"an image of shape {image.shape} and type {image.dtype}",
            "Supply gray or red, green and blue of 8 or 16 bit, or a volume of at least 4 columns that may be int16 or "
            "float32 too.",
        )
    if image.dtype == np.float32 and not np.isfinite(image).all():
        raise DatasetError(f"case {case.case_id}", "values that are not finite", "Supply a number at every voxel.")
    shape = spatial_shape(image.shape)
    if image.min() == image.max():
        raise DatasetError(f"case {case.case_id}", "all its pixels are of one gray level", "Leave it out.")
    for name, mask in (("edit mask", pixels.edit_mask), ("protected mask", pixels.protected_mask)):
        if mask.shape != shape or mask.dtype != np.bool_:
            raise DatasetError(
                f"{name} of case {case.case_id}",
                f"its shape is {mask.shape} and its type {mask.dtype}, the image's shape is {shape}",
                "Supply a bool mask of the image's size.",
            )
    for name, structure in pixels.structures.items():
        if structure.shape != shape or structure.dtype != np.bool_:
            raise DatasetError(
                f"reference mask of {name} of case {case.case_id}",
                f"its shape is {structure.shape} and its type {structure.dtype}, the image's shape is {shape}",
                "Supply a bool mask of the image's size.",
            )
    target = pixels.target
    if target is not None and (axes_of(target.shape) != axes_of(image.shape) or target.dtype != image.dtype):
        kind = axes_in_words([axes_of(image.shape)])
        raise DatasetError(
            f"target of case {case.case_id}, of type {image.dtype} among {kind} as its image is",
            f"an image of shape {target.shape} and type {target.dtype}",
            "Supply it in the type of the image.",
        )
    return pixels


@dataclass(frozen=True)
class PixelDigests:
    """What the pixels of a case are known by: the sha256 (hex) of its image, and one of its image and both masks.

    ``size`` and ``target`` are the shapes of its image and of its target, if it has one.
    """

    image: str
    masked: str
    size: tuple[int, ...] = ()
    target: tuple[int, ...] = ()


def pixel_digests(case: Case) -> PixelDigests:
    """The digests of a case's pixels, which is decoded and checked."""
    pixels = decoded_case(case)
    image, *masks = (pixel_digest(array) for array in (pixels.image, pixels.edit_mask, pixels.protected_mask))
    target = () if pixels.target is None else pixels.target.shape
    return PixelDigests(image, digest_of([image, *masks]), pixels.image.shape, target)


def check_target(case_id: str, size: tuple[int, ...], target: tuple[int, ...], output: OutputGeometry) -> None:
    """Refuse a target that has not the shape of the edits that are asked for.

    Raises
    ------
    DatasetError
    """
    if target and tuple(target) != (wanted_shape := output.of(size)):
        wanted = "x".join(map(str, wanted_shape))
        asked = f"target of case {case_id}, {wanted} as its edits are to be (output {output})"
        found = "x".join(map(str, target))
        raise DatasetError(
            asked, f"it is {found}", "Declare the output geometry, or bring targets in that of the edits."
        )


def check_copies(dataset: Dataset, digests: Mapping[str, PixelDigests]) -> None:
    """Refuse a cohort in which one radiograph is two cases.

    One radiograph under thirty names is one observation, not thirty. Two cases of one patient may share an image where
    their masks differ, since these are two tasks; cases of two patients may not.

    Parameters
    ----------
    digests : mapping of str to PixelDigests
        By case id, of every case.

    Raises
    ------
    DatasetError
    """
    first: dict[str, Case] = {}
    copies: list[tuple[Case, Case]] = []
    for case in dataset:
        found = digests[case.case_id]
        of_image, of_task = first.setdefault(found.image, case), first.setdefault(found.masked, case)
        if of_image.patient_id != case.patient_id:
            copies.append((of_image, case))
        elif of_task is not case:
            copies.append((of_task, case))
    if not copies:
        return
    strangers = [pair for pair in copies if pair[0].patient_id != pair[1].patient_id]
    one, other = (strangers or copies)[0]
    whose = f"of patients {one.patient_id} and {other.patient_id}" if strangers else f"of patient {one.patient_id}"
    raise DatasetError(
        f"cohort {dataset.card.name}, each radiograph once",
        f"{len(copies)} of {len(dataset)} cases have the pixels of an earlier one, e.g. {one.case_id} and "
        f"{other.case_id} {whose}",
        "Keep one of each: `editproof dataset index SPEC --out FILE` lists them, and `index=FILE` leaves them out.",
    )


def check_regions(dataset: Dataset, asked_by: Mapping[str, str]) -> None:
    """Refuse a cohort that has no pixel of a required region in any case.

    Parameters
    ----------
    dataset : Dataset
        Cases are decoded until every region was found.
    asked_by : mapping of str to str
        Who requires it, by region of :mod:`editproof.imaging.region` (without the whole image).

    Raises
    ------
    DatasetError
    """
    unseen = dict(asked_by)
    for case in dataset if unseen else ():
        for region in regions_in(case) & unseen.keys():
            del unseen[region]
        if not unseen:
            return
    for region, who in unseen.items():
        found = f"{_ABSENT[region]} in all {len(dataset)} cases"
        raise DatasetError(f"pixels of the cohort {dataset.card.name} for {who}", found, _DRAW)


def check_ranges(references: Mapping[str, Mapping[str, float]], ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse a reference standard outside the range that a study declares for its quantity.

    Parameters
    ----------
    references : mapping of str to mapping of str to float
        Reference standard of each case by quantity, by id of the case.
    ranges : mapping of str to tuple of float
        Least and greatest value by quantity.

    Raises
    ------
    DatasetError
    """
    for case_id, reference in references.items() if ranges else ():
        for name, (least, most) in ranges.items():
            value = reference.get(name, least)
            if not least <= value <= most:
                found = f"{brief(value)}, and the study declares a range from {brief(least)} to {brief(most)}"
                advice = "Mend the range in the study file, or the cohort."
                raise DatasetError(f"{name} of case {case_id}", found, advice)


def regions_in(case: Case) -> set[str]:
    """Names of the regions that have a pixel in a case, which is decoded and checked."""
    pixels = decoded_case(case)
    return set(regions(pixels.edit_mask, pixels.protected_mask))


def notes_on_regions(lacking: Mapping[str, int], n: int) -> list[str]:
    """Warnings on cases in which there is nothing to edit, or nothing to protect.

    Parameters
    ----------
    lacking : mapping of str to int
        How many of ``n`` cases lack a region, by region.
    """
    return [f"In {count} of {n} cases {_ABSENT[region]}." for region, count in sorted(lacking.items()) if count]
