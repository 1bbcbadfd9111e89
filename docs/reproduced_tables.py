"""Published tables beside what ``editproof judge`` makes of the same readings.

    python -m docs.reproduced_tables ../shared/data > docs/reproduced-tables.md

The folder holds the readings and the published tables (``defacing/``, ``predictions/``); none of them is in this
repository. Each part judges a table as a user would, by the command that the page shows, and takes its figures from the
evidence of that run.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from editproof.evidence.bundle import loaded
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.evidence.readers import by_reader
from editproof.evidence.record import EditorEvidence
from editproof.stats.agreement import Z_95
from editproof.types import Verdict

PAPER = "TheAxonLab, *Removing facial features from structural MRI images biases visual quality assessment*"
SMALL = 0.1
"""Largest change of a metric, in SD of the originals between subjects, that the suite of this page accepts."""
DEFACING = ("case=sub,arm=defaced",)
RATINGS = ("case=subject,arm=defaced,reader=rater_id,value=rating",)


@dataclass(frozen=True)
class Published:
    """One row of a published Bland-Altman table: original less edited."""

    n: int
    bias: float
    low: float
    high: float


def published_metrics(data: Path) -> dict[str, Published]:
    """``S7_Data.tsv``: bias and limits of agreement of 58 metrics, by metric."""
    with (data / "defacing" / "S7_Data.tsv").open(encoding="utf-8", newline="") as file:
        return {
            row["metric"]: Published(
                int(row["n"]), float(row["bias"]), float(row["loa_lower"]), float(row["loa_upper"])
            )
            for row in csv.DictReader(file, delimiter="\t")
        }


def published_ratings(data: Path) -> dict[str, Published]:
    """``S6_Data.tsv``: bias and limits of agreement of four raters, by rater; ``"all"`` of them together."""
    with (data / "defacing" / "S6_Data.tsv").open(encoding="utf-8", newline="") as file:
        rows = {row[0]: row[1:] for row in csv.reader(file, delimiter="\t")}
    found = {}
    for column, name in enumerate(["all", "rater_01", "rater_02", "rater_03", "rater_04"]):
        low, high = json.loads(rows["95% LoA"][column])
        found[name] = Published(int(rows["n"][column]), float(rows["Bias"][column]), low, high)
    return found


def judged(folder: Path, table: Path, claims: Iterable[Mapping[str, str]], words: Sequence[str]) -> EditorEvidence:
    """The one tool of a run of ``editproof judge`` on a table, by a suite that is written as a table."""
    suite = folder / f"{table.stem}.claims.csv"
    rows = list(claims)
    with suite.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    command = [sys.executable, "-m", "editproof.cli", "judge", str(table), "--suite", str(suite), *words]
    reports = folder / f"reports-{table.stem}"
    command += ["--reports", str(reports), "--store", str(folder / "store"), "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False)
    runs = sorted(reports.glob("*"))
    if not runs:
        raise SystemExit(done.stdout + done.stderr)
    (tool,) = loaded(runs[0]).editors
    return tool


def estimates_of(tool: EditorEvidence) -> dict[str, Verdict]:
    """Verdict by id of the criterion."""
    return {verdict.criterion.id: verdict for verdict in tool.verdicts}


def agreement(differences: np.ndarray, times: float = 1.96, ddof: int = 0) -> Published:
    """Bias and limits of agreement of differences, each counted once."""
    mean, reach = float(differences.mean()), times * float(differences.std(ddof=ddof))
    return Published(len(differences), mean, mean - reach, mean + reach)


def metric_claims(data: Path, metrics: Iterable[str]) -> Iterator[dict[str, str]]:
    """Of each metric that it moves by little on average, and its limits of agreement for comparison."""
    with (data / "defacing" / "S2_Data.csv").open(encoding="utf-8", newline="") as file:
        originals = [row for row in csv.DictReader(file) if row["defaced"] == "0"]
    for name in metrics:
        sd = float(np.std([float(row[name]) for row in originals], ddof=1))
        common = {"role": "secondary", "source": f"placeholder: {SMALL} SD of the originals between subjects"}
        margin = f"within {-SMALL * sd!r} and {SMALL * sd!r}"
        yield {"id": name, "estimand": f"prediction_drift({name!r})", "region": margin, **common}
        for side, sign in (("upper", 1), ("lower", -1)):
            region = f"{'at most' if sign > 0 else 'at least'} {sign * sd!r}"
            call = f"limits_of_agreement({name!r}, side={side!r})"
            yield {"id": f"{name} {side}", "estimand": call, "region": region, **common}


def metrics_of(verdicts: Mapping[str, Verdict], metric: str) -> Published:
    """A row as the paper gives it, from verdicts: the sign turned, and 1.96 in place of the exact quantile."""
    drift = verdicts[metric].estimate
    bias = -float(drift.notes.get("uncapped", drift.value))
    low, high = (
        bias - (float(verdicts[f"{metric} {side}"].estimate.value or 0.0) + bias) * 1.96 / Z_95
        for side in ("upper", "lower")
    )
    return Published(drift.n_patients, bias, low, high)


def numbered(data: Path, folder: Path) -> Path:
    """The ratings as a table in which readings of one image by one rater are numbered in the order of the file."""
    seen: dict[tuple[str, ...], int] = {}
    target = folder / "ratings.csv"
    with (data / "defacing" / "S1_Data.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "defaced", "rater_id", "reading", "rating"])
        for row in rows:
            place = (row["subject"], row["defaced"], row["rater_id"])
            seen[place] = seen.get(place, 0) + 1
            writer.writerow([*place, seen[place], row["rating"]])
    return target


def differences_by_rater(measured: Measurements) -> dict[str, np.ndarray]:
    """Original less edited, by rater: shape (n_cases, n_readings), NaN where an image was not read again."""
    rows = measured.rows[measured.rows["instrument"].str.startswith("reader:")]
    found = {}
    for name, instruments in by_reader(sorted(rows["instrument"].unique())).items():
        sides = [
            np.hstack([measured.matrix("rating", arm, instrument) for instrument in instruments])
            for arm in (ORIGINAL, EDITED)
        ]
        found[name] = sides[0] - sides[1]
    return found


RATING_CLAIMS = [
    {
        "id": "RD-1", "estimand": "prediction_drift('rating', cap=4)", "region": "within -0.5 and 0.5",
        "role": "primary", "source": "placeholder: an eighth of the scale from 0 to 4",
    },
]  # fmt: skip
MODEL_CLAIMS = [
    {"id": "MAE-A", "estimand": "mae('bone_age', arm='original', cap=60)", "region": "at most 8", "role": "secondary"},
    {"id": "MAE-B", "estimand": "mae('bone_age', cap=60)", "region": "at most 8", "role": "secondary"},
    {"id": "BA-1", "estimand": "mae_drift('bone_age', cap=60)", "region": "at most 2", "role": "primary"},
]
MODELS = ("rsna_two_models_all.csv", "rsna_two_models_500.csv")


def models(data: Path, folder: Path, name: str) -> EditorEvidence:
    """Two models on the same radiographs: the first takes the place of the original, the second that of the edit."""
    table = data / "predictions" / name
    with table.open(encoding="utf-8", newline="") as file:
        *_, one, other = next(csv.reader(file))
    claims = [{**claim, "source": "placeholder: an example"} for claim in MODEL_CLAIMS]
    words = ["--columns", f"case=id,original={one},edited={other},reference=boneage", "--quantity", "bone_age"]
    return judged(folder, table, claims, [*words, "--strata", "male", "--tool", other])


def _defacing(data: Path, folder: Path) -> Iterator[str]:
    published = published_metrics(data)
    words = ["--columns", *DEFACING, "--strata", "site", "--quantity", ",".join(published), "--tool", "defacing"]
    tool = judged(folder, data / "defacing" / "S2_Data.csv", metric_claims(data, published), words)
    verdicts = estimates_of(tool)
    yield f"""## MRI quality metrics before and after defacing

