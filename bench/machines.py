"""How far the numbers of a record differ where other processors decide it again: ``python -m bench.machines RUN``.

The kernels of other processors are those of OpenBLAS (``OPENBLAS_CORETYPE``) and of numpy without its vector
extensions (``NPY_DISABLE_CPU_FEATURES``), one thread and two. Each decides the run again in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from editproof.audit.findings import findings
from editproof.evidence.bundle import loaded
from editproof.evidence.plain import plain
from editproof.types import JSON

WITHOUT = "AVX512F AVX2 FMA3"
"""Extensions of numpy's kernels that older processors have not."""

MACHINES = {
    "as it is": {},
    "Haswell (2013)": {"OPENBLAS_CORETYPE": "Haswell"},
    "Prescott (2004)": {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": WITHOUT},
}


def numbers(tree: JSON) -> Iterator[float]:
    """Every finite number of a plain record that is not whole by type."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list | tuple):
        for value in tree:
            yield from numbers(value)
    elif isinstance(tree, float) and np.isfinite(tree):
        yield tree


def decided_again(run: Path) -> list[float]:
    """The numbers of a run's findings, decided here."""
    return list(numbers(plain(findings(loaded(run).facts))))


def main(run: Path) -> None:
    """Print one row for each kind of machine."""
    kept = np.array(list(numbers(plain(loaded(run).findings))))
    print(
        f"{len(kept)} numbers of {run.name}\n| machine | threads | numbers that differ | largest relative difference |"
    )
    print("|---|---|---|---|")
    for name, variables in MACHINES.items():
        for threads in (1, 2):
            told = {**os.environ, **variables, "OMP_NUM_THREADS": str(threads)}
            command = [sys.executable, "-m", "bench.machines", str(run), "--numbers"]
            done = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
            again = np.array(json.loads(done.stdout))
            differ = kept != again
            largest = np.max(np.abs(kept - again)[differ] / np.abs(kept[differ]), initial=0.0)
            print(f"| {name} | {threads} | {int(differ.sum())} | {largest:.1g} |")


if __name__ == "__main__":
    if sys.argv[2:] == ["--numbers"]:
        print(json.dumps(decided_again(Path(sys.argv[1]))))
    else:
        main(Path(sys.argv[1]))
