"""The shipped suite as a whole: how often a harmless tool passes it, and one that misses a margin by a hair.

``python -m tests.simulation.shipped --runs 400`` prints the figures of docs/statistics.md.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
from editproof.criteria import Criterion, verdict_on
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, POOLED, Measurements, measurements_of
from editproof.suites.removal import test_bone_age, test_pixels, test_reliability, test_sex

N, REPEATS = 200, 3
SUITE: tuple[Criterion, ...] = (
    test_bone_age.DRIFT, test_bone_age.SHIFT, test_bone_age.LARGE_CHANGES, *test_pixels.INTENSITY.values(),
    test_pixels.OUTSIDE, test_pixels.LOCAL, test_reliability.FAILURES, test_reliability.REPEATS, test_sex.DRIFT,
    test_sex.FLOOR, test_sex.CHANGES,
)  # fmt: skip
"""Every primary claim but the one on planted structures, which has an arm of its own."""


def harmless(rng: np.random.Generator, n: int = N) -> dict[str, np.ndarray]:
    """Readings of a tool that changes a reading by 1.5 months (SD) between patients and 0.8 within."""
    age = np.clip(rng.normal(132, 43, n), 10, 228)
    original = age + rng.normal(0, 8, n)
    male = (np.arange(n) % 2).astype(float)
    logit = 6.0 * (male - 0.5) + 1.5 * rng.standard_normal(n)  # as sure as the shipped instrument of phantoms
    moved = 0.2 * rng.standard_normal((n, 1)) + 0.08 * rng.standard_normal((n, REPEATS))
    change = 1.5 * rng.standard_normal((n, 1)) + 0.8 * rng.standard_normal((n, REPEATS))
    return {
        "age": age, "original": original, "edited": original[:, None] + change, "male": male,
        "score": 1 / (1 + np.exp(-logit)), "rescored": 1 / (1 + np.exp(-(logit[:, None] + moved))),
        "ks_distance:protected": 0.008 * rng.lognormal(0, 0.4, (n, REPEATS)),
        "ks_distance:outside_mask": 0.008 * rng.lognormal(0, 0.4, (n, REPEATS)),
        "changed_share_above_2pct:outside_mask": 0.001 * rng.lognormal(0, 0.5, (n, REPEATS)),
        "worst_patch:protected": np.zeros((n, REPEATS)),
    }  # fmt: skip


def table(drawn: dict[str, np.ndarray], lost: int = 0) -> Measurements:
    """The study as a table; the first edits of so many patients did not come back."""
    n = len(drawn["age"])
    names = np.array([f"P{i:04d}" for i in range(n)])
    gone = np.zeros((n, REPEATS), dtype=bool)
    gone[:lost, 0] = True
    parts = []
    for quantity, unit, before, after in (
        ("bone_age", "months", drawn["original"], drawn["edited"]), ("sex", "probability", drawn["score"], drawn["rescored"]),
    ):  # fmt: skip
        parts.append(_rows(names, ORIGINAL, POOLED, quantity, unit, before[:, None], np.zeros((n, 1), bool)))
        parts.append(_rows(names, EDITED, POOLED, quantity, unit, after, gone))
    parts += [
        _rows(names, EDITED, IMAGE, quantity, "", values, gone) for quantity, values in drawn.items() if ":" in quantity
    ]
    cases = [
        {"case": name, "patient": name, "reference:bone_age": age, "reference:sex": sex}
        for name, age, sex in zip(names, drawn["age"], drawn["male"], strict=True)
    ]
    edits = [
        (name, repeat, "failed" if gone[i, repeat] else "ok", "")
        for i, name in enumerate(names)
        for repeat in range(REPEATS)
    ]
    empty = measurements_of("drawn", cases, [], edits)
    rows = pd.concat(parts, ignore_index=True)[list(empty.rows.columns)]
    digests = [f"{case}.{repeat}" for case, repeat in zip(empty.edits["case"], empty.edits["repeat"], strict=True)]
    return replace(empty, rows=rows, edits=empty.edits.assign(digest=digests))


def _rows(
    names: np.ndarray, arm: str, instrument: str, quantity: str, unit: str, values: np.ndarray, gone: np.ndarray
) -> pd.DataFrame:
    case, repeat = np.nonzero(~gone)
    return pd.DataFrame({
        "case": names[case], "arm": arm, "repeat": repeat, "instrument": instrument, "quantity": quantity,
        "value": values[case, repeat], "unit": unit,
    })  # fmt: skip


def at_its_margin(drawn: dict[str, np.ndarray], which: str) -> dict[str, np.ndarray]:
    """The same tool with one claim exactly at its margin, all others as they were."""
    n = len(drawn["age"])
    out = np.random.default_rng([n, int(drawn["age"][0] * 1e6) % 2**31])
    if which == "BA-2":
        return {**drawn, "edited": drawn["edited"] + 2.0}
    if which == "REL-2":
        scale = 2.26 / (0.8 * 2 / np.sqrt(np.pi))
        own = drawn["edited"].mean(axis=1, keepdims=True)
        return {**drawn, "edited": own + scale * (drawn["edited"] - own)}
    if which == "KS-1":
        harmed = out.random((n, REPEATS)) < 0.10
        return {**drawn, "ks_distance:protected": np.where(harmed, 0.2, drawn["ks_distance:protected"])}
    if which == "PX-1":
        harmed = out.random((n, REPEATS)) < 0.05
        quantity = "changed_share_above_2pct:outside_mask"
        return {**drawn, quantity: np.where(harmed, 0.2, drawn[quantity])}
    harmed = out.random((n, 1)) < 0.05
    return {**drawn, "worst_patch:protected": np.where(harmed, 1.0, drawn["worst_patch:protected"])}


MARGINS = ("BA-2", "REL-2", "KS-1", "PX-1", "LH-1")


def passes(measured: Measurements) -> bool:
    """Whether every claim of the suite passes."""
    return all(verdict_on(claim, measured) for claim in SUITE)


def share_passing(runs: int, *, lost: int = 0, margin: str = "", seed: int = 7, n: int = N) -> float:
    """Share of the studies that pass: of a harmless tool, or of one with a claim at its margin."""
    rng = np.random.default_rng([seed, *margin.encode(), lost])
    met = 0
    for _ in range(runs):
        drawn = harmless(rng, n)
        met += passes(table(at_its_margin(drawn, margin) if margin else drawn, lost))
    return met / runs


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    asked = parser.parse_args()
    for lost in (0, 3):
        share = share_passing(asked.runs, lost=lost)
        print(f"harmless tool, {N} x {REPEATS}, {lost} edits lost in {lost} patients: PASS {share:.3f}", flush=True)
    for margin in MARGINS:
        print(f"{margin} at its margin: PASS {share_passing(asked.runs, margin=margin):.3f}", flush=True)


if __name__ == "__main__":
    main()
