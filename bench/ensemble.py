"""Throughput of a shipped ensemble against the same weights in PyTorch, eager, image by image; one thread each.

Images are drawn phantoms, each other than all others. Ours is what a run does: ONNX Runtime, several images at a time,
preparation included. The loop prepares an image, and has every member read it, before it turns to the next.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator

from bench.figures import Figure

PART, LEAST = "ensemble", 4.0
CODE = """
import json, os, statistics, sys, time
os.environ["OMP_NUM_THREADS"] = "1"
import cv2, numpy as np, torch
cv2.setNumThreads(1)
torch.set_num_threads(1)
from pathlib import Path
from editproof.instruments.registry import instrument_from_spec
from editproof.instruments.runtimes.torch import load_ensemble
from editproof.phantoms.phantom import cohort
n, rounds = map(int, sys.argv[1:3])
cases = list(cohort(n))
images, references = [case.decode().image for case in cases], [case.reference for case in cases]
ours, theirs = instrument_from_spec("phantom"), load_ensemble(Path("models/phantom/torch.json"))
def loop():
    return [theirs.predict([image], [reference]) for image, reference in zip(images, references)]
def all_at_once():
    return ours.predict(images, references)
def cpu_s(work):
    began = time.process_time()
    work()
    return time.process_time() - began
found, read = all_at_once(), loop()
apart = max(float(np.abs(found[name][:, k] - one[name][:, 0]).max()) for k, one in enumerate(read) for name in found)
spent = [(cpu_s(loop), cpu_s(all_at_once)) for _ in range(rounds)]
ratio = statistics.median(one / other for one, other in spent)
loops, at_once = (statistics.median(costs) for costs in zip(*spent))
print(json.dumps([ratio, loops / n, at_once / n, apart]))
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many images are read."""
    parser.add_argument("--ensemble-images", type=int, default=48, help="images that both ensembles read")
    parser.add_argument("--ensemble-rounds", type=int, default=3, help="times that both read them, in turn")


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Processor time of the loop over that of the shipped instrument."""
    what = "the loop by PyTorch over single images"
    command = [sys.executable, "-c", CODE, str(options.ensemble_images), str(options.ensemble_rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "No module named" in done.stderr:
        yield Figure(PART, what, None, "x ours", "at least", LEAST, done.stderr.strip().splitlines()[-1])
        return
    done.check_returncode()
    ratio, theirs, ours, apart = json.loads(done.stdout.splitlines()[-1])
    note = (
        f"{1e3 * theirs:.1f} ms against {1e3 * ours:.1f} ms an image, 3 members; readings differ by at most {apart:.1g}"
    )
    yield Figure(PART, what, ratio, "x ours", "at least", LEAST, note)
