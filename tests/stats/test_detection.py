"""Free-response curves and average precision against naive counting and scikit-learn, and what their limits owe."""

from __future__ import annotations

import numpy as np
import pytest
from editproof import at_least
from editproof.criteria import (
    average_precision,
    average_precision_drift,
    froc_sensitivity,
    froc_sensitivity_drift,
)
from editproof.criteria.claimed import check_can_fail
from editproof.criteria.criterion import Criterion
from editproof.criteria.estimands import detection as criteria_detection
from editproof.criteria.versions import difference
from editproof.errors import ProtocolError
from editproof.evidence.measurements import measurements_of
from editproof.metrics import detection as metrics_detection
from editproof.metrics.detection import scores_of
from sklearn.metrics import average_precision_score

AT = (0.5, 1.0, 2.0)
COUNTS = {"cap": 12, "lesions": 4}
FROC = froc_sensitivity("n", at=AT, **COUNTS, against="reference")
AP = average_precision("n", **COUNTS, against="reference")
DRIFTS = froc_sensitivity_drift("n", at=AT, **COUNTS), average_precision_drift("n", **COUNTS)
Image = tuple[list[float], list[float]]


def images(seed: int, n: int, digits: int = 6, lost: float = 0.2, invented: float = 1.0) -> list[Image]:
    """Of each image the scores of its lesions, 0 where one is not found, and those of false boxes."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        true = np.where(rng.random(k := rng.integers(0, 4)) < lost, 0.0, np.round(rng.beta(4, 2, k), digits))
        false = np.round(rng.beta(2, 4, rng.poisson(invented)), digits)
        found.append((sorted(true.tolist(), reverse=True), sorted(false[false > 0].tolist(), reverse=True)[:12]))
    return found


def table(original: list[Image], edited: list[Image], gone: frozenset[int] = frozenset()):
    rows = []
    for arm, of in (("original", original), ("edited", edited)):
        for i, (true, false) in enumerate(of):
            if arm == "edited" and i in gone:
                continue
            numbers = {"lesions": float(len(true))}
            numbers |= {f"hit_score_{k}": score for k, score in enumerate(true, 1)}
            numbers |= {f"false_score_{k}": score for k, score in enumerate(false, 1)}
            rows += [
                (f"C{i:03d}", arm, 0, "image", f"{name}_to_reference:n", value, "lesions" if name == "lesions" else "")
                for name, value in numbers.items()
            ]
    cases = [{"case": f"C{i:03d}", "patient": f"C{i:03d}"} for i in range(len(original))]
    edits = [(f"C{i:03d}", 0, "failed" if i in gone else "ok", "") for i in range(len(original))]
    return measurements_of("t", cases, rows, edits)


def naive_froc(of: list[Image], at=AT, cap: int = 12) -> float:
    """At every score as a threshold: lesions found and false boxes an image, counted one by one, none beyond the cap."""
    lesions, best = sum(len(true) for true, _ in of), []
    for rate in at:
        shares = [0.0]
        for level in {score for image in of for side in image for score in side if score > 0}:
            false = sum(score >= level for _, scores in of for score in scores) / len(of)
            if false <= rate and all(sum(score >= level for score in scores) <= cap for _, scores in of):
                shares.append(sum(score >= level for true, _ in of for score in true) / lesions)
        best.append(max(shares))
    return float(np.mean(best))


def naive_precision(of: list[Image]) -> float:
    """The precision over recall, box by box, integrated within each by fine steps."""
    false = np.array([score for _, scores in of for score in scores])
    true = sorted((score for scores, _ in of for score in scores if score > 0), reverse=True)
    found = 0.0
    for place, score in enumerate(true):
        nodes, weights = np.polynomial.legendre.leggauss(40)
        t = place + (nodes + 1) / 2
        found += float((weights / 2 * t / (t + (false >= score).sum())).sum())
    return found / sum(len(scores) for scores, _ in of)


def by_sklearn(of: list[Image]) -> float:
    """Scikit-learn knows nothing of lesions that no box finds: they lower the recall, and so the area."""
    true = [score for image in of for score in image[0] if score > 0]
    false = [score for image in of for score in image[1]]
    found = average_precision_score([1] * len(true) + [0] * len(false), true + false)
    return float(found * len(true) / sum(len(image[0]) for image in of))


@pytest.mark.parametrize("digits", [6, 1])
@pytest.mark.parametrize("seed", range(3))
def test_they_are_what_counting_comes_to_with_ties(seed, digits):
    before, after = images(seed, 40, digits), images(seed + 100, 40, digits, lost=0.4)
    for n, ((true, _), place) in enumerate(zip(before, after, strict=True)):
        place[0][:] = (place[0] + [0.0] * 4)[: len(true)]
        assert len(after[n][0]) == len(true)
    measured = table(before, after)
    for estimand, drift, expected in ((FROC, DRIFTS[0], naive_froc), (AP, DRIFTS[1], naive_precision)):
        assert estimand.estimate(measured).value == pytest.approx(expected(after), abs=1e-9)
        assert drift.estimate(measured).value == pytest.approx(expected(after) - expected(before), abs=1e-9)
        found, _, _ = difference(
            Criterion("A", estimand, at_least(0.5), source="s"), 0.1, measured, table(before, before)
        )
        assert found.value == pytest.approx(expected(after) - expected(before), abs=1e-9)
        assert found.low < found.value < found.high


@pytest.mark.parametrize("n", [10, 40, 160])
def test_average_precision_is_that_of_scikit_learn_up_to_the_step_of_each_box(n):
    """Which takes the precision at the end of each step: more by at most (1 + ln k) / k, with k boxes that find one."""
    of = images(9, n)
    k = sum(score > 0 for true, _ in of for score in true)
    apart = by_sklearn(of) - AP.estimate(table(of, of)).value
    assert 0 < apart < (1 + np.log(k)) / k


def test_hits_of_lower_scores_never_raise_an_average_precision():
    """Found by a statistician: ten hits of 60 lowered from 0.9 to 0.8 raised the lower limit from 0.600 to 0.662."""
    n, original = 60, [([0.9], [])] * 60
    before, after = (
        [([score if i < 10 else 0.8], [0.95] if i >= 40 else []) for i in range(n)] for score in (0.9, 0.8)
    )
    for made in (AP, DRIFTS[1]):
        one, other = (made.estimate(table(original, edits)) for edits in (before, after))
        assert other.value <= one.value
        assert other.low <= one.low
        assert other.high <= one.high


@pytest.mark.parametrize("seed", range(3))
def test_worse_scores_never_make_a_pass_where_scores_tie(seed):
    """True boxes lower, false ones higher or more, among few scores; the registry's own property leaves these out."""
    rng, before = np.random.default_rng(seed), images(seed, 30, digits=1)
    after = [
        (
            [max(0.0, round(score - rng.integers(0, 3) / 10, 1)) for score in true],
            sorted([*(min(1.0, score + 0.1) for score in false), *([0.5] * rng.integers(0, 2))], reverse=True)[:12],
        )
        for true, false in before
    ]
    for made in (FROC, AP, *DRIFTS):
        one, other = (made.estimate(table(before, edits)) for edits in (before, after))
        assert all(worse <= better + 1e-9 for worse, better in ((other.low, one.low), (other.high, one.high)))


