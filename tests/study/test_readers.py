"""A reader study drawn, read and collected: blinded, in an order that keeps its promises, and back as a table."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from editproof.cli import main
from editproof.criteria import prediction_change, reader_drift
from editproof.datasets.tables.layout import layout_of
from editproof.datasets.tables.readings import readings_in
from editproof.errors import EditproofError, EvidenceError, ProtocolError
from editproof.study.bench import Bench
from editproof.study.of_readings import ReadingsOfCohort
from editproof.study.plan import Plan
from editproof.study.readers.collecting import collected, write_readings
from editproof.study.readers.drawing import Design
from editproof.study.readers.key import Key, read_key
from editproof.study.readers.order import arranged
from editproof.study.readers.pictures import alike
from editproof.study.readers.questions import read_questions
from editproof.study.suppliers import EditorSupplier
from hypothesis import given, settings
from hypothesis import strategies as st

QUESTIONS = """
instructions = "Say what you see."
[[question]]
quantity = "nodule"
text = "How sure are you that there is a nodule?"
least = 0
most = 100
[[question]]
quantity = "quality"
text = "How good is the image?"
least = 0
most = 4
step = 1
labels = {"0" = "useless"}
"""
N, AGAIN = 12, 3


def write_cohort(folder: Path, n: int = 20) -> None:
    """Drawn images with names and ids that a form must not show."""
    folder.mkdir()
    rows = ["case_id,patient_id,image,edit_mask,protected_mask,reference:nodule [probability 0..1]"]
    mask = np.zeros((40, 32), np.uint8)
    mask[:8, :8] = 255
    cv2.imwrite(str(folder / "edit.png"), mask)
    cv2.imwrite(str(folder / "keep.png"), 255 - mask)
    for i in range(n):
        image = np.random.default_rng(i).integers(0, 250, (40, 32)).astype(np.uint8)
        cv2.imwrite(str(folder / f"secret{i}.png"), image)
        rows.append(f"SECRETCASE{i},SECRETPATIENT{i},secret{i}.png,edit.png,keep.png,{i % 2}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The folder of a study drawn by the command: images, store, forms for two readers, key beside them."""
    root = tmp_path_factory.mktemp("readers")
    write_cohort(root / "images")
    (root / "questions.toml").write_text(QUESTIONS)
    spec = f"folder:{root / 'images'}?masks=files"
    words = [
        "readers", "draw", "--editor", "destructive", "--dataset", spec, "--store", str(root / "store"), "--repeats", "1",
        "--readers", "Ana,Ben", "--questions", str(root / "questions.toml"), "--n", str(N), "--again", str(AGAIN),
        "--gap", "4", "--out", str(root / "forms"),
    ]  # fmt: skip
    assert main(words) == 4, "no edit is in the store yet"
    assert not (root / "forms").exists()
    from editproof.datasets.registry import dataset_from_spec

    bench = Bench(EditorSupplier("destructive"), (), root / "store", Plan(repeats=1))
    list(bench.edited(list(dataset_from_spec(spec))))
    assert main(words) == 0
    return root


@pytest.fixture(scope="module")
def key(study) -> Key:
    return read_key(study / "forms.key.json")


def pixels(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def form_data(path: Path) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL)[1])


