"""The mean of the areas of several classes against scikit-learn, and what its limits owe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editproof import Criterion, at_least
from editproof.criteria import macro_auc, macro_auc_drift, verdict_on
from editproof.criteria.readings import Readings
from editproof.criteria.rehearsal import drawn
from editproof.errors import ProtocolError
from editproof.evidence.measurements import measurements_of
from editproof.types import Outcome
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

LABELS = ("effusion", "nodule", "none")
MACRO, DRIFT = macro_auc("finding", classes=LABELS), macro_auc_drift("finding", classes=LABELS)


def study(seed: int, n: int, digits: int = 6):
    """Probabilities of three classes on originals and on edits, one case a patient, and the class of each."""
    rng = np.random.default_rng(seed)
    true = np.arange(n) % 3
    arms = []
    for separation in (2.0, 1.2):
        logits = separation * np.eye(3)[true] + rng.standard_normal((n, 3))
        arms.append(np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), digits))
    return true, *arms


def table(true: np.ndarray, original: np.ndarray, edited: np.ndarray, lost: int = 0):
    names = [f"C{i:03d}" for i in range(len(true))]
    rows = [
        (name, arm, 0, "pooled", f"finding={label}", float(values[i, place]), "probability")
        for arm, values in (("original", original), ("edited", edited))
        for i, name in enumerate(names) if arm == "original" or i >= lost
        for place, label in enumerate(LABELS)
    ]  # fmt: skip
    references = [
        {f"reference:finding={label}": float(of == place) for place, label in enumerate(LABELS)} for of in true
    ]
    cases = [{"case": name, "patient": name, **known} for name, known in zip(names, references, strict=True)]
    return measurements_of(
        "t", cases, rows, [(name, 0, "failed" if i < lost else "ok", "") for i, name in enumerate(names)]
    )


@pytest.mark.parametrize("digits", [6, 1])
def test_it_is_that_of_scikit_learn_with_ties(digits):
    true, original, edited = study(1, 90, digits)
    measured, areas = table(true, original, edited), []
    for values in (edited, original):
        one_against_rest = [roc_auc_score(true == place, values[:, place]) for place in range(3)]
        areas.append(float(np.mean(one_against_rest)))
    assert MACRO.estimate(measured).value == pytest.approx(areas[0], abs=1e-12)
    assert DRIFT.estimate(measured).value == pytest.approx(areas[0] - areas[1], abs=1e-12)
    if digits == 6:
        whole = edited / edited.sum(axis=1, keepdims=True)
        assert roc_auc_score(true, whole, multi_class="ovr", average="macro") == pytest.approx(areas[0], abs=1e-3)


def test_limits_count_what_is_missing_and_a_patient_who_was_not_seen():
    true, original, _ = study(2, 60)
    perfect = np.eye(3)[true] * 0.8 + 0.1
    whole, torn = (MACRO.estimate(table(true, perfect, perfect, lost)) for lost in (0, 6))
    assert whole.value == torn.value == whole.high == 1.0
    assert torn.low < whole.low < 1.0
    assert whole.notes["conventional"]
    assert MACRO.estimate(table(true, original, original)).value == pytest.approx(
        macro_auc("finding", classes=LABELS, arm="original").estimate(table(true, original, original)).value
    )


def test_a_class_of_which_there_is_no_case_leaves_the_claim_open():
    true, original, edited = study(3, 60)
    verdict = verdict_on(Criterion("A", MACRO, at_least(0.5), source="s"), table(np.minimum(true, 1), original, edited))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "there is no case of finding=none" in verdict.because


@pytest.mark.parametrize("classes", ["effusion", ["effusion"], ["effusion", "effusion"]])
def test_classes_are_two_or_more(classes):
    with pytest.raises(ProtocolError, match="Name two or more of the labels"):
        macro_auc("finding", classes=classes)


def test_its_parts_are_of_the_same_cases():
    found = MACRO.raw(drawn(MACRO, patients=30))
    assert len(found.parts) == 2
    for part in found.parts:
        assert isinstance(part, Readings)
        assert part.cases.tolist() == found.cases.tolist()
        assert part.only(part.cases != part.cases[0]).cases.tolist() == found.cases.tolist()[1:]


def judged(sizes: list[int], harmed: int) -> float:
    """Lower limit where the original is flawless, and on edits so many patients of the last classes are misjudged."""
    true = np.repeat(np.arange(len(sizes)), sizes)
    own = np.eye(len(sizes))[true]
    right = 0.25 + 0.5 * own
    values = np.where((np.arange(len(true)) >= len(true) - harmed)[:, None], 1.0 - own, right)
    names = np.array([f"P{i:03d}" for i in range(len(true))])
    parts = [
        Readings(
            cases=names,
            patients=names,
            values=values[:, [k]],
            missing=np.zeros((len(true), 1), bool),
            reference=(true == k).astype(float),
            original=right[:, k],
            covariate=np.full(len(true), np.nan),
            least=0.0,
            most=1.0,
        )
        for k in range(len(sizes))
    ]
    claim = macro_auc("f", classes=[f"c{k}" for k in range(len(sizes))])
    return claim.statistic_on(replace(parts[0], parts=tuple(parts[1:]))).interval(0.9).low


def truth(sizes: list[int], rare: int, share: float) -> float:
    """Macro AUC where such a share of each of the last classes is misjudged: a pair is right if neither patient is."""
    sizes, right = np.array(sizes, float), np.ones(len(sizes))
    right[-rare:] -= share
    rest = (sizes * right).sum() - sizes * right
    return float(np.mean(right * rest / (sizes.sum() - sizes)))


def test_harm_spread_over_small_classes_is_allowed_for_where_none_was_seen():
    """Found by a statistician: of 40 and ten classes of two, data without harm passed at the truth in one of six."""
    for sizes, rare in (([40] + [2] * 10, 10), ([46] + [1] * 14, 14), ([20] * 3, 3), ([50, 5, 5], 2)):
        few = sum(sizes[-rare:])
        at_most_unseen = 1 - 0.05 ** (1 / few)  # of such a share nobody is seen in one study of twenty
        assert judged(sizes, 0) <= truth(sizes, rare, at_most_unseen) + 0.005, sizes


def test_harm_that_was_seen_in_small_classes_keeps_the_level():
    """Of classes of one patient each the level can be counted: only how many of them are harmed matters."""
    sizes, rare = [50] + [1] * 6, 6
    low = np.array([judged(sizes, harmed) for harmed in range(rare + 1)])
    shares = np.linspace(0.01, 0.99, 99)
    chance = binom.pmf(np.arange(rare + 1)[:, None], rare, shares)
    passed = low[:, None] > np.array([truth(sizes, rare, share) for share in shares])
    assert (chance * passed).sum(axis=0).max() <= 0.055