def test_without_boxes_or_lesions():
    nothing, all_missed, all_found = [([], [])] * 20, [([0.0], [])] * 20, [([0.9], [])] * 20
    for estimand in (FROC, AP):
        assert "no lesion" in estimand.estimate(table(nothing, nothing)).reason
        assert estimand.estimate(table(all_missed, all_missed)).value == 0.0
        perfect = estimand.estimate(table(all_found, all_found))
        assert perfect.value == perfect.high == 1.0
        assert perfect.low < 0.9, "20 patients show little"
    false = [([0.9], [0.95])] * 20
    assert FROC.estimate(table(false, false)).value == pytest.approx(2 / 3), "one false box an image is above 0.5"
    assert AP.estimate(table(false, false)).value == pytest.approx(1 - np.log(2))


def test_worse_scores_and_lost_edits_never_raise_a_limit():
    calm = images(7, 40)
    base = [made.estimate(table(calm, calm)) for made in (FROC, AP, *DRIFTS)]
    rng = np.random.default_rng(3)
    for gone in (frozenset(), frozenset({2, 5, 9})):
        worse = [
            ([score * (rng.random() > 0.3) for score in true], sorted([*false, 0.99], reverse=True)[:12])
            for true, false in calm
        ]
        for made, before in zip((FROC, AP, *DRIFTS), base, strict=True):
            found = made.estimate(table(calm, worse, gone))
            lost = made.estimate(table(calm, calm, gone))
            assert found.low < before.low
            assert found.high < before.high or before.high == 1.0
            assert lost.low < before.low or not gone


FLOOD = 99
"""False boxes of an image at the highest score, as an editor gets them who paints spots all over it."""


def both(cap: int, at: tuple[float, ...] = (0.5,)):
    """FROC sensitivity and average precision, each with its drift."""
    counts = {"cap": cap, "lesions": 3}
    drifts = froc_sensitivity_drift("n", at=at, **counts), average_precision_drift("n", **counts)
    made = (
        froc_sensitivity("n", at=at, **counts, against="reference"),
        average_precision("n", **counts, against="reference"),
    )
    return zip(made, drifts, strict=True)


def measured_boxes(boxes: list, lesions: list) -> Image:
    true, false = scores_of(boxes, lesions)
    return true, false[: metrics_detection.FALSE_RANKS]


def test_boxes_beyond_the_cap_are_not_hidden_by_it():
    """The definition gives 0 at any number of them that is asked for: 2 of 5 images have 99 at the highest score."""
    lesion = box(0, 1.0)
    calm = measured_boxes([box(0, 0.9), box(40, 0.2)], [lesion])
    flooded = measured_boxes([box(0, 0.9), *(box(10 * k, 1.0) for k in range(1, FLOOD + 1))], [lesion])
    before, after = [calm] * 60, [flooded, flooded, calm, calm, calm] * 12
    for cap, at in ((1, (0.5,)), (2, (1.5,)), (12, (8.0, 11.5))):
        for made, drift in both(cap, at):
            assert made.estimate(table(before, before)).value == 1.0
            found, change = made.estimate(table(before, after)), drift.estimate(table(before, after))
            assert found.value == found.low == 0.0
            assert found.high < 0.2
            assert change.value == -1.0
            assert change.high < 0


