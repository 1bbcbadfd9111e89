"""Evidence comes back as it was saved, and no byte of it can change unnoticed."""

from __future__ import annotations

import json
import math
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from editproof.audit.consistency import inconsistencies
from editproof.errors import EvidenceError
from editproof.evidence.bundle import _csv, bundle_faults, loaded, save
from editproof.evidence.findings import Attribution
from editproof.evidence.measurements import measurements_of
from editproof.evidence.plain import plain, typed
from editproof.evidence.record import Evidence, PicturedExhibit
from editproof.types import CriterionCard, DatasetCard, EditorCard, Estimate, InstrumentCard, Outcome, Quantity, Verdict
from hypothesis import given
from hypothesis import strategies as st

from tests.records import replace, run_of, tool_of


def estimate(value: float | None = 1.25) -> Estimate:
    reason = None if value is not None else "too few patients"
    return Estimate(value, value, value, "months", 0.9, 3, 6, 0, "patient bootstrap", 7, reason, {"original": 6.0})


def verdict(value: float | None = 1.25) -> Verdict:
    card = CriterionCard("BA-1", "sentence", "MAE drift", "months", -math.inf, 2.0, "at most 2.0 months", 0.95, "primary", "placeholder")  # fmt: skip
    return Verdict(card, "tool", "all", estimate(value), Outcome.PASS, "because")


@pytest.fixture
def evidence() -> Evidence:
    measured = measurements_of(
        "tool",
        [{"case": "007", "patient": "007", "reference:age": 1.5, "stratum:sex": "F"}],
        [("007", "original", 0, "pooled", "age", 1 / 3, "months"), ("007", "edited", 0, "pooled", "age", 0.1 + 0.2, "months")],
        [("007", 0, "ok", ""), ("007", 1, "refused", 'said "no", twice\nand left')],
        [("original", "whole", 0, 17)],
    )  # fmt: skip
    exhibit = PicturedExhibit(
        "007", 0, "worst", {"age": {"original": 1.0}}, images={"original": b"\x89PNG", "edited": b"\x00"}
    )
    editor = tool_of(
        EditorCard("tool", "1", "words", {"k": [1, 2]}), Outcome.PASS, "all hold", {"requested": 2, "ok": 1, "refused": 1},
        (verdict(), verdict(None)), ("test_a", "test_b"), (Attribution("edited", "as is", "MAE drift", estimate()),),
        (exhibit,), measured,
    )  # fmt: skip
    return run_of(
        run="run-1", created="2026-01-01T00:00:00+00:00", outcome=Outcome.PASS, reason="reason", label="EXPLORATORY",
        departures=("no lock",), incomplete=(), dataset=DatasetCard("d", "d", "s", "l", "abc", 1, 1),
        instruments=(InstrumentCard("p", "d", (Quantity("age", "months"),), 2, {}, "l", "t"),),
        validity=(verdict(),), editors=(editor,), protocol={"digest": "x"}, environment={"python": "3"},
    )  # fmt: skip


def same(one: Evidence, other: Evidence) -> bool:
    for a, b in zip(one.editors, other.editors, strict=True):
        for table in ("cases", "rows", "edits", "histograms"):
            pd.testing.assert_frame_equal(
                getattr(a.measurements, table), getattr(b.measurements, table), check_dtype=False
            )
    bare = [
        replace(e, editors=tuple(replace(x, measurements=None) for x in e.editors), reservations=e.reservations)
        for e in (one, other)
    ]  # fmt: skip
    return bare[0] == bare[1]


def test_round_trip(evidence, tmp_path):
    save(evidence, tmp_path / "run")
    assert not list(bundle_faults(tmp_path / "run"))
    assert same(loaded(tmp_path / "run"), evidence)


