"""What the harness adds to an edit, and how busy it keeps a server: ``python -m bench.editing``.

Cost is processor time of one thread, the least of several runs, on a drawn radiograph of 1024 x 1024. The peers do
the same job another way: joblib.Memory, which remembers a function's results by the content of its arguments, and
Pillow, which writes an edit as PNG. Throughput is measured against a server in a process of its own that answers
50 ms after a request came in, with as many edits as a study of 200 patients and three repeats has.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import cv2
import joblib
import numpy as np
from editproof.editing.edits import Edits
from editproof.editors.registry import editor_from_spec
from editproof.types import EditRequest
from PIL import Image

SIDE, LATENCY_S = 1024, 0.05
SERVER = """
import sys, time
from tests.editors.server import Server
server = Server()
server.latency_s = float(sys.argv[1])
print(server.port, flush=True)
time.sleep(3600)
"""


def radiograph(number: int, side: int = SIDE) -> np.ndarray:
    """A drawn hand with film grain."""
    rng = np.random.default_rng(number)
    image = np.zeros((side, side), np.float32)
    cv2.ellipse(image, (side // 2, side // 2), (side // 4, side // 3), 0, 0, 360, 180.0, -1)
    image = cv2.GaussianBlur(image, (0, 0), side / 40) + rng.normal(20, 3, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def cost_s(work: Callable[[int], object], rounds: int = 8) -> float:
    """Least processor time of a piece of work, in seconds."""
    spent = []
    for number in range(rounds):
        began = time.process_time()
        work(number)
        spent.append(time.process_time() - began)
    return min(spent)


def costs_ms(folder: Path) -> dict[str, float]:
    """Processor time of an edit by who keeps it, in milliseconds; the editor itself does nothing."""
    images = [radiograph(number) for number in range(8)]
    mask = np.zeros((SIDE, SIDE), bool)
    mask[10:200, 10:300] = True
    edits, editor, fresh = Edits(folder / "store"), editor_from_spec("identity"), count()
    remembered = joblib.Memory(folder / "joblib", verbose=0).cache(_same)

    def ours(number: int) -> object:
        return edits.outcomes(editor, [EditRequest(images[number], mask, "", 0, 0, "c")])

    found = {
        "made and stored": cost_s(ours),
        "read again": cost_s(ours),
        "joblib.Memory, stored": cost_s(lambda number: remembered(images[number], mask, next(fresh))),
        "joblib.Memory, read again": cost_s(lambda number: remembered(images[number], mask, number)),
        "Pillow, PNG written": cost_s(lambda number: Image.fromarray(images[number]).save(io.BytesIO(), "png")),
    }
    return {name: 1000 * seconds for name, seconds in found.items()}


def _same(image: np.ndarray, mask: np.ndarray, number: int) -> np.ndarray:
    return image.copy()


def throughput(threads: int, cases: int) -> tuple[float, float]:
    """Wall time as a multiple of edits x latency / threads, and processor time of an edit in milliseconds."""
    from tests.editing.work import Cohort, bench

    served = subprocess.Popen([sys.executable, "-c", SERVER, str(LATENCY_S)], stdout=subprocess.PIPE, text=True)
    try:
        assert served.stdout is not None
        spec = f"http:iopaint?url=http://127.0.0.1:{served.stdout.readline().strip()}"
        with tempfile.TemporaryDirectory() as warm, tempfile.TemporaryDirectory() as timed:
            list(bench(Path(warm), spec).edited(Cohort(2), threads=threads))
            wall, cpu = time.perf_counter(), time.process_time()
            list(bench(Path(timed), spec).edited(Cohort(cases), threads=threads))
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        served.kill()
        served.wait()
    return wall / (3 * cases * LATENCY_S / threads), 1000 * cpu / (3 * cases)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--cases", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = costs_ms(Path(folder))
    for name, milliseconds in found.items():
        print(f"{name:28} {milliseconds:7.1f} ms")
    print(f"made and stored / Pillow: {found['made and stored'] / found['Pillow, PNG written']:.2f}")
    print(f"made and stored / joblib: {found['made and stored'] / found['joblib.Memory, stored']:.2f}")
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    ratio, cpu = throughput(options.threads, options.cases)
    print(f"{options.threads} places, 50 ms: {ratio:.2f} x edits x latency / places; {cpu:.1f} ms computed an edit")


if __name__ == "__main__":
    main()
