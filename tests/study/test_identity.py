"""What tells one study from another: every field of a card and of a case, and every file of an instrument."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import MISSING, fields, replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from editproof.audit.findings import protocol_of
from editproof.datasets.cases import BY_DIGEST, case_in_digest, digest_of_case, digest_of_cases
from editproof.errors import DatasetError, InstrumentError
from editproof.evidence.measurements import EDITED, IMAGE
from editproof.evidence.protocol import FLOORS, FOR_READERS, departures, instrument_in_protocol, lock_of, locked
from editproof.instruments.files import file_sha256
from editproof.instruments.registry import instrument_from_spec
from editproof.study.bench import Bench
from editproof.study.plan import Plan
from editproof.types import Case, InstrumentCard, MaskOutput, Pixels, Quantity, RawOutput

CARD = InstrumentCard(
    "finder", "finds", (Quantity("age", "months"),), 1, {"a.onnx": "0"}, "MIT", "none",
    masks=(MaskOutput("bones", {"1": "carpals"}),), raw_outputs=(RawOutput("lesions", "boxes", ("nodule",)),),
)  # fmt: skip
OTHER = {
    "name": "another", "description": "seeks", "quantities": (Quantity("volume", "ml"),), "members": 2,
    "sha256": {"a.onnx": "1"}, "licence": "CC0", "training_data": "some", "covariates": ("sex",),
    "preprocessing": {"size": 8}, "performance": {"age": 1.0}, "floors": {"age": {"mae_at_most": 8.0}},
    "limitations": ("few",), "reading": {"runtime": "onnx"}, "sends_data_to": "reads.example",
    "absent_arms": ("original",), "masks": (), "axes": ("ZYX",), "raw_outputs": (),
}  # fmt: skip
"""Another value of every field of a card of an instrument."""
PARTS = {
    "quantities": (Quantity, {"name": "weight", "unit": "years", "kind": "probability"}),
    "masks": (MaskOutput, {"name": "hand", "labels": {"1": "radius"}}),
    "raw_outputs": (
        RawOutput,
        {"name": "spots", "kind": "points", "labels": ("mass",), "settings": {"match": "centre"}},
    ),
}
"""By field of a card that holds parts, what they are, and another value of every field of those."""


@pytest.mark.parametrize("name", [entry.name for entry in fields(InstrumentCard)])
def test_every_field_of_a_card_tells_an_instrument_but_those_for_readers(name):
    assert OTHER[name] != getattr(CARD, name)
    changed = replace(CARD, **{name: OTHER[name]})
    same = instrument_in_protocol(changed) == instrument_in_protocol(CARD)
    assert same == (name in {*FOR_READERS, FLOORS})


@pytest.mark.parametrize("field", PARTS)
def test_every_field_of_what_a_card_declares_tells_an_instrument(field):
    kind, others = PARTS[field]
    assert set(others) == {entry.name for entry in fields(kind)}
    (part,) = getattr(CARD, field)
    for name, value in others.items():
        assert value != getattr(part, name)
        changed = replace(CARD, **{field: (replace(part, **{name: value}),)})
        assert instrument_in_protocol(changed) != instrument_in_protocol(CARD), name


def test_what_a_card_leaves_empty_does_not_tell_an_instrument():
    told = instrument_in_protocol(replace(CARD, masks=(), raw_outputs=(), quantities=CARD.quantities))
    assert set(told) == {"name", "quantities", "members", "sha256", "axes"}


def pixels(seed: int) -> Pixels:
    """A bright square of four pixels, which the tool below leaves smaller, and a marker."""
    image = np.full((24, 24), 40 + seed, np.uint8)
    image[12:16, 6:10] = 200
    marker = np.zeros(image.shape, bool)
    marker[1:4, 1:4] = True
    image[marker] = 250
    return Pixels(image, marker, ~marker)


CASES = [
    Case(f"C{seed}", f"P{seed}", partial(pixels, seed), f"{seed}", {}, annotations={"boxes": [[6, 12, 4, 4, "nodule"]]})
    for seed in range(2)
]


def shrinks(request):
    """Leave two of four rows and columns of the square."""
    image = request.image.copy()
    image[request.edit_mask] = 40
    image[12:16, 6:10] = 40
    image[13:15, 7:9] = 200
    return image


class Finder:
    """Draws a box about the bright square."""

    def __init__(self, settings) -> None:
        outputs = (RawOutput("lesions", "boxes", ("nodule",), dict(settings)),)
        self.card = InstrumentCard("finder", "finds", (), 1, {}, "MIT", "none", raw_outputs=outputs)

    def predict(self, images, references):
        found = []
        for image in images:
            places = np.argwhere(image == 200)
            (top, left), (bottom, right) = places.min(axis=0), places.max(axis=0) + 1
            found.append([[left, top, right - left, bottom - top, 0.9, "nodule"]])
        return {"lesions": found}


def bench(folder, settings=(), made=Finder) -> Bench:
    return Bench(partial(_tool), (partial(made, settings),), folder, Plan(repeats=1))


def _tool():
    return shrinks


def found(table, against="reference") -> set[float]:
    return set(table.matrix(f"boxes_found_to_{against}:nodule", EDITED, IMAGE).ravel().tolist())


def test_boxes_matched_by_another_rule_are_measured_anew(tmp_path):
    by_centre, by_overlap = (("match", "centre"),), (("match", "iou"), ("iou", 0.5))
    assert found(bench(tmp_path, by_centre).measured(CASES)) == {1.0}
    assert found(bench(tmp_path, by_overlap).measured(CASES)) == {0.0}
    assert found(bench(tmp_path, by_centre).measured(CASES)) == {1.0}


def test_another_reference_is_measured_anew_and_another_group_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(Finder, "predict", counted := Counted(Finder.predict))
    assert found(bench(tmp_path).measured(CASES)) == {0.0}
    asked = counted.times
    grouped = [replace(case, patient_id="P", strata={"side": "left"}) for case in CASES]
    assert found(bench(tmp_path).measured(grouped)) == {0.0}
    elsewhere = [replace(case, annotations={"boxes": [[7, 13, 2, 2, "nodule"]]}) for case in CASES]
    assert found(bench(tmp_path).measured(elsewhere)) == {1.0}
    assert counted.times == asked, "images that were read are not read again"


class Counted:
    """A method that counts how often it is called."""

    def __init__(self, method) -> None:
        self.method, self.times = method, 0

    def __get__(self, owner, kind):
        def call(*given):
            self.times += 1
            return self.method(owner, *given)

        return call


OF_CASE = {
    "case_id": "C9", "patient_id": "P9", "digest": "9", "reference": {"age": 9.0}, "strata": {"sex": "F"},
    "spacing_mm": (0.5, 0.5), "prompt": "remove it", "parameters": {"strength": 1}, "annotations": {"boxes": []},
}  # fmt: skip
"""Another value of every field of a case that its digest does not stand for."""
PLAIN = Case("C1", "P1", partial(pixels, 1), "1", {})


@pytest.mark.parametrize("name", [entry.name for entry in fields(Case) if entry.name != BY_DIGEST])
def test_every_field_of_a_case_is_in_the_digest_of_a_cohort(name):
    assert OF_CASE[name] != getattr(PLAIN, name)
    other = replace(PLAIN, **{name: OF_CASE[name]})
    assert digest_of_cases([other]) != digest_of_cases([PLAIN])
    assert digest_of_case(other) != digest_of_case(PLAIN)
    assert digest_of_case(other, apart=[name]) == digest_of_case(PLAIN, apart=[name])


def test_fields_as_they_are_by_default_leave_the_digest_as_it_was():
    assert digest_of_cases([PLAIN]) == "30279964b0ab58d242ef6c6e061f4b824aeddb1d8da6bb2cdd067b2c12e0a0de"
    optional = [entry.name for entry in fields(Case) if entry.default_factory is not MISSING or entry.default is None]
    assert not set(case_in_digest(PLAIN)) & set(optional)


def test_arrays_count_as_the_numbers_in_them_and_what_is_no_data_is_one_error():
    as_lists = replace(PLAIN, annotations={"boxes": [[3, 3, 4, 4]], "points": {"apex": [1.5, float("nan")]}})
    as_arrays = replace(
        PLAIN, annotations={"boxes": np.array([[3, 3, 4, 4]]), "points": {"apex": [np.float64(1.5), np.nan]}}
    )
    assert digest_of_cases([as_arrays]) == digest_of_cases([as_lists])
    with pytest.raises(DatasetError, match="annotations of case C1"):
        digest_of_cases([replace(PLAIN, annotations={"boxes": object()})])


def test_a_card_that_is_changed_after_the_lock_is_a_departure():
    def protocol(settings):
        card = Finder(settings).card
        return protocol_of(
            SimpleNamespace(terms={"plan": {}, "metrics": "1"}, tools=(), instruments=(card,), dataset=PLAIN)
        )

    before, after = protocol({"match": "iou"}), protocol({"match": "centre"})
    lock = lock_of(json.loads(locked(before, {}, "2026-01-01T00:00:00+00:00")))
    assert departures(lock, before, "2026-01-02T00:00:00+00:00") == ()
    (told,) = departures(lock, after, "2026-01-02T00:00:00+00:00")
    assert told.startswith("instruments.finder.raw_outputs")


FILES = {
    "inst.py": """