def test_what_was_looked_for_and_is_defined_nowhere_is_kept_and_held_against_the_rows(evidence, tmp_path):
    [tool] = evidence.facts.tools
    for name, contradicts in (("dice_to_original:cyst", False), ("age", True)):
        table = replace(tool.measurements, undefined=(name,))
        save(
            replace(evidence, facts=replace(evidence.facts, tools=(replace(tool, measurements=table),))),
            tmp_path / name[:3],
        )
        facts = loaded(tmp_path / name[:3]).facts
        assert facts.tools[0].measurements.undefined == (name,)
        assert any(f"undefined: {name} has values" in fault for fault in inconsistencies(facts, 1)) is contradicts


def test_every_changed_byte_is_found(evidence, tmp_path):
    folder = tmp_path / "run"
    save(evidence, folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "manifest.json":
            content = path.read_bytes()
            path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
            assert any(fault.startswith(path.relative_to(folder).as_posix()) for fault in bundle_faults(folder))
            path.write_bytes(content)
    assert not list(bundle_faults(folder))


def test_sha256sum_checks_a_bundle_without_this_package(evidence, tmp_path):
    checker = shutil.which("sha256sum") or pytest.skip("needs sha256sum of coreutils")
    save(evidence, tmp_path)
    command = [checker, "--check", "--strict", "SHA256SUMS"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout
    present = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {line.rpartition(": ")[0] for line in said.stdout.splitlines()} == present - {"SHA256SUMS"}
    (tmp_path / "measurements" / "0-rows.csv").write_text("case\n")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 1


def test_missing_and_added_files_are_named(evidence, tmp_path):
    folder = tmp_path / "run"
    save(evidence, folder)
    (folder / "measurements" / "0-rows.csv").unlink()
    (folder / "stray.txt").write_text("?")
    (folder / "nothing").mkdir()
    (folder / "evidence.json").rename(tmp_path / "elsewhere.json")
    (folder / "evidence.json").symlink_to(tmp_path / "elsewhere.json")
    assert list(bundle_faults(folder)) == [
        "measurements/0-rows.csv: missing, though manifest.json lists it",
        "evidence.json: a link, which can lead to another file tomorrow",
        "nothing: an empty folder",
        "stray.txt: not in manifest.json",
    ]


def test_a_run_cut_short_is_no_run(evidence, tmp_path):
    save(evidence, tmp_path)
    (tmp_path / "manifest.json").unlink()
    assert "cut short" in next(bundle_faults(tmp_path))


def test_another_schema_is_refused(evidence, tmp_path):
    save(evidence, tmp_path)
    record = json.loads((tmp_path / "evidence.json").read_text())
    (tmp_path / "evidence.json").write_text(json.dumps({**record, "schema": "editproof-evidence/99"}))
    with pytest.raises(EvidenceError, match="editproof-evidence/99"):
        loaded(tmp_path)


numbers = st.floats(allow_nan=False)


@given(numbers, numbers, st.sampled_from(Outcome), st.text())
def test_verdicts_survive_the_wire(low, high, outcome, words):
    card = CriterionCard("X", words, "e", "u", low, high, "r", 0.95, "primary", "s")
    sent = Verdict(card, words, "all", estimate(), outcome, words)
    assert typed(Verdict, json.loads(json.dumps(plain(sent), allow_nan=False))) == sent


@pytest.mark.parametrize("kind", ["object", "str"])
def test_tables_are_written_as_pandas_writes_them(kind):
    words = ["a", "", "a,b", 'q"x', "new\nline", "r\rx", "1.0", " s", "é", None]
    numbers = [1.0, np.nan, np.inf, -np.inf, 1e-300, 0.1, 1e22, 5e-324, 123456789.123456789, -0.0]
    table = pd.DataFrame({"w": pd.Series(words, dtype=kind), "v": numbers, "n": range(10)})
    mixed = table.assign(o=[1, True, "a", None, *[2] * 6])
    for one in (table, table[["w"]], table[:0], mixed, table.assign(b=True), table.astype({"n": "int32"})):
        assert _csv(one) == one.to_csv(index=False, lineterminator="\n").encode()
