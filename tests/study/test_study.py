"""Measuring: once, as a stream, resumable, and with one clear error where an input is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from editproof.criteria.masks import mask_report
from editproof.editing.edits import Terms
from editproof.editors.adapter import checked
from editproof.editors.registry import editor_from_spec
from editproof.errors import DatasetError, EvidenceError, InstrumentError
from editproof.evidence.measurements import CLASSICAL_FILL, CONVERSION, EDITED, GEOMETRY, ORIGINAL, PASTE_BACK
from editproof.imaging.codec import png
from editproof.study.bench import Bench
from editproof.study.plan import Plan
from editproof.types import Case, DatasetCard, EditorCard, EditOutcome, EditStatus, InstrumentCard, Pixels, Quantity

CALLS: list[str] = []


class Cohort(list):
    card = DatasetCard("cohort", "", "", "", "0", 0, 0)


class Brighten:
    card = EditorCard("brighten", "1", "adds the seed's last digit", deterministic=False)

    def __call__(self, request):
        CALLS.append(request.case_id)
        if request.case_id == "c3" and request.repeat == 1:
            return EditOutcome.failure(EditStatus.FAILED, "no luck")
        return EditOutcome.ok((request.image + request.seed % 10).astype(request.image.dtype))


class Mean:
    card = InstrumentCard("mean", "", (Quantity("brightness", "levels"),), 2, {"w": "0"}, "", "")
    bad = False

    def predict(self, images, references):
        CALLS.append(f"read {len(images)}")
        means = np.array([[image.mean() for image in images]] * 2)
        return {"brightness": means * (np.nan if self.bad else 1)}


def drawn(value, dtype="uint8", mask_shape=(12, 10)):
    image = np.full((12, 10), value, dtype)
    image[0, 0] += 1
    mask = np.zeros(mask_shape, bool)
    mask[:2, :3] = True
    return Pixels(image, mask, ~mask)


def cohort(n=6, **options):
    return Cohort(
        Case(f"c{i}", f"p{i}", partial(drawn, 20 * i, **options), f"digest{i}", {"brightness": 20.0 * i})
        for i in range(n)
    )


@pytest.fixture
def bench(tmp_path):
    CALLS.clear()
    return Bench(partial(checked, Brighten()), (Mean,), tmp_path / "store", Plan(repeats=2))


def test_every_arm_is_read(bench):
    measured = bench.measured(cohort())
    assert measured.matrix("brightness", ORIGINAL)[:, 0] == pytest.approx(np.arange(0, 120, 20) + 1 / 120)
    change = measured.matrix("brightness") - measured.matrix("brightness", ORIGINAL)
    pasted = measured.matrix("brightness", PASTE_BACK) - measured.matrix("brightness", ORIGINAL)
    assert pasted[0] == pytest.approx(change[0] * 6 / 120), "only the six masked pixels keep the edit"
    assert measured.unit("brightness") == "levels"


class Darkens(Mean):
    def predict(self, images, references):
        for image in images:
            image[:] = 0
        return super().predict(images, references)


def test_an_instrument_cannot_write_to_what_others_are_given(bench):
    with pytest.raises(InstrumentError, match="read-only") as caught:
        Bench(bench.editor, (Darkens, Mean), bench.store_root, bench.plan).measured(cohort())
    assert "\n" not in str(caught.value)
    assert CALLS == [], "noticed before the first edit"


def test_arms_that_ask_no_tool_are_read_once_a_case(bench):
    tool = Brighten()
    tool.card = replace(tool.card, geometry="squash:5", conversion="8bit")
    measured = Bench(partial(checked, tool), (Mean,), bench.store_root, bench.plan).measured(cohort())
    for arm in (GEOMETRY, CONVERSION, CLASSICAL_FILL):
        assert measured.matrix("brightness", arm) == pytest.approx(measured.matrix("brightness", ORIGINAL), abs=0.1), (
            arm
        )
    reads = sum(int(call.split()[1]) for call in CALLS if call.startswith("read"))
    assert reads <= 6 * (2 + 3 * 2), "geometry and conversion give flat originals back, which are not read again"


def reported(bench):
    return mask_report(bench.made_editor.card.name, bench.mask_trials())


def test_a_mask_is_probed_once_and_within_the_limits(bench):
    report = reported(bench)
    assert report.finding == "unchanged", (
        "it brightens by the seed's last digit, 1, which is less than a lossy file may move a pixel"
    )
    assert len(CALLS) == 5
    assert reported(bench) == report
    assert len(CALLS) == 5, "the second report is read from the store"
    poor = reported(Bench(bench.editor, (Mean,), bench.store_root / "poor", bench.plan, Terms(max_edits=3)))
    assert [trial.status for trial in poor.trials] == ["ok", "ok", "ok", "not_asked", "not_asked"]
    none = reported(Bench(bench.editor, (Mean,), bench.store_root / "none", bench.plan, Terms(max_edits=0)))
    assert none.finding == "not known"
    assert "--max-edits 0" in none.because
    shy = reported(Bench(bench.editor, (Mean,), bench.store_root / "shy", bench.plan, Terms(mode="reuse")))
    assert "nothing may be asked for" in shy.because
    assert len(CALLS) == 8


def test_edits_made_elsewhere_are_not_probed(bench, tmp_path):
    (tmp_path / "c0.png").write_bytes(png(np.zeros((12, 10), np.uint8)))
    elsewhere = partial(editor_from_spec, f"paste-back+folder:{tmp_path}")
    report = reported(Bench(elsewhere, (Mean,), bench.store_root, bench.plan))
    assert (report.finding, report.trials) == ("not known", ())
    assert "made elsewhere" in report.because


def test_what_stands_is_not_done_again_but_failures_are(bench):
    bench.measured(cohort())
    CALLS.clear()
    again = bench.measured(cohort())
    assert CALLS == ["c3"], "the failed edit alone is tried again"
    assert again.n_missing == 1
    assert np.isnan(again.matrix("brightness", EDITED)[3, 1])


def test_another_tool_version_is_measured_anew(bench, tmp_path):
    bench.measured(cohort())
    CALLS.clear()
    tool = Brighten()
    tool.card = EditorCard("brighten", "2", "adds the seed's last digit", deterministic=False)
    Bench(partial(checked, tool), (Mean,), bench.store_root, bench.plan).measured(cohort())
    assert len([call for call in CALLS if call.startswith("c")]) == 12


class Darken(Brighten):
    card = EditorCard("darken", "1", "takes 3 off", deterministic=True)

    def __call__(self, request):
        CALLS.append(request.case_id)
        return EditOutcome.ok((request.image - np.minimum(request.image, 3)).astype(request.image.dtype))


def test_deterministic_tools_are_asked_twice_about_some_cases_and_then_once_a_case(bench):
    measured = Bench(partial(checked, Darken()), (Mean,), bench.store_root, bench.plan).measured(cohort(8))
    calls = Counter(call for call in CALLS if call.startswith("c"))
    assert sorted(calls.values()) == [1, 1, 1, 3, 3, 3, 3, 3], "five of them twice for the check"
    assert measured.deterministic
    assert measured.n_copied == 0


def test_sixteen_bits_go_through(bench):
    levels = [1_000 * i + 1 for i in range(6)]
    cases = [
        replace(case, decode=partial(drawn, level, "uint16")) for case, level in zip(cohort(), levels, strict=True)
    ]
    measured = bench.measured(Cohort(cases))
    assert measured.matrix("brightness", ORIGINAL)[:, 0] == pytest.approx(np.add(levels, 1 / 120))
    seeds = [[bench.plan.request(case, case.decode(), repeat).seed % 10 for repeat in range(2)] for case in cases]
    added = measured.matrix("brightness") - measured.matrix("brightness", ORIGINAL)
    assert added[:3] == pytest.approx(np.array(seeds, float)[:3]), "to the very level, none of 256"


def test_a_mask_of_another_size_is_named(bench):
    with pytest.raises(
        DatasetError,
        match=r"edit mask of case c0: its shape is \(8, 10\) and its type bool, the image's shape is \(12, 10\)",
    ):
        bench.measured(cohort(mask_shape=(8, 10)))


def test_no_case_and_no_id_twice(bench):
    with pytest.raises(DatasetError, match="it holds no case"):
        bench.measured(Cohort())
    with pytest.raises(DatasetError, match="1 case ids belong to more than one case: c0"):
        bench.measured(Cohort([*cohort(2), *cohort(1)]))


def test_an_image_of_a_shape_that_no_image_has_is_named(bench):
    odd = Cohort([Case("c0", "p0", lambda: Pixels(*[np.zeros((2, 4, 4, 3), np.uint8)] * 3), "d", {})])
    with pytest.raises(DatasetError, match="an image of shape"):
        bench.measured(odd)


def test_an_instrument_that_reads_nan_is_named(bench, monkeypatch):
    monkeypatch.setattr(Mean, "bad", True)
    with pytest.raises(InstrumentError, match="brightness of case c0 by mean"):
        bench.measured(cohort())


def test_a_damaged_edit_in_the_store_is_named(bench):
    bench.measured(cohort(1))
    for record in (bench.store_root / "cases").rglob("*.json"):
        record.unlink()
    image = next((bench.store_root / "edits").rglob("*.png"))
    image.write_bytes(image.read_bytes()[:-20])
    with pytest.raises(EvidenceError, match=image.name):
        bench.measured(cohort(1))
