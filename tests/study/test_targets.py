"""Targets: what an ideal edit would give, brought by a cohort, measured, read, and held against in claims."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
from editproof import Criterion, at_least, at_most
from editproof.criteria import against_target, local_change, mae_drift, prediction_change, psnr, ssim, target_gain
from editproof.criteria.conformance import floor_verdicts
from editproof.criteria.controls import verdict_on_control
from editproof.criteria.flawless import flawless
from editproof.criteria.reach import beyond_reach
from editproof.criteria.rehearsal import drawn
from editproof.datasets.cohort import Cohort
from editproof.datasets.degraded import Degradation, degraded
from editproof.datasets.registry import dataset_from_spec
from editproof.errors import DatasetError, ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, TARGET
from editproof.study.bench import Bench
from editproof.study.plan import Plan
from editproof.types import Case, DatasetCard, InstrumentCard, Pixels, Quantity
from hypothesis import given, settings
from hypothesis import strategies as st

SHAPE = (40, 32)


def clean_pixels(seed: int) -> Pixels:
    """A bright square on a dark ground, with a fine bright line in it."""
    image = np.full(SHAPE, 40, np.uint8)
    image[8:32, 6:26] = 120 + seed % 20
    image[20, 8:24] = 170
    hand = np.zeros(SHAPE, bool)
    hand[8:32, 6:26] = True
    return Pixels(image, ~hand, hand)


def a_case(seed: int) -> Case:
    name = f"C{seed:03d}"
    return Case(name, name, partial(clean_pixels, seed), f"clean {seed}", {"mean": 0.0}, {}, (0.2, 0.2))


CLEAN = Cohort(DatasetCard("squares", "squares", "a test", "none", "d", 8, 8), tuple(map(a_case, range(8))))
NOISY = degraded(CLEAN, Degradation(noise=6.0))


class MeanReader:
    """Reads the mean gray level."""

    card = InstrumentCard(
        "mean-reader", "", (Quantity("mean", "levels"),), 1, {"w": "0"}, "", "", floors={"mean": {"mae_at_most": 130.0}}
    )

    def predict(self, images, references):
        return {"mean": np.array([[float(image.mean()) for image in images]])}


def denoise(request):
    """Smooth, and keep the edges."""
    return cv2.bilateralFilter(request.image, 5, 40, 2)


def smear(request):
    """Gains PSNR, and loses the line."""
    return cv2.medianBlur(request.image, 5)


def keep(request):
    """Change nothing."""
    return request.image.copy()


def denoiser():
    return denoise


def smearer():
    return smear


def keeper():
    return keep


def measured(tmp_path, tool=denoiser, cohort=NOISY):
    return Bench(tool, (MeanReader,), tmp_path, Plan("Remove the noise.", repeats=2)).measured(cohort)


def test_degraded_copies_have_their_originals_as_targets_and_say_so():
    case = NOISY[0]
    found, clean = case.decode(), CLEAN[0].decode()
    assert (found.target == clean.image).all()
    assert found.edit_mask.all()
    assert (found.protected_mask == clean.protected_mask).all()
    assert np.std(found.image.astype(float) - clean.image) == pytest.approx(0.06 * 255, rel=0.1)
    assert (found.image == case.decode().image).all(), "the noise of a case is its own, and the same each time"
    assert "degraded copies (noise=6)" in NOISY.card.warnings[-1]
    assert case.digest != CLEAN[0].digest != degraded(CLEAN, Degradation(noise=5.0))[0].digest
    with pytest.raises(DatasetError, match="the case has a target already"):
        degraded(NOISY, Degradation(blur=1.0))[0].decode()


@given(height=st.integers(4, 30), width=st.integers(4, 30), factor=st.integers(2, 4))
@settings(max_examples=20, deadline=None)
def test_a_reduction_divides_its_target(height, width, factor):
    pixels = Pixels(
        np.arange(height * width, dtype=np.uint16).reshape(height, width), *np.ones((2, height, width), bool)
    )
    case = replace(CLEAN[0], decode=lambda: pixels)
    found = degraded(replace(CLEAN, cases=(case,)), Degradation(reduce=factor))[0]
    small = found.decode()
    assert small.target.shape == tuple(factor * side for side in small.image.shape)
    assert small.image.shape == (height // factor, width // factor) == small.protected_mask.shape
    assert found.spacing_mm == pytest.approx((0.2 * factor, 0.2 * factor))
    blocks = small.target.reshape(small.image.shape[0], factor, small.image.shape[1], factor).mean(axis=(1, 3))
    assert np.abs(small.image - blocks).max() <= 0.51


def test_the_target_is_read_and_originals_edits_and_targets_are_held_against_it(tmp_path):
    table = measured(tmp_path)
    truth = [float(case.decode().image.mean()) for case in CLEAN]
    assert table.matrix("mean", TARGET)[:, 0] == pytest.approx(truth)
    assert (table.matrix("psnr_to_target:protected", TARGET, "image") == 100.0).all()
    before, after = (table.matrix("psnr_to_target:whole", arm, "image").mean() for arm in (ORIGINAL, EDITED))
    assert 20 < before < after - 2
    gain = target_gain("psnr", region="whole", cap=20.0).estimate(table)
    assert gain.value == pytest.approx(after - before)
    assert gain.notes["original"] == pytest.approx(before)
    change = against_target(prediction_change("mean", cap=10.0)).estimate(table)
    expected = np.abs(table.matrix("mean") - table.matrix("mean", TARGET)).mean()
    assert change.value == pytest.approx(expected)


def test_a_smoother_gains_psnr_and_is_found_out_by_its_worst_patch(tmp_path):
    honest, smeared = (measured(tmp_path / tool.__name__, tool) for tool in (denoiser, smearer))
    gain, lost = target_gain("psnr", region="whole", cap=20.0), target_gain("worst_patch", cap=1.0)
    assert gain.estimate(smeared).value > 1.0
    assert lost.estimate(smeared).value < lost.estimate(honest).value


def test_doing_nothing_is_no_gain_and_the_harmless_control_is_the_target(tmp_path):
    table = replace(measured(tmp_path, keeper), editor="identity")
    claims = [
        Criterion("G", target_gain("psnr", cap=2.0), at_least(1.0), source="a test", confidence=0.75),
        Criterion("S", against_target(ssim()), at_least(0.8), source="a test", confidence=0.75),
        Criterion("L", against_target(local_change()), at_most(0.5), source="a test", confidence=0.75),
    ]
    assert target_gain("psnr", cap=2.0).estimate(table).value == 0.0
    for claim in claims:
        assert verdict_on_control(claim, table)
        assert not verdict_on_control(claim, replace(table, editor="destructive"))
    assert not [*beyond_reach([(claim, "all") for claim in claims], table)]
    assert (flawless(claims[0], table).matrix("mean") == table.matrix("mean", TARGET)).all()
    other = Criterion("M", mae_drift("mean", cap=5.0, unit="levels"), at_most(4.0), source="a test")
    assert flawless(other, table) is table


def test_floors_ask_for_the_targets_where_every_case_has_one(tmp_path):
    table = measured(tmp_path)
    [verdict] = floor_verdicts(MeanReader.card, table)
    assert "on the targets" in verdict.criterion.sentence
    assert verdict.estimate.value == pytest.approx(table.matrix("mean", TARGET).mean())
    mixed = replace(table, rows=table.rows[(table.rows["arm"] != TARGET) | (table.rows["case"] != "C000")])
    [verdict] = floor_verdicts(MeanReader.card, mixed)
    assert "on the originals" in verdict.criterion.sentence


CLAIMS = [
    target_gain("psnr", cap=10.0), target_gain("mean_abs_change", cap=0.1), against_target(ssim()),
    against_target(psnr()), against_target(local_change()), against_target(prediction_change("mean", cap=10.0)),
]  # fmt: skip


@pytest.mark.parametrize("made", CLAIMS, ids=repr)
def test_cases_without_a_target_are_left_out_and_none_with_one_leaves_a_claim_open(tmp_path, made):
    half = Cohort(NOISY.card, (*NOISY.cases[:4], *CLEAN.cases[4:]))
    assert made.estimate(measured(tmp_path / "half", cohort=half)).n_patients == 4
    found = made.estimate(measured(tmp_path / "none", cohort=CLEAN))
    assert found.value is None
    assert found.reason == "no case has a target image, which this claim needs; bring targets with the cohort"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: against_target(against_target(ssim())), "against a target already"),
        (lambda: against_target(prediction_change("mean")), "it has no cap"),
        (lambda: against_target(ssim(arm="paste_back")), "holds no reading of edits against the original"),
        (lambda: target_gain("ks_distance", cap=1.0), "there are psnr, ssim"),
        (lambda: target_gain("psnr", cap=-1.0), "no positive number"),
    ],
)
def test_what_cannot_be_held_against_a_target_is_refused(made, words):
    with pytest.raises(ProtocolError, match=words):
        made()


def test_a_target_of_another_type_is_refused():
    from editproof.datasets.checks import decoded_case

    pixels = replace(clean_pixels(0), target=np.zeros(SHAPE, np.uint16))
    with pytest.raises(DatasetError, match="target of case C000, of type uint8 among gray images"):
        decoded_case(replace(CLEAN[0], decode=lambda: pixels))


def test_a_folder_brings_targets_by_name_or_by_column(tmp_path):
    for sub, names in (("", "ab"), ("targets", "a"), ("ideal", "b")):
        (tmp_path / sub).mkdir(exist_ok=True)
        for name in names:
            pixels = NOISY[0].decode() if not sub else CLEAN[0].decode()
            cv2.imwrite(str(tmp_path / sub / f"{name}.png"), pixels.image)
    (tmp_path / "manifest.csv").write_text("case_id,image,target\na,a.png,\nb,b.png,ideal/b.png\n")
    first, second = dataset_from_spec(f"folder:{tmp_path}?masks=files")
    assert (first.decode().target == CLEAN[0].decode().image).all()
    assert (second.decode().target == CLEAN[0].decode().image).all()
    assert first.decode().edit_mask.all()
    assert first.decode().protected_mask.all()
    before = first.digest
    cv2.imwrite(str(tmp_path / "targets" / "a.png"), NOISY[1].decode().image)
    assert dataset_from_spec(f"folder:{tmp_path}?masks=files")[0].digest != before, "the digest covers the target"
    (tmp_path / "manifest.csv").write_text("case_id,image,target\na,a.png,gone.png\n")
    with pytest.raises(DatasetError, match=r"target of case a: .*gone.png does not exist"):
        dataset_from_spec(f"folder:{tmp_path}?masks=files")


def test_edits_that_did_not_come_back_are_at_their_worst():
    made = target_gain("psnr", cap=10.0)
    whole = drawn(made, lost=0.0, harm=1.0, patients=60)
    torn = drawn(made, lost=0.3, harm=1.0, patients=60)
    assert made.estimate(torn).low < made.estimate(whole).low
