"""The study file: what it may say, whose it is, and which paths it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from editproof import Criterion, at_most, bias, failure_rate, mae_drift, within
from editproof.criteria.declared import DeclaredQuantity, check_known, has_low_cap, under
from editproof.errors import EditproofError, ProtocolError
from editproof.study.plan import Plan
from editproof.study.run import Run
from editproof.study.study_file import (
    StudyFile,
    found_study,
    is_study_file,
    other_study,
    read_study,
    study_from,
    study_here,
)
from editproof.types import InstrumentCard, Quantity
from hypothesis import given
from hypothesis import strategies as st

TOP = 'schema = "editproof-study/1"\n'


def written(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TOP + text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"promt": "x"}, "an unknown field 'promt'. Did you mean 'prompt'?"),
        ({"instrument": ["a"]}, "an unknown field 'instrument'. Did you mean 'instruments'?"),
        ({"repeats": 0}, "repeats is 0. Write a whole number from 1 on"),
        ({"repeats": "3"}, "repeats is '3'. Write a whole number"),
        ({"prompt": "  "}, "prompt is '  '. Write words"),
        ({"instruments": "card.json"}, "instruments is 'card.json'. Write a list of names"),
        ({"editors": ["a", "a"]}, "Write a list of names, none twice"),
        ({"quantities": {"age": {"cap": 0}}}, "quantities.age.cap is 0. Write a finite number above 0"),
        ({"quantities": {"age": {"range": [9, 1]}}}, "Write two finite numbers, the smaller first"),
        ({"quantities": {"age": {"top": 9}}}, "an unknown field 'top' in quantities.age"),
        ({"schema": "editproof-study/9"}, "schema is 'editproof-study/9'. Write \"editproof-study/1\""),
    ],
)
def test_what_a_study_file_may_not_say_is_one_line(told, found):
    with pytest.raises(ProtocolError) as refused:
        study_from(told)
    assert found in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("study.toml", "name = 3\n", "it does not say that it is a study"),
        ("study.toml", "name = \n", "it cannot be read"),
        ("pyproject.toml", "[tool.ruff]\n", "it has no table [tool.editproof]"),
        ("pyproject.toml", "[tool]\neditproof = 3\n", "it has no table [tool.editproof]"),
    ],
)
def test_a_file_that_is_no_study_is_one_line(tmp_path, name, text, found):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ProtocolError, match=found.replace("[", r"\[").replace("]", r"\]")):
        read_study(path)


def test_a_study_is_the_same_in_pyproject(tmp_path):
    body = 'prompt = "Remove the noise."\nrepeats = 2\nquantities.age.cap = 9.0\n'
    (tmp_path / "pyproject.toml").write_text(f"[tool.editproof]\n{body}")
    assert read_study(tmp_path / "pyproject.toml") == read_study(written(tmp_path / "study.toml", body))


def test_paths_beside_the_file_are_opened_from_here(tmp_path, monkeypatch):
    for name in ("cards/a.json", "data/manifest.csv", "tool.py", "register.toml"):
        path = tmp_path / "there" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    file = written(
        tmp_path / "there" / "study.toml",
        'cohort = "folder:data?masks=files"\ninstruments = ["cards/a.json", "far.json", "tool.py:reader"]\n'
        'editors = ["opencv-telea", "squash:64+tool.py:make", "cmd:data --in {image}?"]\n'
        'register = "register.toml"\n',
    )
    monkeypatch.chdir(tmp_path)
    study = read_study(file)
    assert study.cohort == "folder:there/data?masks=files"
    assert study.instruments == ("there/cards/a.json", "far.json", "there/tool.py:reader")
    assert study.editors == ("opencv-telea", "squash:64+there/tool.py:make", "cmd:data --in {image}?")
    assert study.register == "there/register.toml"


def test_another_programs_study_toml_is_not_ours(tmp_path):
    foreign = tmp_path / "study.toml"
    foreign.write_text('[study]\nname = "sweep"\n')
    assert not is_study_file(foreign)
    assert found_study([tmp_path], tmp_path) is None
    assert not other_study(tmp_path, None, [])
    with pytest.raises(ProtocolError, match=r"study.toml was left alone: it lacks the line schema"):
        study_here(tmp_path)


def test_the_study_of_a_run_is_the_nearest_above_what_is_run(tmp_path):
    outer, inner = written(tmp_path / "suite" / "study.toml"), written(tmp_path / "suite" / "inner" / "study.toml")
    (tmp_path / "suite" / "test_a.py").touch()
    assert found_study([tmp_path / "suite"], tmp_path) == outer
    assert found_study([tmp_path / "suite" / "test_a.py"], tmp_path) == outer
    assert found_study([inner.parent], tmp_path) == inner
    assert found_study([tmp_path], tmp_path) is None
    assert other_study(inner.parent, outer, [outer.parent])
    assert not other_study(inner.parent, inner, [inner.parent])
    assert not other_study(inner.parent, outer, [inner.parent]), "what is named is run"
    with pytest.raises(ProtocolError, match="Run one at a time"):
        found_study([outer.parent, inner.parent], tmp_path)


CLAIM = Criterion("A", mae_drift("age"), at_most(2.0), source="placeholder: a test")


def test_a_declared_cap_takes_the_place_of_the_default_alone():
    declared = {"age": DeclaredQuantity(cap=40.0)}
    assert under(CLAIM, {}).estimand.most == 60.0
    assert under(CLAIM, declared).estimand.most == 40.0
    own = Criterion("A", mae_drift("age", cap=50.0), at_most(2.0), source="placeholder: a test")
    assert under(own, declared) is own
    assert under(Criterion("B", failure_rate(), at_most(0.1), source="placeholder: a test"), declared).card
    assert under(under(CLAIM, declared), declared) == under(CLAIM, declared)


def test_a_range_narrows_a_default_and_never_widens_it():
    assert under(CLAIM, {"age": DeclaredQuantity(range=(0.0, 30.0))}).estimand.most == 30.0
    assert under(CLAIM, {"age": DeclaredQuantity(range=(0.0, 228.0))}).estimand.most == 60.0


def test_a_cap_within_the_margin_is_refused():
    """A change that counts for no more than the margin could never exceed it."""
    with pytest.raises(ProtocolError, match="Declare a cap above every limit"):
        under(CLAIM, {"age": DeclaredQuantity(cap=2.0)})
    two_sided = Criterion("B", bias("age"), within(-3.0, 3.0), source="placeholder: a test")
    with pytest.raises(ProtocolError, match="the study caps age at 3"):
        under(two_sided, {"age": DeclaredQuantity(range=(0.0, 3.0))})


@given(st.floats(2.001, 1e6), st.floats(0.1, 1e6))
def test_what_a_study_declares_is_in_the_card_of_the_claim(cap, width):
    """So a record derives the same verdict without the study file."""
    claim = under(CLAIM, {"age": DeclaredQuantity(cap=cap, range=(0.0, width))})
    assert claim.card.specification.arguments["cap"] == cap == claim.estimand.most


def test_a_cap_barely_above_the_margin_is_low():
    """Half of the patients could be ruined under it, and the mean would hold."""
    low = under(CLAIM, {"age": DeclaredQuantity(cap=2.5)})
    assert has_low_cap(low)
    assert not has_low_cap(CLAIM)
    shares = Criterion("B", failure_rate(), at_most(0.3), source="placeholder: a test")
    assert not has_low_cap(shares), "what is bounded by its nature has no cap to be low"


def test_a_study_is_found_from_below_up_to_the_root_of_the_repository(tmp_path, monkeypatch):
    """pytest takes the folder of the call for its root where nothing says otherwise; the study of the repository holds."""
    study = written(tmp_path / "study.toml")
    below = tmp_path / "suite" / "deep"
    below.mkdir(parents=True)
    assert found_study([below], below) is None, "nothing says that the folders above belong to it"
    (tmp_path / ".git").mkdir()
    assert found_study([below], below) == study
    monkeypatch.chdir(below)
    assert study_here(Path()) == study
    study.unlink()
    (tmp_path / "pyproject.toml").write_text("[tool.editproof]\n")
    assert study_here(Path()) == tmp_path / "pyproject.toml"


def test_a_quantity_that_nobody_reads_is_one_line():
    card = InstrumentCard("reader", "", (Quantity("brightness", "1"),), 1, {}, "", "")
    check_known(
        {"brightness": DeclaredQuantity(cap=9.0), "ssim:full": DeclaredQuantity(cap=1.0)}, [card], ["ssim:full"]
    )
    with pytest.raises(ProtocolError, match=r"instruments read brightness. Did you mean brightness\?"):
        check_known({"brigthness": DeclaredQuantity(cap=9.0)}, [card], ["ssim:full"])


@pytest.mark.parametrize(
    ("line", "make"),
    [
        ('cohort = "fodler:x"', lambda run: run.dataset),
        ('cohort = "folder:nowhere"', lambda run: run.dataset),
        ('editors = ["nobodys-tool"]', lambda run: run.cards),
        ('instruments = ["nothing.json"]', lambda run: run.instruments),
        ('register = "none.toml"', lambda run: run._register),
    ],
)
def test_what_is_wrong_with_a_line_names_the_study_file_and_its_key(tmp_path, line, make):
    file = written(tmp_path / "study.toml", line)
    told, key = read_study(file), line.partition(" ")[0]
    for study, named in ((told, True), (StudyFile(), False)):
        run = Run(
            editors=told.editors, dataset_spec=told.cohort or "", instrument_specs=told.instruments,
            plan=Plan.of(study), store=tmp_path / "store", study_file=study,
            register=Path(told.register) if told.register else None,
        )  # fmt: skip
        with pytest.raises(EditproofError) as refused:
            make(run)
        assert str(refused.value).startswith(f"{key} of {file}, ") is named
        assert "\n" not in str(refused.value)


def test_a_suite_that_is_not_there_is_one_line(tmp_path):
    written(tmp_path / "study.toml", 'suite = "sweet"')
    with pytest.raises(ProtocolError, match=r"suite of .*study\.toml: there is no file or folder sweet"):
        read_study(tmp_path / "study.toml")
    (tmp_path / "sweet").mkdir()
    assert read_study(tmp_path / "study.toml").suite