def test_every_reader_meets_every_image_and_some_twice(key):
    for reader in ("Ana", "Ben"):
        own = [item for item in key.items if item.reader == reader]
        met = Counter((item.case, item.arm) for item in own)
        assert len(own) == 2 * (N + AGAIN)
        assert sorted(met.values()) == [1] * 2 * (N - AGAIN) + [2] * 2 * AGAIN
        assert [item.place for item in own] == list(range(1, len(own) + 1))
        assert {item.reading for item in own} == {1, 2}
    assert len({item.image for item in key.items}) == len(key.items)
    orders = [[(i.case, i.arm) for i in key.items if i.reader == reader] for reader in ("Ana", "Ben")]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_images_of_one_case_are_far_apart_and_in_different_sittings(key):
    for reader in key.readers:
        places: dict[str, list] = {}
        for item in key.items:
            if item.reader == reader:
                places.setdefault(item.case, []).append(item)
        for own in places.values():
            gaps = np.diff(sorted(item.place for item in own))
            assert gaps.min() > key.gap
            assert Counter(item.sitting for item in own) == dict.fromkeys((1, 2), len(own) // 2)


def test_neither_form_nor_sheet_unblinds(study, key):
    files = sorted((study / "forms").iterdir())
    assert [file.name for file in files] == ["Ana.csv", "Ana.html", "Ben.csv", "Ben.html"]
    for file in files:
        text = file.read_text()
        for word in ("secret", "destructive", "original", "edited", "repeat", str(study), "patient"):
            assert word not in text.lower(), f"{word} in {file.name}"
    for reader in key.readers:
        shown = form_data(study / "forms" / f"{reader}.html")["images"]
        own = [item for item in key.items if item.reader == reader]
        assert [image["code"] for image in shown] == [item.image for item in own]
        assert {tuple(sorted(image)) for image in shown} == {("code", "sitting", "src")}
        pictures = [base64.b64decode(image["src"].partition(",")[2]) for image in shown]
        assert {pixels(png).shape for png in pictures} == {(40, 32)}
        assert {chunk for png in pictures for chunk in chunks(png)} == {b"IHDR", b"IDAT", b"IEND"}
    assert re.fullmatch("[B-DF-HJ-NP-TV-XZ]{6}", key.items[0].image)


def chunks(png: bytes) -> list[bytes]:
    """Names of the parts of a PNG: no text, no time, no profile."""
    names, at = [], 8
    while at < len(png):
        names.append(png[at + 4 : at + 8])
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return names


def test_behind_a_code_is_the_image_that_the_key_says(study, key):
    shown = {image["code"]: image["src"] for image in form_data(study / "forms" / "Ana.html")["images"]}
    for item in key.items:
        if item.reader == "Ana":
            found = pixels(base64.b64decode(shown[item.image].partition(",")[2]))
            original = cv2.imread(str(study / "images" / f"secret{item.case.removeprefix('SECRETCASE')}.png"), -1)
            assert np.array_equal(found, original) is (item.arm == "original")


def test_the_key_is_of_its_owner_alone_and_is_never_replaced(study, capsys):
    assert (study / "forms.key.json").stat().st_mode & 0o077 == 0
    again = ["readers", "draw", "--editor", "destructive", "--dataset", f"folder:{study / 'images'}?masks=files"]
    again += ["--store", str(study / "store"), "--repeats", "1", "--readers", "Ana", "--n", "4", "--gap", "1"]
    again += ["--questions", str(study / "questions.toml")]
    for out, more, words in (
        ("forms", [], "there is something in it"),
        ("other", ["--key", str(study / "forms.key.json")], "a key is never replaced"),
        ("other", ["--key", str(study / "other" / "key.json")], "readers get that folder"),
    ):
        assert main([*again, "--out", str(study / out), *more]) == 4
        assert words in capsys.readouterr().err
    cases = (study / "forms.key.cases.csv").read_text().splitlines()
    assert cases[0].startswith("case,patient,reference:nodule")
    assert len(cases) == N + 1


def filled(root: Path, key: Key, reader: str, into: Path, **changes) -> Path:
    """A reader's sheet with a nodule of 10 on every original and 30 on every edit; quality 3, but for the last image."""
    rows = list(csv.DictReader((root / "forms" / f"{reader}.csv").open()))
    arm = {item.image: item.arm for item in key.items}
    for row in rows:
        row["nodule"] = "10" if arm[row["image"]] == "original" else "30"
        row["quality"] = "3"
    rows[-1]["quality"] = " "
    for column, value in changes.items():
        rows[2][column] = value
    path = into / f"{reader}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_answers_come_back_as_a_table_of_readings(study, key, tmp_path, capsys):
    files = [filled(study, key, reader, tmp_path) for reader in ("Ana", "Ben")]
    out = tmp_path / "readings.csv"
    words = ["readers", "collect", *map(str, files), "--key", str(study / "forms.key.json"), "-o", str(out)]
    assert main(words) == 0
    each = 2 * 2 * (N + AGAIN)
    assert f"Ana: {each - 1} of {each} questions answered, 1 missing" in capsys.readouterr().out
    rows = list(csv.DictReader(out.open()))
    assert len(rows) == 2 * each
    assert Counter(row["value"] for row in rows if row["quantity"] == "nodule") == {
        "10.0": each // 2,
        "30.0": each // 2,
    }
    assert all((row["value"] == "10.0") is (row["arm"] == "original") for row in rows if row["quantity"] == "nodule")
    assert Counter(row["value"] for row in rows if row["quantity"] == "quality") == {"3.0": each - 2, "": 2}
    assert {(row["status"], row["value"] == "") for row in rows} == {("ok", False), ("", True)}
    assert Counter(row["reading"] for row in rows) == {"1": 8 * N, "2": 8 * AGAIN}
    assert {(row["arm"], row["tool"]) for row in rows} == {("original", ""), ("edited", "destructive")}


def test_a_reader_who_sent_nothing_is_left_out_by_name_or_not_at_all(study, key, tmp_path, capsys):
    file = filled(study, key, "Ana", tmp_path)
    with pytest.raises(EvidenceError, match=r"answers of Ben: none to nodule\. Add the file of Ben, or leave"):
        collected(key, [file])
    with pytest.raises(EvidenceError, match="without Cyd: the key has no such reader"):
        collected(key, [file], ["Cyd"])
    out = tmp_path / "out.csv"
    words = ["readers", "collect", str(file), "--key", str(study / "forms.key.json"), "-o", str(out)]
    assert main([*words, "--without", "Ben"]) == 0
    assert "left out altogether: Ben" in capsys.readouterr().out
    assert {row["reader"] for row in csv.DictReader(out.open())} == {"Ana"}


def test_what_readers_left_out_is_missing_where_it_is_judged(study, key, tmp_path):
    """Ana and Ben leave the quality of one image out; the table is judged all the same, and counts both as missing."""
    files = [filled(study, key, reader, tmp_path) for reader in key.readers]
    write_readings(tmp_path / "readings.csv", collected(key, files))
    table = readings_in(tmp_path / "readings.csv", layout_of(), study / "forms.key.cases.csv")
    measured = ReadingsOfCohort(table, key.tool).measurements(key.tool)
    lacking = [item for item in key.items if item.place == 2 * (N + AGAIN)]
    assert len(lacking) == len(key.readers)
    raw = reader_drift("quality", least=0, most=4).raw(measured)
    before = np.isnan(raw.before[:, :, 0]).sum()
    assert raw.missing.sum() + before == len(lacking), "a second reading that was left out is missing too"
    pooled = prediction_change("quality", unit="points").raw(measured)
    first = {(item.case, item.arm) for item in lacking if item.reading == 1}
    assert pooled.missing.sum() + np.isnan(pooled.original).sum() == len(first)
    assert reader_drift("nodule", least=0, most=100).estimate(measured).reason.startswith("too few patients: 12")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": "BBBBBB"}, "line 4: the key knows no image 'BBBBBB'"),
        ({"nodule": "101"}, "'101'. The scale goes from 0 to 100"),
        ({"nodule": "many"}, "is 'many'"),
        ({"nodule": "nan"}, "is 'nan'"),
        ({"quality": "2.5"}, "The scale goes from 0 to 4 in steps of 1"),
        ({"study": "000000000000"}, "a sheet of study '000000000000', and the key is of"),
    ],
)
def test_what_is_wrong_with_answers_is_said_in_one_line(study, key, tmp_path, changes, words):
    file = filled(study, key, "Ana", tmp_path, **changes)
    with pytest.raises(EvidenceError, match=re.escape(words)) as found:
        collected(key, [file])
    assert "\n" not in str(found.value)
    assert file.name in str(found.value)


