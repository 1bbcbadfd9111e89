"""What it costs to decode, hash and measure pairs of 1500 x 2000, against bare decoding and against scikit-image.

Originals are drawn radiographs as PNG; edits lie as the store writes them. Half of the edits changed every pixel (JPEG
of quality 85 to 91, as a generative tool redraws a frame), half only those inside the edit mask, an eightieth of the
frame. Bare decoding is ``cv2.imdecode`` of both files of each pair. Ours decodes and hashes an original once for its
three edits, each edit once, and takes every built-in metric of both. All of it runs in one thread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from editproof.core.digests import pixel_digest, read_only
from editproof.datasets.folder.cohort import folder
from editproof.editing.edits import Terms
from editproof.editors.registry import editor_from_spec
from editproof.imaging.png import PNG_FAST
from editproof.metrics import Pair, Picture, measured
from editproof.study.bench import Bench
from editproof.study.gathering import Gathered
from editproof.study.plan import Plan
from editproof.study.workers import results
from editproof.types import Case

from bench.figures import Figure, ratio_in_turn

PART = "pixels"
SHAPE, REPEATS = (2000, 1500), 3
BARE = "x bare decoding"
MB = 1e6


@dataclass(frozen=True)
class Files:
    """A drawn radiograph and three edits of it, as the bytes of PNG files, with the masks of the case."""

    original: np.ndarray
    edits: tuple[np.ndarray, ...]
    edit_mask: np.ndarray
    protected_mask: np.ndarray


def drawn(number: int, *, redrawn: bool) -> Files:
    """A hand-like shape with film grain, and edits of it by :mod:`bench.pixels`."""
    rng = np.random.default_rng(number)
    image, hand = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    for canvas, level in ((image, 180.0), (hand, 1)):
        cv2.ellipse(canvas, (SHAPE[1] // 2, SHAPE[0] // 2), (SHAPE[1] // 4, SHAPE[0] // 3), 0, 0, 360, level, -1)
    image = cv2.GaussianBlur(image, (0, 0), 40) + rng.normal(20, 3, SHAPE)
    original, mask = np.clip(image, 0, 255).astype(np.uint8), np.zeros(SHAPE, bool)
    mask[80:230, 120:370] = True
    edits = []
    for repeat in range(REPEATS):
        edited = cv2.imdecode(cv2.imencode(".jpg", original, [cv2.IMWRITE_JPEG_QUALITY, 85 + 3 * repeat])[1], -1)
        edited = edited if redrawn else np.where(mask, cv2.blur(edited, (9, 9)), original)
        edits.append(cv2.imencode(".png", edited, PNG_FAST)[1])
    return Files(cv2.imencode(".png", original)[1], tuple(edits), mask, hand.astype(bool))


def measure(files: Files) -> None:
    """Ours: three pairs."""
    first = Picture(read_only(cv2.imdecode(files.original, -1)), files.edit_mask, files.protected_mask)
    pixel_digest(first.image)
    measured(first)
    for content in files.edits:
        edit = first.beside(cv2.imdecode(content, -1))
        pixel_digest(edit.image)
        measured(edit)
        measured(Pair(first, edit))


def decode(files: Files) -> None:
    """Bare decoding: both files of three pairs."""
    for content in files.edits:
        cv2.imdecode(files.original, -1)
        cv2.imdecode(content, -1)


def as_a_careful_user(files: Files) -> None:
    """One pair by scipy and scikit-image: KS and Wasserstein distance, from histograms, in four regions, and SSIM."""
    from scipy.stats import ks_2samp, wasserstein_distance
    from skimage.metrics import structural_similarity

    x, y = cv2.imdecode(files.original, -1), cv2.imdecode(files.edits[0], -1)
    levels = np.arange(256)
    local = structural_similarity(x, y, gaussian_weights=True, use_sample_covariance=False, full=True)[1]
    for mask in (np.ones(SHAPE, bool), files.protected_mask, ~files.edit_mask, files.edit_mask):
        before, after = x[mask], y[mask]
        counts = [np.bincount(pixels, minlength=256) for pixels in (before, after)]
        ks_2samp(before, after, method="asymp")
        wasserstein_distance(levels, levels, *counts)
        local[mask].mean()


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be asked of this part."""
    parser.add_argument("--pairs", type=int, default=600, help="pairs to be measured against bare decoding")
    parser.add_argument("--cases", type=int, nargs=2, default=[20, 200], metavar=("FEW", "MANY"),
                        help="cases between which memory is compared")  # fmt: skip
    parser.add_argument(
        "--two-cores", action="store_true", help="also time one process against two, on an idle machine"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """All figures of this part."""
    cv2.setNumThreads(1)
    redrawn = [drawn(number, redrawn=True) for number in range(5)]
    filled = [drawn(number, redrawn=False) for number in range(5)]
    yield from _against_decoding(redrawn, filled, max(1, options.pairs // (2 * REPEATS * len(redrawn))))
    yield _against_scikit_image(redrawn)
    with tempfile.TemporaryDirectory() as root:
        store = in_store(Path(root), redrawn)
        yield _as_a_run_does(store, redrawn)
        if options.two_cores:
            yield _two_cores(store)
    yield from _memory(options.cases)


def _against_decoding(redrawn: list[Files], filled: list[Files], rounds: int) -> Iterator[Figure]:
    for name, files in (("every pixel changed", redrawn), ("changed inside the edit mask alone", filled)):
        work, bare = ([partial(function, one) for one in files] for function in (measure, decode))
        ratio, ours, theirs = ratio_in_turn(work, bare, rounds)
        note = f"{rounds * len(files) * REPEATS} pairs; {_each(ours)} against {_each(theirs)}"
        yield Figure(PART, f"decode, hash and measure a pair: {name}", ratio, BARE, "at most", 3.0, note)


def _against_scikit_image(files: list[Files]) -> Figure:
    name = "a pair by scipy and scikit-image: KS, Wasserstein, SSIM in four regions"
    try:
        as_a_careful_user(files[0])
    except ImportError:
        return Figure(PART, name, None, "x ours", "at least", 40.0, "pip install scikit-image")
    work, ours = ([partial(function, one) for one in files] for function in (as_a_careful_user, measure))
    ratio, theirs_s, ours_s = ratio_in_turn(work, ours, 2)
    note = f"{len(files)} pairs, decoding included; {theirs_s:.2f} s against {_each(ours_s)}, for all built-in metrics"
    return Figure(PART, name, REPEATS * ratio, "x ours", "at least", 40.0, note)


def _each(seconds: float) -> str:
    """What a pair costs, from what a case of three costs."""
    return f"{1e3 * seconds / REPEATS:.1f} ms"


def in_store(root: Path, files: list[Files]) -> Bench:
    """A cohort in a folder, edits of it in another, and the bench with a store that holds them."""
    (root / "cohort").mkdir()
    (root / "edits").mkdir()
    rows = ["case_id,image,edit_mask,protected_mask"]
    for number, one in enumerate(files):
        names = [f"{kind}{number}.png" for kind in ("image", "edit", "hand")]
        masks = [cv2.imencode(".png", mask * np.uint8(255))[1] for mask in (one.edit_mask, one.protected_mask)]
        for name, content in zip(names, (one.original, *masks), strict=True):
            (root / "cohort" / name).write_bytes(content.tobytes())
        for repeat, content in enumerate(one.edits):
            (root / "edits" / f"c{number}_{repeat + 1}.png").write_bytes(content.tobytes())
        rows.append(",".join([f"c{number}", *names]))
    (root / "cohort" / "manifest.csv").write_text("\n".join(rows) + "\n")
    tool = partial(editor_from_spec, f"folder:{root / 'edits'}")
    bench = Bench(tool, (), root / "store", Plan("", REPEATS), Terms())
    for case in folder(root / "cohort", masks="files"):
        bench.record(case)
    return bench


def cohort_of(bench: Bench) -> list[Case]:
    """The cases that :func:`in_store` wrote."""
    return list(folder(bench.store_root.parent / "cohort", masks="files"))


def _as_a_run_does(bench: Bench, files: list[Files]) -> Figure:
    work = [partial(bench.record, case) for case in cohort_of(bench)]
    ratio, ours, theirs = ratio_in_turn(work, [partial(decode, one) for one in files], 3)
    note = f"{_each(ours)} against {_each(theirs)}; with masks, store, and the arms that instruments read"
    return Figure(PART, "a pair as a run measures it again, without instruments", ratio, BARE, note=note)


def _two_cores(bench: Bench) -> Figure:
    cases = cohort_of(bench) * 8
    walls = []
    for jobs in (1, 2):
        began = time.perf_counter()
        for _ in results(bench.record, cases, jobs=jobs):
            pass
        walls.append(time.perf_counter() - began)
    note = f"{walls[0]:.1f} s against {walls[1]:.1f} s by the clock, starting two processes included"
    return Figure(
        PART, f"{len(cases) * REPEATS} pairs in two processes", walls[0] / walls[1], "x as fast", "at least", 1.8, note
    )


def _memory(cases: list[int]) -> Iterator[Figure]:
    peaks = [json.loads(_child(f"peak_of({n})")) for n in cases]
    above = [found["peak"] - found["imports"] for found in peaks]
    after = " and ".join(f"{peak / MB:.0f} MB after {n} cases" for peak, n in zip(above, cases, strict=True))
    note = f"{after}; the imports {peaks[1]['imports'] / MB:.0f} MB"
    yield Figure(PART, "peak memory above the imports", above[1] / MB, "MB", "at most", 100.0, note)
    most, least = (function(found["peak"] for found in peaks) for function in (max, min))
    yield Figure(PART, f"peak memory at {cases[1]} cases against {cases[0]}", most / least, "x", "at most", 1.05, note)


def peak_of(n: int) -> None:
    """Print the peak of memory in bytes after the imports, and after cases were measured and their table was made."""
    cv2.setNumThreads(1)
    imports = _peak()
    with tempfile.TemporaryDirectory() as root:
        _child(f"in_store(Path({root!r}), [drawn(number, redrawn=True) for number in range(3)])")
        bench = Bench(
            partial(editor_from_spec, f"folder:{Path(root) / 'edits'}"),
            (),
            Path(root) / "store",
            Plan("", REPEATS),
            Terms(),
        )
        drawn_cases = cohort_of(bench)
        cases = [replace(drawn_cases[number % 3], case_id=f"n{number}", patient_id=f"n{number}") for number in range(n)]
        gathered = Gathered(cases)
        for number, case in enumerate(cases):
            gathered.add(replace(bench.record(drawn_cases[number % 3]), case=case.case_id))
        gathered.table("tool")
    print(json.dumps({"imports": imports, "peak": _peak()}))


def _peak() -> int:
    """Most memory that this process ever had resident, in bytes; Linux alone tells it."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return 1024 * int(line.split()[1])


def _child(expression: str) -> str:
    """What an expression prints in a process of its own."""
    code = f"from bench.pixels import *\n{expression}"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
