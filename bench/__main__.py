"""Every figure of speed and memory in one table: ``python -m bench [--only PART ...] [--out bench.json]``.

Costs are processor time, and every figure is a ratio to a named peer in the same run. The exit code is 1 where one
falls short of what is wanted of it. ``pip install scikit-image`` for the comparison with scikit-image.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench import curve, ensemble, page, pixels, plugin, warm
from bench.figures import machine, save, table

PARTS = {
    "pixels": pixels, "page": page, "warm": warm, "plugin": plugin, "ensemble": ensemble, "curve": curve,
}  # fmt: skip


def main() -> int:
    """Measure, print the table and write the JSON beside it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=[*PARTS])
    parser.add_argument("--out", type=Path, default=Path("bench.json"), help="where the JSON goes")
    for part in PARTS.values():
        part.add_options(parser)
    options = parser.parse_args()
    figures = [figure for name in options.only for figure in PARTS[name].figures(options)]
    print(" ".join(f"{name} {value}" for name, value in machine().items()))
    print(table(figures))
    save(options.out, figures)
    return int(any(figure.is_missed for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