def test_an_image_answered_twice_or_by_two_readers_is_refused(study, key, tmp_path):
    file = filled(study, key, "Ana", tmp_path)
    with pytest.raises(EvidenceError, match=r"was answered already, in answers .*line 2"):
        collected(key, [file, file])
    other = next(item.image for item in key.items if item.reader == "Ben")
    with pytest.raises(EvidenceError, match=r"is of Ben, those before are of Ana\. Give each reader's"):
        collected(key, [filled(study, key, "Ana", tmp_path, image=other)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there are none in it"),
        ("study,image,nodule\nx,y,1\n", "no column 'quality'"),
        (b"\xff\xfe\x00", "cannot be"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(key, tmp_path, text, words):
    file = tmp_path / "x.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(EvidenceError, match=words):
        collected(key, [file])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "it cannot be read"),
        ("instructions = 'a'", "question is missing"),
        (QUESTIONS.replace("least = 0", "leest = 0", 1), "unknown field 'leest'"),
        (QUESTIONS.replace("most = 4", "most = 4.5"), "quality has a scale from 0 to 4.5"),
        (QUESTIONS.replace("most = 100", "most = -1"), "nodule has a scale from 0 to -1"),
        (QUESTIONS.replace('"quality"', '"nodule"'), "nodule is asked for twice"),
        (QUESTIONS.replace('"quality"', '"image"'), "as a column of the sheet is"),
    ],
)
def test_what_is_wrong_with_questions_is_said(tmp_path, text, words):
    file = tmp_path / "q.toml"
    file.write_text(text)
    with pytest.raises(ProtocolError, match=words):
        read_questions(file)


