"""The contracts of editors, metrics, estimands and instruments, as checks for the tests of users and of this package.

``check_editor``, ``check_metric``, ``check_estimand`` and ``check_instrument`` raise :class:`AssertionError` where a
contract is broken. ``images``, ``masks``, ``pairs`` and ``tables`` are strategies of hypothesis, to be installed::

    from hypothesis import given
    from editproof.testing import pairs

    @given(pairs())
    def test_my_metric_is_symmetric(pair):
        ...
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.criteria.criterion import Criterion
from editproof.criteria.estimand import APPROXIMATE, FLOW, Estimand
from editproof.criteria.region import at_most
from editproof.criteria.rehearsal import drawn
from editproof.criteria.versions import difference
from editproof.editors.adapter import checked
from editproof.errors import EditproofError
from editproof.evidence.measurements import EDITED, ORIGINAL, POOLED, Measurements, measurements_of
from editproof.evidence.plain import plain
from editproof.imaging.axes import YX, YXC, ZYX
from editproof.imaging.contract import SHAPES, texture, tinted
from editproof.instruments.reading import full_readings
from editproof.metrics import BUILT_IN, OF_IMAGE, OF_MASKS, Metric, Pair, Picture, measured
from editproof.metrics.mask_contract import check_mask_metric
from editproof.metrics.pair_contract import contract_pairs, pairs_of_volumes
from editproof.types import JSON, Editor, EditOutcome, EditRequest, EditStatus, Estimate, Instrument

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from editproof.types import Image, Mask

__all__ = [
    "check_editor", "check_estimand", "check_instrument", "check_metric", "contract_pairs", "contract_requests",
    "images", "masks", "pairs", "tables",
]  # fmt: skip

Numbers = dict[str, tuple[float, str]]

_CAP = 60.0
"""Of an estimand that takes a cap and was given none, as a criterion would declare one."""


def contract_requests(*, sixteen_bit: bool = True, axes: Sequence[str] = (YX,)) -> Iterator[EditRequest]:
    """Requests that any editor must take: even and odd sizes, 8 and 16 bit, a box, nothing and everything to edit.

    Of images of the ``axes`` that it takes: gray, in colour, and volumes.
    """
    if ZYX in axes:
        yield from (EditRequest(pair.original, pair.edit_mask, "", 0, 1, "contract") for pair in pairs_of_volumes())
    for request in _gray_requests(sixteen_bit):
        if YX in axes:
            yield request
        if YXC in axes:
            yield replace(request, image=tinted(request.image))


def _gray_requests(sixteen_bit: bool) -> Iterator[EditRequest]:
    for dtype in (np.uint8, np.uint16) if sixteen_bit else (np.uint8,):
        for shape in SHAPES:
            image = texture(shape, 255 if dtype == np.uint8 else 4095).astype(dtype)
            box = np.zeros(shape, bool)
            box[8:24, 8:32] = True
            yield EditRequest(image, box, "Remove the marker.", 0, 1, "contract")
    for mask in (np.zeros(shape, bool), np.ones(shape, bool)):
        yield EditRequest(texture(shape, 255).astype(np.uint8), mask, "Remove the marker.", 0, 1, "contract")


def check_editor(
    editor: Editor, requests: Sequence[EditRequest] | None = None, *, must_succeed: bool = True
) -> list[EditOutcome]:
    """Check that an editor keeps the contract; call it from a test of your plug-in.

    Parameters
    ----------
    editor : Editor
        As your factory makes it.
    requests : sequence of EditRequest, optional
        What to send; :func:`contract_requests` where not given. Each is sent twice, with another seed and repeat.
    must_succeed : bool
        Whether a request that ends in no edit breaks the contract. Set it to False for a tool that may refuse.

    Returns
    -------
    list of EditOutcome
        One for each request, for further checks.

    Raises
    ------
    AssertionError
        Where the contract is broken, with what was asked and what came.

    Examples
    --------
    >>> from editproof.editors.controls import identity
    >>> len(check_editor(identity()))
    21
    """
    card = checked(editor).card
    _holds(bool(card.name and card.version and card.description and card.mask_semantics), f"the card is blank: {card}")
    _holds(_is_json(plain(card)), "the card is not plain JSON")
    outcomes = []
    sent = contract_requests(axes=checked(editor).service.axes) if requests is None else requests
    for request in sent:
        first = _outcome(editor, request, must_succeed=must_succeed)
        again = EditRequest(
            request.image, request.edit_mask, request.prompt, request.repeat, request.seed + 1, request.case_id
        )
        second = _outcome(editor, again, must_succeed=must_succeed)
        if card.deterministic:
            same = first.status is second.status and (first.image is None or (first.image == second.image).all())
            _holds(bool(same), f"{card.name} says it is deterministic, and two equal requests ended differently")
        outcomes.append(first)
    _holds(checked(editor).card == card, "the card changed while editing")
    return outcomes


def check_metric(metric: Metric, given: Iterable[Pair] | None = None) -> list[Numbers]:
    """Check that a metric keeps the contract; call it from a test of your own metric.

    It declares what it gives, with units; it gives finite numbers and nothing else, on images of 8 and of 16 bits and
    where a region is empty; the same ones each time, alone or after other metrics; it leaves its inputs as they are;
    and where the edit equals the original it gives the value that it declares for that.

    Parameters
    ----------
    metric : Metric
        As ``editproof.metric`` or ``editproof.feature`` makes it.
    given : iterable of Pair, optional
        What to measure; :func:`contract_pairs` where not given. A metric of masks is tried on masks of its own.

    Returns
    -------
    list of dict
        What it gave for each pair (a feature: for each edit), for further checks.

    Raises
    ------
    AssertionError
        Where the contract is broken, with what was asked and what came.

    Examples
    --------
    >>> from editproof.metrics.marker import border_changes
    >>> check_metric(border_changes)[0]
    {'border_change:whole': (0.0, 'of range')}
    """
    try:
        metric.check()
        metric.__reduce__()
    except EditproofError as error:
        raise AssertionError(str(error)) from error
    if metric.of == OF_MASKS:
        return check_mask_metric(metric)
    tried = contract_pairs(metric.axes) if given is None else given
    return [_measured(metric, pair) for pair in tried if pair.axes in metric.axes]


def _limits(estimate: Estimate) -> list[float]:
    """Lower limit, value and upper limit; NaN where there is none."""
    return [math.nan if x is None else float(x) for x in (estimate.low, estimate.value, estimate.high)]


def _measured(metric: Metric, pair: Pair) -> Numbers:
    arrays = (pair.original, pair.edited, pair.edit_mask, pair.protected_mask)
    before = [array.copy() for array in arrays]
    what = f"metric {metric.name}, {arrays[0].dtype} images of shape {arrays[0].shape}"
    busy = Pair.of(*arrays, pair.spacing_mm)
    _ = measured(busy, BUILT_IN), measured(busy.after, BUILT_IN)
    try:
        first, again, later = (metric(_its(metric, of)) for of in (pair, Pair.of(*arrays, pair.spacing_mm), busy))
    except EditproofError as error:
        raise AssertionError(f"{what}: {error}") from error
    kept = all(np.array_equal(array, copy) for array, copy in zip(arrays, before, strict=True))
    _holds(kept, f"{what}: its inputs were changed in place")
    _holds(first == again, f"{what}: measured twice, it gave {first} and {again}")
    _holds(first == later, f"{what}: it gave {first}, and after other metrics {later}")
    if metric.of != OF_IMAGE and np.array_equal(pair.original, pair.edited):
        for output in metric.outputs:
            for value in (first[name][0] for name in output.quantities if name in first):
                alike = output.unchanged is None or math.isclose(value, output.unchanged, rel_tol=1e-9, abs_tol=1e-12)
                words = f"{output.name} is {value} where nothing changed, and declared as {output.unchanged}"
                _holds(alike, f"{what}: {words}")
    return first


def _its(metric: Metric, pair: Pair) -> Pair | Picture:
    return pair.after if metric.of == OF_IMAGE else pair


def check_estimand(estimand: Estimand) -> list[Estimate]:
    """Check that an estimand keeps the contract, on drawn tables; call it from a test of your own.

    It can be made again from its specification and then comes to the same; the order of cases decides nothing; its
    interval holds its value; a version compared with itself does not differ; edits that are lost are noticed.

    Parameters
    ----------
    estimand : Estimand
        As a criterion takes it: ``share_beyond("bone_age")``. It need not be registered.

    Returns
    -------
    list of Estimate
        On tables of one and of three cases a patient, the second with lost edits.

    Raises
    ------
    AssertionError
    """
    _holds(estimand.spec is not None, "a factory marked by @estimand makes it, so that it has a specification")
    if estimand.wants_cap:
        estimand = estimand.capped(_CAP)
    found = []
    for cases_each, lost in ((1, 0.0), (3, 0.05)):
        table = drawn(estimand, seed=cases_each, patients=120, cases_each=cases_each, lost=lost)
        estimate = estimand.estimate(table)
        if lost and estimate.notes.get("level") == APPROXIMATE:
            _holds(not estimate.exists, "without a declared interval, edits that are lost leave it open")
            found.append(estimate)
            continue
        _holds(estimate.exists, f"it comes to a number on drawn readings ({estimate.reason})")
        numbers = _limits(estimate)
        _holds(all(map(math.isfinite, numbers)) and numbers == sorted(numbers), f"its interval holds it: {numbers}")
        turned = _limits(estimand.estimate(replace(table, cases=table.cases[::-1].reset_index(drop=True))))
        _holds(np.allclose(numbers, turned, rtol=1e-9, atol=1e-9), f"the order of cases decides nothing: {turned}")
        _holds(estimate == estimand.estimate(table), "it comes to the same twice")
        _holds(bool(lost) == bool(estimate.n_missing) or estimand.scope == FLOW, "edits that are lost are counted")
        found.append(estimate)
    change, _, _ = difference(Criterion("C", estimand, at_most(1.0), source="a contract"), 1.0, table, table)
    if change.low is not None and change.high is not None:
        _holds(change.low <= 0.0 <= change.high, f"a version does not differ from itself: {change.low, change.high}")
    return found


def check_instrument(instrument: Instrument, given: Sequence[Image] | None = None) -> list[Mapping[str, list[float]]]:
    """Check that an instrument keeps the contract; call it from a test of your own instrument.

    It gives what its card declares, finite, and label maps of each image's own shape; the same each time; those of an
    image by itself whatever other images are read beside it; and it leaves the images as they are.

    Parameters
    ----------
    instrument : Instrument
    given : sequence of ndarray of uint8 or uint16, optional
        Images of shape (H, W) to read; drawn ones of two sizes and types where not given. Every covariate is 1.

    Returns
    -------
    list of dict
        Members' readings by quantity of each image.

    Raises
    ------
    AssertionError
        Where the contract is broken.
    """
    card = instrument.card
    _holds(bool(card.name and (card.quantities or card.masks or card.raw_outputs)), f"the card is blank: {card}")
    _holds(_is_json(plain(card)), "the card is not plain JSON")
    drawn = [
        texture(shape, top).astype(np.uint8 if top < 256 else np.uint16) for shape in SHAPES for top in (255, 4095)
    ]
    drawn = [*(drawn if YX in card.axes else []), *(map(tinted, drawn) if YXC in card.axes else [])]
    images = drawn if given is None else list(given)
    copies, told = [image.copy() for image in images], dict.fromkeys(card.covariates, 1.0)
    try:
        first, again = (full_readings(instrument, "contract", images, told) for _ in range(2))
        alone = [full_readings(instrument, "contract", [image], told)[0] for image in images]
    except EditproofError as error:
        raise AssertionError(str(error)) from error
    _holds(all(map(np.array_equal, images, copies)), f"{card.name}: the images were changed in place")
    for once, twice, apart in zip(first, again, alone, strict=True):
        for name, labels in once.maps.items():
            moved = (labels != twice.maps[name]).sum(), (labels != apart.maps[name]).sum()
            _holds(moved[0] == 0, f"{card.name}: {name}, drawn twice, differs in {moved[0]} pixels")
            _holds(moved[1] <= labels.size // 1000, f"{card.name}: {name} differs in {moved[1]} pixels when alone")
        one, single, same = once.numbers, apart.numbers, (once.numbers, once.outputs) == (twice.numbers, twice.outputs)
        _holds(same, f"{card.name}: read twice, an image gave {one} and {twice.numbers}")
        close = one.keys() == single.keys() and all(np.allclose(one[name], single[name], rtol=1e-4) for name in one)
        _holds(close, f"{card.name}: an image gave {single} alone, and {one} beside others")
    return [reading.numbers for reading in first]


def images(*, dtype: type | None = None, shape: tuple[int, int] = (24, 20)) -> SearchStrategy[Image]:
    """Strategy: images of shape (H, W), of uint8 or uint16 where no type is given."""
    st, arrays = _hypothesis()
    dtypes = [np.uint8, np.uint16] if dtype is None else [dtype]
    found: SearchStrategy[Image] = st.sampled_from(dtypes).flatmap(
        lambda chosen: arrays(chosen, shape, elements=st.integers(0, int(np.iinfo(chosen).max)))
    )
    return found


def masks(*, shape: tuple[int, int] = (24, 20)) -> SearchStrategy[Mask]:
    """Strategy: boolean masks of shape (H, W), empty and full ones among them."""
    st, arrays = _hypothesis()
    found: SearchStrategy[Mask] = st.one_of(
        arrays(bool, shape), st.sampled_from([np.zeros(shape, bool), np.ones(shape, bool)])
    )
    return found


def pairs(*, dtype: type | None = None, shape: tuple[int, int] = (24, 20)) -> SearchStrategy[Pair]:
    """Strategy: an original and an edit of one type, equal ones among them, with masks that do not overlap."""
    st, _ = _hypothesis()

    def drawn(draw: Any) -> Pair:
        original = draw(images(dtype=dtype, shape=shape))
        edited = original.copy() if draw(st.booleans()) else draw(images(dtype=original.dtype.type, shape=shape))
        edit_mask = draw(masks(shape=shape))
        spacing = draw(st.none() | st.tuples(st.floats(0.05, 2.0), st.floats(0.05, 2.0)))
        return Pair.of(original, edited, edit_mask, draw(masks(shape=shape)) & ~edit_mask, spacing)

    found: SearchStrategy[Pair] = st.composite(drawn)()
    return found


def tables(quantity: str = "bone_age", unit: str = "months", *, low: float = 0.0, high: float = 240.0) -> Any:
    """Strategy: :class:`Measurements` of one quantity, with a reference, several cases a patient, lost edits."""
    st, _ = _hypothesis()
    values = st.floats(low, high)

    def drawn(draw: Any) -> Measurements:
        n_cases, n_repeats = draw(st.integers(2, 12)), draw(st.integers(1, 3))
        cases, rows, edits = [], [], []
        for index in range(n_cases):
            case, patient = f"c{index}", f"p{draw(st.integers(0, n_cases - 1))}"
            cases.append({"case": case, "patient": patient, f"reference:{quantity}": draw(values)})
            rows.append((case, ORIGINAL, 0, POOLED, quantity, draw(values), unit))
            for repeat in range(n_repeats):
                status = draw(st.sampled_from([EditStatus.OK, EditStatus.OK, EditStatus.OK, EditStatus.REFUSED]))
                edits.append((case, repeat, status.value, "" if status is EditStatus.OK else "drawn"))
                if status is EditStatus.OK:
                    rows.append((case, EDITED, repeat, POOLED, quantity, draw(values), unit))
        return measurements_of("drawn", cases, rows, edits)

    return st.composite(drawn)()


def _hypothesis() -> tuple[Any, Any]:
    """Its strategies, and its strategy of arrays."""
    try:
        st = importlib.import_module("hypothesis.strategies")
        return st, importlib.import_module("hypothesis.extra.numpy").arrays
    except ImportError as error:
        asked = "a strategy of editproof.testing"
        raise EditproofError(asked, "hypothesis is not installed", "pip install hypothesis") from error


def _outcome(editor: Editor, request: EditRequest, *, must_succeed: bool) -> EditOutcome:
    image, mask = request.image.copy(), request.edit_mask.copy()
    what = f"{image.dtype} image of shape {image.shape}, {mask.sum()} editable pixels"
    try:
        outcome = editor(request)
    except (Exception, SystemExit) as error:
        raise AssertionError(f"{what}: raised {type(error).__name__}: {error}; return EditOutcome.failure") from error
    _holds(isinstance(outcome, EditOutcome), f"{what}: returned {type(outcome).__name__}, not an EditOutcome")
    _holds(bool((request.image == image).all()), f"{what}: the original was changed in place")
    _holds(bool((request.edit_mask == mask).all()), f"{what}: the mask was changed in place")
    json.dumps(dict(outcome.provenance), allow_nan=False)
    if outcome.status is EditStatus.OK:
        found = None if outcome.image is None else (outcome.image.shape, outcome.image.dtype)
        _holds(found == (image.shape, image.dtype), f"{what}: came back as {found}")
        _holds(not isinstance(outcome.image, np.ma.MaskedArray), f"{what}: came back as a masked array")
        _holds(not np.shares_memory(outcome.image, request.image), f"{what}: the edit shares the original's memory")
    else:
        _holds(outcome.image is None, f"{what}: {outcome.status} and yet an image")
        _holds(bool(outcome.message), f"{what}: {outcome.status} without a message")
        _holds(not must_succeed, f"{what}: {outcome.status}: {outcome.message}")
    return outcome


def _is_json(value: JSON) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _holds(condition: bool, words: str) -> None:
    if not condition:
        raise AssertionError(words)
