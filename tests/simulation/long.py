"""The long form: ``python -m tests.simulation.long [--runs 1000] [--only AUC]`` prints the tables of docs/statistics.md.

``--world NAME``, as often as wanted, draws single worlds again; with another ``--seed``, other studies.
"""

from __future__ import annotations

import argparse
import math

from tests.simulation import outputs
from tests.simulation.catalogue import SIZES, full
from tests.simulation.suite import suite_tally
from tests.simulation.tally import Tally, monte_carlo_error, tally

SUITE = "Disasters, a mean and a share"
OUTPUTS = "Outputs that are not numbers"

HEAD = """
| world | false PASS, at most | false PASS, at least | coverage of 95 % | no interval |
|---|---|---|---|---|"""


def row(found: Tally) -> str:
    """One line of the table."""
    coverage = "–" if math.isnan(found.coverage) else f"{found.coverage:.3f}"
    rates = f"{found.false_pass_at_most:.3f} | {found.false_pass_at_least:.3f} | {coverage} | {found.refused:.2f}"
    return f"| {found.world.name} | {rates} |"


def main() -> None:
    """Print a table per heading as it comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="studies per world")
    parser.add_argument("--only", default="", help="headings that contain this")
    parser.add_argument("--world", action="append", default=[], help="a world by its name; the others are left out")
    parser.add_argument("--seed", type=int, default=7, help="of the studies drawn")
    asked = parser.parse_args()
    errors = monte_carlo_error(0.05, asked.runs), monte_carlo_error(0.95, asked.runs)
    print(
        f"{asked.runs} studies per world; three standard errors are {errors[0]:.3f} at 0.05, {errors[1]:.3f} at 0.95."
    )
    last = None
    for heading, world in full():
        if asked.only.lower() not in heading.lower() or (asked.world and world.name not in asked.world):
            continue
        if heading != last:
            print(f"\n### {heading}\n{HEAD}", flush=True)
            last = heading
        print(row(tally(world, asked.runs, asked.seed)), flush=True)
    if asked.only.lower() in SUITE.lower() and not asked.world:
        print(f"\n### {SUITE}\n\n| patients | passed by the mean alone | by both claims |\n|---|---|---|")
        for n in SIZES:
            found = suite_tally(n, asked.runs)
            print(f"| {n} | {found.mean_alone:.3f} | {found.both:.3f} |", flush=True)
    if asked.only.lower() in OUTPUTS.lower():
        _print_outputs(asked.runs, asked.world)


def _print_outputs(runs: int, names: list[str]) -> None:
    """False PASS by kind of harm, and how often a harmless tool passes; ``--world`` names families."""
    heads = " | ".join(f"false PASS, {words}" for words in outputs.HARMS)
    print(f"\n### {OUTPUTS}\n\n| family | patients | {heads} | a harmless tool passes |\n|---|---|---|---|---|---|")
    for family in outputs.FAMILIES:
        for n in outputs.SIZES if not names or family.name in names else ():
            found = outputs.rates(family, n, runs)
            wrong = " | ".join(f"{rate:.3f}" for rate in found.false_pass.values())
            print(f"| {family.name} | {n} | {wrong} | {found.harmless:.3f}, slack {family.slack:g} |", flush=True)


if __name__ == "__main__":
    main()