def test_false_boxes_beyond_the_cap_count_as_the_definition_counts_them():
    """An outlier costs what is found at and below the score of its first box too many, and nothing above it."""
    calm = [([0.9, 0.5], [0.3])] * 39
    for score, froc, ap in ((0.2, 1.0, 1.0), (0.5, 0.5, 0.5), (0.6, 0.5, 0.5), (0.95, 0.0, 0.0)):
        outlier = ([0.9, 0.5], [score] * 4)
        (made, drift), (mean, loss) = both(3)
        for estimand, change, expected in ((made, drift, froc), (mean, loss, ap)):
            found = estimand.estimate(table([*calm, calm[0]], [*calm, outlier]))
            assert found.value == pytest.approx(expected)
            assert change.estimate(table([*calm, calm[0]], [*calm, outlier])).value == pytest.approx(expected - 1.0)
        if score < 0.5:
            same, unharmed = [table([*calm, calm[0]], [*calm, last]) for last in (outlier, calm[0])]
            assert made.estimate(same).low == made.estimate(unharmed).low > 0.7
    for seed in range(4):
        drawn = images(seed, 40, 2, invented=2.5)
        for cap in (3, 5, 12):
            (made, _), _ = both(cap, (0.5, 1.0, 2.5))
            assert made.estimate(table(drawn, drawn)).value == pytest.approx(naive_froc(drawn, (0.5, 1.0, 2.5), cap))


def test_false_boxes_of_originals_hide_no_loss():
    """Originals with more than the cap: what was found on them is lost all the same, by a change and by a version."""
    before, after = [([0.5], [0.9] * 13)] * 60, [([0.0], [])] * 60
    calm, cap = [([0.5], [0.4])] * 60, 3
    for made, drift in both(cap, (2.0,)):
        change = drift.estimate(table([([0.9], [0.5] * 13)] * 60, after))
        assert change.value == -1.0
        assert change.high < 0
        assert made.estimate(table(before, before)).value == 0.0
        claim = Criterion("A", made, at_least(0.5), source="s")
        flooded = table(calm, [([0.9], [0.5] * 13)] * 60)
        assert difference(claim, 0.1, table(calm, after), flooded)[0].value == -1.0
        assert difference(claim, 0.1, table(calm, calm), table(calm, calm))[0].value == 0.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cap": 13, "lesions": 2}, "cap=13 of boxes"), ({"cap": 10, "lesions": 0}, "lesions=0 of boxes"),
        ({"cap": 2.5, "lesions": 2}, "cap=2.5"), ({"cap": 4, "lesions": 2, "at": [8]}, "below the cap of 4"),
        ({"cap": 4, "lesions": 2, "at": []}, "above 0"),
    ],
)  # fmt: skip
def test_what_counts_is_declared(arguments, words):
    with pytest.raises(ProtocolError, match=words):
        froc_sensitivity("n", **{"at": [1.0], **arguments})


def test_a_claim_on_them_can_fail():
    check_can_fail([Criterion("A", made, at_least(0.5), source="s") for made in (FROC, AP)])
    with pytest.raises(ProtocolError, match="cannot fail"):
        check_can_fail([Criterion("A", FROC, at_least(-0.1), source="s")])


def test_as_many_ranks_are_claimed_as_are_measured():
    """The two wings do not import one another."""
    assert criteria_detection.MOST_RANKS == metrics_detection.MOST_RANKS == metrics_detection.FALSE_RANKS - 1
    measured = {output.name for output in metrics_detection.scored_boxes.outputs}
    assert {part.partition("_to_")[0] for part in (FROC.quantity, *FROC.parts)} == measured


def box(x: float, score: float, side: float = 4.0) -> list:
    return [x, 0.0, side, 4.0, score, "n"]


def test_every_score_finds_as_many_lesions_as_can_be():
    """The highest box could take either lesion; the second one only the first."""
    lesions = [box(0, 1.0), box(2, 1.0)]
    assert scores_of([box(1, 0.9), box(-0.9, 0.8)], lesions, iou=0.5) == ([0.9, 0.8], [])
    assert scores_of([box(0, 0.5), box(0, 0.5)], lesions[:1]) == ([0.5], [0.5])
    assert scores_of([], lesions) == ([0.0, 0.0], [])
    assert scores_of([box(0, 0.5), box(0, 0.0)], []) == ([], [0.5])


def test_by_centres_a_second_box_in_a_lesion_is_no_false_one():
    lesions = [box(0, 1.0), box(20, 1.0)]
    found = scores_of([box(0, 0.3), box(0.5, 0.7), box(40, 0.6)], lesions, match="centre")
    assert found == ([0.7, 0.0], [0.6])
