"""Attacks: to pass beside a lock, after it, or with the words of another run. Their honest twins pass."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from editproof.audit import findings
from editproof.audit.publication import Signer, deliver
from editproof.cli import main
from editproof.editing.store import Store
from editproof.evidence.bundle import loaded
from editproof.evidence.exits import exit_code
from editproof.report.formats import junit
from editproof.study.case_records import READINGS
from PIL import Image

from tests.audit import study
from tests.audit.conftest import keys  # noqa: F401
from tests.audit.test_changes import forged
from tests.plugin.test_plugin import ARGUMENTS, evidence_of

FILL = (*ARGUMENTS, "--editor", "tools.py:fill")
LOCK = ("--lock", "lock.json")


@pytest.fixture
def locked(lab: pytest.Pytester) -> pytest.Pytester:
    assert lab.runpytest_inprocess(*FILL, "--write-lock", "lock.json").ret == 0
    return lab


def widened(lab: pytest.Pytester) -> None:
    suite = (lab.path / "test_suite.py").read_text()
    lab.makepyfile(test_suite=suite.replace("at_most(0.2)", "at_most(0.9)"))


def test_a_run_that_follows_its_lock_exits_with_0(locked):
    assert locked.runpytest_inprocess(*FILL, *LOCK).ret == 0
    assert evidence_of(locked)["label"] == "CONFIRMATORY"


def test_a_run_that_departs_from_its_lock_exits_with_9(locked):
    widened(locked)
    result = locked.runpytest_inprocess(*FILL, *LOCK)
    assert result.ret == 9
    result.stdout.fnmatch_lines(["editproof: exit code 9: the run departs from its lock (claims.REL-1.high: *"])
    found = evidence_of(locked)
    assert (found["outcome"], found["label"]) == ("PASS", "EXPLORATORY")
    assert found["reservations"][0]["kind"] == "exploratory"


def test_a_departure_may_be_allowed_and_stays_one(locked):
    widened(locked)
    assert locked.runpytest_inprocess(*FILL, *LOCK, "--allow-departures").ret == 0
    assert evidence_of(locked)["label"] == "EXPLORATORY"


@pytest.mark.parametrize(("lock", "code"), [((), 1), (LOCK, 9), ((*LOCK, "--allow-departures"), 1)])
def test_what_is_not_the_whole_suite_exits_with_1_and_beside_a_lock_with_9(locked, lock, code):
    assert locked.runpytest_inprocess(*FILL, *lock, "-k", "not sex").ret == code


def test_a_shard_is_no_departure(lab):
    cohort = ("--dataset", "blobs:60", "--jobs", "1", "--editor", "tools.py:fill")
    assert lab.runpytest_inprocess(*cohort, "--write-lock", "lock.json").ret == 0
    assert lab.runpytest_inprocess(*cohort, *LOCK, "--shard", "1/2").ret == 1
    assert evidence_of(lab)["departures"] == []


def test_a_session_that_judges_nothing_beside_a_lock_proves_nothing(locked):
    locked.makepyfile(test_suite="def test_it(study, judge): pass")
    assert locked.runpytest_inprocess(*FILL, *LOCK).ret == 9


def test_edits_that_were_made_elsewhere_are_never_confirmatory_and_depart_from_nothing(lab):
    """Every file is younger than the lock, and shows nothing; whoever locks is not worse off than who does not."""
    made_by = lab.mkdir("made")
    folder = ("--editor", "folder:made", "--repeats", "1")
    for case in _study(lab).Blobs(30):
        Image.fromarray(case.decode().image).save(made_by / f"{case.case_id}_1.png")
    assert lab.runpytest_inprocess(*ARGUMENTS, *folder, "--write-lock", "lock.json").ret == 0
    for file in made_by.iterdir():
        file.touch()
    assert lab.runpytest_inprocess(*ARGUMENTS, *folder, *LOCK, "--strict").ret == 9
    shutil.rmtree(lab.path / "reports")
    assert lab.runpytest_inprocess(*ARGUMENTS, *folder, *LOCK).ret == 0
    found = evidence_of(lab)
    assert found["reservations"][0]["kind"] == "exploratory"
    assert found["label"] == "EXPLORATORY"
    assert found["departures"] == ["the edits of folder:made were made elsewhere, and nothing shows when"]
    (run,) = (lab.path / "reports").iterdir()
    assert main(["verify", str(run)]) == 0
    assert "<failure" not in junit.render(loaded(run))
    widened(lab)
    shutil.rmtree(lab.path / "reports")
    assert lab.runpytest_inprocess(*ARGUMENTS, *folder, *LOCK).ret == 9, "a departure is one here too"


def _study(lab: pytest.Pytester):
    import importlib.util

    spec = importlib.util.spec_from_file_location("study", lab.path / "study.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_edits_in_the_store_before_the_lock_are_a_departure(lab):
    """Made by `editproof edit`, looked at, and then locked as if nobody had seen them."""
    assert lab.runpytest_inprocess(*FILL, "--edit-only").ret == 0
    assert lab.runpytest_inprocess(*FILL, "--write-lock", "lock.json").ret == 0
    assert json.loads((lab.path / "lock.json").read_text())["standing"] == {"_fill": 30}
    assert lab.runpytest_inprocess(*FILL, *LOCK).ret == 9
    assert "30 cases of _fill had been edited before the protocol was locked" in evidence_of(lab)["departures"]


def test_a_lock_is_not_written_over_by_accident(locked):
    before = (locked.path / "lock.json").read_text()
    widened(locked)
    result = locked.runpytest_inprocess(*FILL, "--write-lock", "lock.json")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*editproof: lock lock.json: it is there already. Name another file, *--force*"])
    assert (locked.path / "lock.json").read_text() == before
    assert locked.runpytest_inprocess(*FILL, "--write-lock", "lock.json", "--replace-lock").ret == 0
    assert (locked.path / "lock.json").read_text() != before


@pytest.mark.parametrize(("words", "over"), [(["--force", "L"], True), (["L", "--force"], True), (["L"], False)])
def test_the_command_hands_force_on(monkeypatch, words, over):
    seen: list[list[str]] = []
    monkeypatch.setattr("editproof.cli.handing.exit_code_of", lambda command, **told: seen.append(command) or 0)
    assert main(["lock", *words, "validations/", "--editor", "x"]) == 0
    assert ("--editproof-replace-lock" in seen[0]) is over
    assert "--force" not in seen[0]


def test_a_join_exits_as_the_run_that_it_makes(tmp_path, capsys):
    parts_of_cohort = (("1/2", slice(0, 15)), ("2/2", slice(15, None)))
    gentle = [study.evidence(("gentle",), cases, shard) for shard, cases in parts_of_cohort]
    halves = [study.evidence(("gentle", "harsh"), cases, shard) for shard, cases in parts_of_cohort]
    blind = [_blind(run) for run in gentle]
    for name, parts, code in (("good", gentle, 0), ("harmful", halves, 1), ("blind", blind, 9)):
        folders = [str(deliver(part, tmp_path / name / part.shard[0]).parent) for part in parts]
        assert main(["merge", *folders, "--reports", str(tmp_path / f"{name}-joined")]) == code, name
    assert "INVALID" in capsys.readouterr().out


def _blind(run):
    """The run, had its destructive control been harmless."""
    controls = {**run.facts.controls, "destructive": replace(run.facts.controls["identity"], editor="destructive")}
    return findings.evidence_of(replace(run.facts, controls=controls))


def test_verify_says_what_a_run_came_to_and_takes_several(tmp_path, capsys):
    runs = [study.locked(study.evidence((name,))) for name in ("gentle", "harsh")]
    folders = [deliver(run, tmp_path).parent for run in runs[:1]]
    folders += [deliver(runs[1], tmp_path / "other").parent]
    assert main(["verify", *map(str, folders)]) == 0
    said = capsys.readouterr().out
    for words in (
        "PASS, CONFIRMATORY: gentle: conforms, with reservations.",
        "+ gentle: Conforms, with reservations: placeholder limits, no floor (PASS)",
        "PLACEHOLDER LIMITS: No source is given for the limits of BA-1, REL-1 and SX-1",
        "FAIL, CONFIRMATORY: harsh: does not conform.",
        "x harsh: Does not conform (FAIL)",
    ):
        assert words in said
    (folders[1] / "evidence.json").write_text("{}")
    assert main(["verify", *map(str, folders)]) == 1


@pytest.mark.parametrize("signs", [False, True])
def test_a_page_that_another_version_rendered_is_not_taken_for_checked(tmp_path, capsys, keys, signs):  # noqa: F811
    """The page of a forger who says that another version made it is compared with nothing."""
    run = study.locked(study.evidence(("harsh",)))
    run = findings.evidence_of(replace(run.facts, environment={"packages": {"editproof": "0.1.9"}}))
    folder = deliver(run, tmp_path).parent
    page = folder / "report.html"
    page.write_text(page.read_text().replace("Does not conform", "Conforms"))
    if signs:
        from editproof.audit.publication import attest
        from editproof.evidence.bundle import MANIFEST, seal

        (folder / MANIFEST).unlink()
        seal(
            folder,
            (
                f.relative_to(folder).as_posix()
                for f in folder.rglob("*")
                if f.is_file() and f.name != "attestation.intoto.json"
            ),
        )
        attest(folder, run, Signer(keys["ed25519"], "A. Example", "review"))
        assert main(["verify", str(folder)]) == 0
    else:
        forged(folder)
        assert main(["verify", str(folder)]) == 9
        assert "nobody signed a page that cannot be compared" in capsys.readouterr().err


def test_a_report_of_a_changed_bundle_prints_no_verdict(tmp_path, capsys):
    folder = deliver(study.locked(study.evidence(("harsh",))), tmp_path).parent
    text = (folder / "evidence.json").read_text()
    (folder / "evidence.json").write_text(text.replace('"FAIL"', '"PASS"'))
    forged(folder)
    for form in ("markdown", "junit"):
        assert main(["report", str(folder), "--format", form]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert "does not verify, so there is no report of it" in said.err


def test_a_misspelt_hook_is_one_line(lab):
    conftest = (lab.path / "conftest.py").read_text()
    lab.makeconftest(conftest.replace("pytest_editproof_datasets", "pytest_editproof_datasest"))
    result = lab.runpytest_inprocess(*FILL)
    assert result.ret == 4
    result.stderr.fnmatch_lines([
        "ERROR: editproof: hook pytest_editproof_datasest in *conftest.py: there is no such hook. "
        "Did you mean pytest_editproof_datasets?"
    ])  # fmt: skip


NAMES = ["fill\n+ other: Conforms (PASS)", "\x1b[2J\x1b[HPASS", "fill\u202e", ""]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_tool_cannot_write_on_the_terminal(lab, name):
    lab.makepyfile(
        named=f"from editproof.types import EditorCard\nclass Tool:\n    card = EditorCard({name!r}, '1', 'x')\n"
        "    def __call__(self, request): return request.image\ndef make(): return Tool()\n"
    )
    result = lab.runpytest_inprocess(*ARGUMENTS, "--editor", "named.py:make")
    assert result.ret == 4
    assert "\x1b[2J" not in result.stderr.str() + result.stdout.str()
    result.stderr.fnmatch_lines(
        ["ERROR: editproof: an editor's card: its name is *Give it a name of one printable line."]
    )


@pytest.mark.parametrize("name", NAMES[:3])
def test_a_name_in_a_bundle_cannot_write_on_the_terminal(tmp_path, capsys, name):
    run = study.locked(study.evidence(("gentle",)))
    (tool,) = run.facts.tools
    card = replace(tool.card, name=name)
    facts = replace(
        run.facts, tools=(replace(tool, card=card, measurements=replace(tool.measurements, editor=name)),),
        terms={**run.facts.terms, "editors": {name: run.facts.terms["editors"]["gentle"] | {"name": name}}},
    )  # fmt: skip
    folder = deliver(findings.evidence_of(facts), tmp_path).parent
    main(["verify", str(folder)])
    said = capsys.readouterr().out
    assert not any(line.startswith("+ other") for line in said.splitlines())
    assert "\x1b" not in said
    assert "\u202e" not in said


OUTCOMES = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 1, "INVALID": 9}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("departs", [False, True])
def test_the_contract_of_exit_codes(sound, outcome, strict, allowed, departs):
    from editproof.types import Outcome

    from tests.records import replace as changed

    run = changed(sound, outcome=Outcome(outcome), departures=("dataset: locked a, run b",) if departs else ())
    code = exit_code(run, strict=strict, allow_departures=allowed)
    expected = OUTCOMES[outcome]
    if (departs and not allowed) or (strict and outcome == "PASS" and departs):
        expected = 9
    assert code == expected


@pytest.fixture(scope="module")
def sound():
    run = study.evidence(("gentle",), source="a protocol")
    floors = {"bone_age": {"mae_at_most": 12.0}, "sex": {"auc_at_least": 0.6}}
    card = replace(study.INSTRUMENT, floors=floors)
    return study.locked(findings.evidence_of(replace(run.facts, instruments=(card,))))


def test_readings_that_stood_before_the_lock_are_made_anew_once(lab):
    """As when an instrument was helped, or a store filled by hand, before the protocol was locked and edits removed."""
    store = Store(lab.path / ".editproof")
    assert lab.runpytest_inprocess(*FILL).ret == 0
    kept = sorted(store.files.names("readings/??/*.json"))
    for name in kept:
        store.keep_record(READINGS, PurePosixPath(name).stem, {"bone_age": [100.0, 100.0]})
    for folder in ("edits", "cases", "reports"):
        shutil.rmtree(next(lab.path.glob(f"**/{folder}")))
    for name in store.files.names("judged.jsonl"):
        (store.root / name).unlink()
    assert lab.runpytest_inprocess(*FILL, "--write-lock", "lock.json").ret == 0, "no edit of the tool stands"
    assert lab.runpytest_inprocess(*FILL, *LOCK).ret == 0
    assert evidence_of(lab)["label"] == "CONFIRMATORY"
    after = sorted(store.files.names("readings/??/*.json"))
    assert len(after) == 2 * len(kept), "every reading was made anew"
    shutil.rmtree(next(lab.path.glob("**/cases")))
    assert lab.runpytest_inprocess(*FILL, *LOCK, "--reports", "warm").ret == 0
    assert sorted(store.files.names("readings/??/*.json")) == after, "a warm run reads what it made itself"