from editproof.types import InstrumentCard, Quantity
import helper_of_w
class Reader:
    card = InstrumentCard("reader", "reads", (Quantity("gray", "level"),), 1, {}, "MIT", "none")
    def __init__(self): self.shift = 0
    def predict(self, images, references): return {"gray": [[helper_of_w.gray(image) for image in images]]}
def reader(): return Reader()
def shifted():
    made = Reader()
    made.shift = 1
    return made
""",
    "helper_of_w.py": "import deeper_of_w\ndef gray(image): return image.mean() + deeper_of_w.SHIFT\n",
    "deeper_of_w.py": "SHIFT = 0\n",
    "unused.py": "SHIFT = 0\n",
}


def _card_in(folder, monkeypatch, spec="inst.py:reader", **changed):
    folder.mkdir(exist_ok=True)
    for name, text in {**FILES, **changed}.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    for name in ("inst", "helper_of_w", "deeper_of_w"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return instrument_from_spec(os.fspath(folder / spec), trusted=True).card.sha256


@pytest.mark.parametrize("name", ["inst.py", "helper_of_w.py", "deeper_of_w.py"])
def test_every_file_that_an_instrument_imports_tells_it(tmp_path, monkeypatch, name):
    before = _card_in(tmp_path / "a", monkeypatch)
    assert _card_in(tmp_path / "b", monkeypatch) == before
    assert _card_in(tmp_path / "c", monkeypatch, **{"unused.py": "SHIFT = 1\n"}) == before
    assert _card_in(tmp_path / "d", monkeypatch, **{name: FILES[name] + "OTHER = 1\n"}) != before
    assert _card_in(tmp_path / "a", monkeypatch, "inst.py:shifted") != before


def test_an_instrument_whose_file_was_changed_after_it_was_loaded_is_refused(tmp_path, monkeypatch):
    _card_in(tmp_path / "a", monkeypatch)
    import helper_of_w

    (tmp_path / "a" / "helper_of_w.py").write_text("def gray(image): return 1.0\n")
    assert helper_of_w
    with pytest.raises(InstrumentError, match="changed after it was loaded"):
        instrument_from_spec(os.fspath(tmp_path / "a" / "inst.py:reader"))


def test_every_file_that_the_factory_of_a_card_imports_tells_the_instrument(tmp_path, monkeypatch):
    def digests(folder, **changed):
        _card_in(folder, monkeypatch, **changed)
        told = {
            "name": "reader", "description": "reads", "licence": "MIT", "training_data": "none", "runtime": "python",
            "factory": "inst.py:reader", "inputs": {"as": "images"}, "quantities": [{"name": "gray", "unit": "level"}],
            "sha256": {"inst.py": file_sha256(folder / "inst.py")},
        }  # fmt: skip
        (folder / "card.json").write_text(json.dumps(told))
        return instrument_from_spec(os.fspath(folder / "card.json"), trusted=True).card.sha256

    before = digests(tmp_path / "a")
    assert digests(tmp_path / "b", **{"unused.py": "SHIFT = 1\n"}) == before
    assert digests(tmp_path / "c", **{"deeper_of_w.py": "SHIFT = 1\n"}) != before