def test_a_key_that_is_none_is_refused(tmp_path):
    for text, words in (
        ("{", "it cannot be read"),
        ("{}", "its schema is None"),
        ('{"schema": "editproof-reader-key/1"}', "mal"),
    ):
        file = tmp_path / "key.json"
        file.write_text(text)
        with pytest.raises(EvidenceError, match=words):
            read_key(file)


@pytest.mark.parametrize("readers", [(), ("a/b",), ("A", "a"), ("../x",)])
def test_readers_need_names_that_files_can_have(readers):
    with pytest.raises(ProtocolError):
        Design(readers)


@given(
    cases=st.integers(1, 30), each=st.integers(1, 4), sittings=st.integers(1, 3), gap=st.integers(0, 12),
    seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_an_order_keeps_its_gap_or_is_refused(cases, each, sittings, gap, seed):
    images = [(case, (case, image)) for case in range(cases) for image in range(each)]
    try:
        order = arranged(images, sittings=sittings, gap=gap, random=np.random.default_rng(seed))
    except EditproofError as error:
        refused = str(error)
        order = []
    else:
        refused = ""
    if refused:
        assert "Give a smaller --gap" in refused
        assert gap > 0
        return
    flat = [image for sitting in order for image in sitting]
    assert sorted(flat) == [image for _, image in images]
    for case in range(cases):
        places = [place for place, image in enumerate(flat) if image[0] == case]
        assert all(np.diff(places) > gap)
        counts = [sum(image[0] == case for image in sitting) for sitting in order]
        assert max(counts) - min(counts) <= 1


def test_which_arm_comes_first_is_drawn():
    images = [(case, (case, arm)) for case in range(200) for arm in ("original", "edited")]
    order = arranged(images, sittings=2, gap=10, random=np.random.default_rng(0))
    first = sum(arm == "original" for _, arm in order[0])
    assert 70 < first < 130


def test_pictures_of_16_bits_go_through_one_window():
    original = np.linspace(1000, 3000, 64 * 64).reshape(64, 64).astype(np.uint16)
    brighter = (original + 500).astype(np.uint16)
    shown = [pixels(png) for png in alike([original, brighter], 32)]
    assert [image.shape for image in shown] == [(32, 32)] * 2
    assert shown[0].min() < 10
    assert shown[0].max() > 245
    assert (shown[1] >= shown[0]).all()
    assert shown[1].mean() > shown[0].mean() + 30