{PAPER} (registered report;
data Apache-2.0), supplementary table S7: bias and 95 % limits of agreement of 58 MRIQC metrics in 579 heads, from
`S2_Data.csv` (a row for each image, `defaced` 0 or 1).

```sh
editproof judge S2_Data.csv --suite S2_Data.claims.csv --tool defacing \\
    --columns case=sub,arm=defaced --strata site --quantity cjv,cnr,...   # all 58
```

The suite has three claims a metric, e.g. `cjv,prediction_drift('cjv'),within ...` and both limits of agreement; its
margin of {SMALL} SD of the originals between subjects is a placeholder.

- **Sign.** The paper takes the original less the defaced image, editproof the edit less the original: bias = -drift.
- **Divisor.** The paper's SD has the divisor n, as ours has; its limits lie 1.96 SD from the bias, ours {Z_95:.6f} SD.
  The column *reproduced* has the paper's sign and 1.96.
- **Rows and subjects.** Each subject has one pair, so that 579 rows are 579 subjects.
- **Interval.** Ours is for the drift of the subjects behind these 579, at 90 %, and counts no change beyond the cap of
  30 margins in full; it decides the claim.

| metric | paper: bias | reproduced | paper: limits of agreement | reproduced | drift, 90 % interval | claim |
|---|---|---|---|---|---|---|"""
    for name, row in published.items():
        ours, verdict = metrics_of(verdicts, name), verdicts[name]
        low, high = verdict.estimate.low or 0.0, verdict.estimate.high or 0.0
        yield (
            f"| `{name}` | {row.bias:.6g} | {ours.bias:.6g} | {row.low:.6g} to {row.high:.6g} "
            f"| {ours.low:.6g} to {ours.high:.6g} | {low:+.3g} to {high:+.3g} | {verdict.outcome} |"
        )
    passed = sum(bool(verdicts[name]) for name in published)
    yield (
        f"\n{passed} of {len(published)} metrics are shown to move by at most {SMALL} SD on average; of the others, "
        f"{sum(verdicts[name].outcome == 'FAIL' for name in published)} are shown to move by more.\n"
    )


def _readers(data: Path, folder: Path) -> Iterator[str]:
    published = published_ratings(data)
    words = ["--columns", f"{RATINGS[0]},reading=reading", "--quantity", "rating", "--tool", "defacing"]
    tool = judged(folder, numbered(data, folder), RATING_CLAIMS, words)
    by_rater = differences_by_rater(tool.measurements)
    everyone = np.vstack(list(by_rater.values()))
    (verdict,) = tool.verdicts
    yield f"""## Readers: quality ratings before and after defacing

The same study, supplementary table S6: four raters gave 1,800 ratings (0 to 4) of 185 subjects before and after
defacing, and rated 40 subjects a second time (`S1_Data.tsv`). The script numbers the ratings of one image by one rater
in the order of the file (column `reading`), since the published limits of agreement pair them so.

```sh
editproof judge ratings.csv --suite ratings.claims.csv --tool defacing \\
    --columns {RATINGS[0]},reading=reading --quantity rating
```

- **Rows and subjects.** The paper counts rows: 225 a rater, in which the 40 subjects that were rated twice count twice.
  By subjects, each counts once, with the mean of its readings: 185 a rater. A second rating is no further subject.
- **Limits.** S6's limits of agreement are the bias and 2 SD with the divisor n - 1; S7's, above, 1.96 SD with n.

| rater | n | paper: bias | reproduced | paper: limits | reproduced | by subjects (n): bias |
|---|---|---|---|---|---|---|"""
    for name, row in published.items():
        of_rater = everyone if name == "all" else by_rater[name]
        ours = agreement(of_rater[~np.isnan(of_rater)], times=2.0, ddof=1)
        means = np.nanmean(of_rater, axis=1)
        if name == "all":
            means = np.nanmean([np.nanmean(one, axis=1) for one in by_rater.values()], axis=0)
        rater = name.replace("_", " ")
        yield (
            f"| {rater} | {ours.n} | {row.bias:.3f} | {ours.bias:.3f} | "
            f"{row.low:.3f} to {row.high:.3f} | {ours.low:.3f} to {ours.high:.3f} | {means.mean():.3f} ({len(means)}) |"
        )
    low, high = verdict.estimate.low or 0.0, verdict.estimate.high or 0.0
    yield f"""
The mean over the four raters, judged as one reading of each image: drift {verdict.estimate.value or 0.0:+.3f}
[{low:+.3f}, {high:+.3f}], {verdict.estimate.n_patients} subjects: {verdict.outcome} ({verdict.criterion.required}; a
placeholder).
"""


def _models(data: Path, folder: Path) -> Iterator[str]:
    yield """## Two bone-age models on the same radiographs

`predictions/*.csv`: readings of two published models on 356 radiographs of the RSNA Pediatric Bone Age Challenge
(Halabi et al., *Radiology* 2018;290:498-503; the predictions are BSD-3-Clause). There is no edit: the first model takes
the place of the original, the second that of the edit, so that the claim is non-inferiority of a model.

```sh
editproof judge rsna_two_models_all.csv --suite models.claims.csv --quantity bone_age --strata male \\
    --columns case=id,original=MODEL_A,edited=MODEL_B,reference=boneage
```

| table | published MAE, months | reproduced | MAE drift, 90 % interval | claim: at most 2 months |
|---|---|---|---|---|"""
    for name, known in zip(MODELS, ("5.39, 5.68", "7.09, 7.97"), strict=True):
        verdicts = estimates_of(models(data, folder, name))
        one, other = (verdicts[key].estimate.value or 0.0 for key in ("MAE-A", "MAE-B"))
        drift = verdicts["BA-1"].estimate
        yield (
            f"| `{name}` | {known} | {one:.2f}, {other:.2f} | {drift.value or 0.0:+.2f} [{drift.low or 0.0:+.2f}, "
            f"{drift.high or 0.0:+.2f}] | {verdicts['BA-1'].outcome} |"
        )
    yield ""


def lines(data: Path) -> Iterator[str]:
    """The page."""
    yield """# Reproduced tables

Published tables, and the same figures out of `editproof judge` on the readings behind them
([readings.md](readings.md)). No image, tool or instrument was needed. The page is printed by one command in about four
minutes, with the data in `../shared/data`:

    python -m docs.reproduced_tables ../shared/data > docs/reproduced-tables.md

All runs of this page are EXPLORATORY: the readings were there before a claim was made.
"""
    with tempfile.TemporaryDirectory() as folder:
        for part in (_defacing, _readers, _models):
            yield from part(data.resolve(), Path(folder))


if __name__ == "__main__":
    print("\n".join(lines(Path(sys.argv[1]))).rstrip())
