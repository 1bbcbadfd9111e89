from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from editproof.cli import STOPPED, main
from editproof.core import records
from editproof.datasets.index.leakage import training_at
from editproof.datasets.index.likeness import (
    NEAR_BITS,
    differing_bits,
    inverted,
    near_pairs,
    perceptual_hash,
    thumbnail,
)
from editproof.datasets.index.reading import index_at
from editproof.datasets.index.writing import index_of, spec_of
from editproof.datasets.reading import CohortReading
from editproof.datasets.registry import dataset_from_spec
from editproof.datasets.rsna.split import split_of
from editproof.errors import DatasetError
from editproof.phantoms.phantom import cohort as phantoms
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets.conftest import png, radiograph, write_manifest, zipped


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return [case.decode().image for case in phantoms(40, 5, stream="test")]


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


COPIES = {
    "jpeg": lambda image: jpeg(image, 80),
    "smaller": lambda image: cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "brighter": lambda image: np.clip(image * 1.05, 0, 255).astype(np.uint8),
    "deeper": lambda image: image.astype(np.uint16) * 257,
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_stored_anew_is_near(images, copy):
    distances = [differing_bits(perceptual_hash(image), perceptual_hash(COPIES[copy](image))) for image in images]
    assert np.mean(np.array(distances) <= NEAR_BITS) > 0.97


def test_different_patients_are_not_near(images):
    hashes = [perceptual_hash(image) for image in images]
    assert list(near_pairs(hashes)) == []
    assert list(near_pairs([])) == []


@given(st.lists(st.integers(0, 2**256 - 1), min_size=2, max_size=12), st.integers(0, 256))
def test_pairs_are_those_that_counting_bits_finds(numbers, most):
    hashes = [f"{number:064x}" for number in numbers]
    bits = {
        (a, b): f"{numbers[a] ^ numbers[b]:b}".count("1") for a in range(len(hashes)) for b in range(a + 1, len(hashes))
    }
    assert {pair: differing_bits(*(hashes[place] for place in pair)) for pair in bits} == bits
    found = list(near_pairs(hashes, most))
    assert set(found) == {(*pair, count) for pair, count in bits.items() if count <= most}
    assert len(found) == len(set(found))


@pytest.fixture
def messy(tmp_path, images):
    """Two sound cases, a copy of one, near copies of another patient and of the same one, and a damaged file."""
    pictures = {
        "a": images[0], "b": images[1], "twin": images[0], "near": jpeg(images[1], 80), "again": jpeg(images[0], 80),
    }  # fmt: skip
    rows = []
    patients = {"a": "P1", "b": "P2", "twin": "P3", "near": "P4", "again": "P1", "cut": "P5"}
    for name, picture in pictures.items():
        (tmp_path / f"{name}.png").write_bytes(png(picture))
    (tmp_path / "cut.png").write_bytes(png(images[2])[:4000])
    for name, patient in patients.items():
        row = {"case_id": name, "patient_id": patient, "image": f"{name}.png", "bone_age": 100, "sex": "MF"[name > "b"]}
        rows.append(row)
    return write_manifest(tmp_path, rows)


def test_index_says_what_it_excludes_and_why(messy):
    index = index_of(str(messy))
    excluded = {entry.case: (entry.kinds, entry.why) for entry in index.excluded}
    assert set(excluded) == {"twin", "near", "cut"}
    assert excluded["twin"] == (("duplicate",), ("its pixels are those of a",))
    assert excluded["near"][0] == ("near-duplicate of another patient",)
    assert "b of another patient" in excluded["near"][1][0]
    assert excluded["cut"][0] == ("not sound",)
    assert "damaged" in excluded["cut"][1][0]
    assert [case.case for case in index.cases] == ["a", "b", "again"]
    assert (index.cohort.cases, index.cohort.patients) == (3, 2)
    assert index.balance["sex"] == {"M": 3}
    assert any("1 pairs of nearly equal pictures are of one patient" in note for note in index.notes)


def test_no_positive_is_taken_for_a_negative(images):
    thumbnails = [thumbnail(image) for image in images]
    assert inverted(thumbnails) == []
    assert inverted([thumbnail(255 - image) for image in images]) == [], "a whole cohort tells nothing"
    for place in range(0, 40, 8):
        assert inverted([*thumbnails[:place], -thumbnails[place], *thumbnails[place + 1 :]]) == [place]
    few = thumbnails[:18]
    assert inverted([*few, -thumbnails[19]]) == [], "too few to have a middle"
    assert inverted([*thumbnails, thumbnail(np.zeros((9, 9), np.uint8))]) == [], "a flat image has no sense"


def test_a_study_leaves_out_what_the_index_excludes(messy, tmp_path, capsys):
    with pytest.raises(DatasetError, match="damaged"):
        dataset_from_spec(f"folder:{messy}")
    out, link = tmp_path / "cohort.json", tmp_path / "link.csv"
    assert main(["dataset", "index", str(messy), "--out", str(out), "--link", str(link)]) == 0
    said = capsys.readouterr().out
    assert "3 cases of 2 patients, 3 excluded" in said
    assert "twin: its pixels are those of a" in said
    assert "again,again.png" in link.read_text()
    cohort = dataset_from_spec(f"folder:{messy}?index={out}")
    assert [case.case_id for case in cohort] == ["a", "b", "again"]
    assert any("3 of 6 cases were left out by cohort.json: 1 duplicate, " in words for words in cohort.card.warnings)
    (messy / "b.png").write_bytes(png(radiograph(8)))
    with pytest.raises(DatasetError, match="1 changed since: b"):
        dataset_from_spec(f"folder:{messy}?index={out}")


@pytest.mark.parametrize(
    ("column", "cell"), [("bone_age", "101"), ("patient_id", "P9"), ("site", "Basel"), ("sex", "")]
)
def test_a_label_patient_or_stratum_that_changed_is_noticed(tmp_path, images, column, cell):
    rows = []
    for name, image in zip("ab", images[:2], strict=True):
        (tmp_path / f"{name}.png").write_bytes(png(image))
        row = {"case_id": name, "patient_id": f"P{name}", "image": f"{name}.png", "bone_age": 100, "sex": "M"}
        rows.append(row | {"site": "Bern"})
    (tmp_path / "i.json").write_text(json.dumps(records.json_of_record(index_of(str(write_manifest(tmp_path, rows))))))
    assert len(dataset_from_spec(f"folder:{tmp_path}?index={tmp_path / 'i.json'}")) == 2
    rows[1][column] = cell
    write_manifest(tmp_path, rows)
    with pytest.raises(DatasetError, match="1 changed since: b"):
        dataset_from_spec(f"folder:{tmp_path}?index={tmp_path / 'i.json'}")


def test_an_index_that_is_there_is_not_written_over(messy, tmp_path, capsys):
    out = tmp_path / "cohort.json"
    out.write_text("mine")
    assert main(["dataset", "index", str(messy), "--out", str(out)]) == 4
    assert "it is there already" in capsys.readouterr().err
    assert out.read_text() == "mine"


@pytest.mark.parametrize("text", ["", "{}", '{"schema": 9}', '{"schema": 2}', "[1]"])
def test_index_that_is_none(messy, tmp_path, text):
    (tmp_path / "i.json").write_text(text)
    with pytest.raises(DatasetError, match=r"the index .*i\.json"):
        dataset_from_spec(f"folder:{messy}?index={tmp_path / 'i.json'}")


def card(path, **training):
    path.write_text(json.dumps({"name": "reader", "training_data": "", **training}))
    return path


def sha(name):
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.mark.parametrize(
    "cases", [{"ids": ["P2"]}, {"ids": ["b"]}, {"sha256_of_ids": [sha("P2")]}, {"sha256_of_ids": [sha("b").upper()]}]
)
def test_patients_that_an_instrument_was_trained_on_are_excluded(messy, tmp_path, cases):
    index = index_of(str(messy), [card(tmp_path / "card.json", training_cases=cases)])
    kinds = {entry.case: list(entry.kinds) for entry in index.excluded}
    assert kinds["b"] == ["trained on"]
    assert "a" not in kinds


def test_every_image_of_a_trained_patient_goes(messy, tmp_path):
    index = index_of(str(messy), [card(tmp_path / "card.json", training_cases={"ids": ["again"]})])
    assert {e.case for e in index.excluded if "trained on" in e.kinds} == {"a", "again"}


def test_the_index_of_a_training_set_tells_copies(messy, tmp_path, images):
    training = tmp_path / "training"
    training.mkdir()
    (training / "x.png").write_bytes(png(jpeg(images[1], 90)))
    (training / "y.png").write_bytes(png(images[0]))
    (tmp_path / "trained.json").write_text(
        json.dumps(records.json_of_record(index_of(f"folder:{training}?names=stem")))
    )
    why = {e.case: e.why for e in index_of(str(messy), [tmp_path / "trained.json"]).excluded}
    assert "a near-duplicate of it is in trained.json" in why["b"]
    assert "its pixels are in trained.json" in why["a"]


def test_the_split_rule_of_a_card_speaks_of_rsna_alone(messy, rsna_folder, tmp_path):
    told = card(tmp_path / "card.json", training_data="RSNA; split by editproof.datasets.rsna.split (80/8/12 %)")
    index = index_of(f"rsna:{rsna_folder()}", [told])
    seen = {name for name in ("1377", "1378", "1380") if split_of(name) == "train"}
    assert {e.case for e in index.excluded if "trained on" in e.kinds} == seen != set()
    index = index_of(str(messy), [told])
    assert not any("trained on" in entry.kinds for entry in index.excluded)
    assert any("says nothing of this cohort" in note for note in index.notes)
    silent = card(tmp_path / "silent.json")
    assert any("leakage cannot be detected" in note for note in index_of(str(messy), [silent]).notes)


def test_the_shipped_card_tells_its_split():
    assert training_at(Path(__file__).parents[2] / "models" / "rsna100" / "card.json").by_rule


def test_dicom_names_are_compared_and_not_kept(tmp_path, images):
    pytest.importorskip("pydicom", reason="needs the extra dicom")
    from tests.datasets.dicoms import HIDDEN, radiograph_file, written

    for number in (1, 2):
        written(radiograph_file(images[number], number), tmp_path / "d" / f"{number}.dcm")
    (tmp_path / "d" / "3.dcm").write_bytes(b"x" * 500)
    reading = CohortReading()
    index = index_of(
        str(tmp_path / "d"), [card(tmp_path / "card.json", training_cases={"ids": [f"{HIDDEN}2"]})], reading=reading
    )
    kinds = {entry.case: list(entry.kinds) for entry in index.excluded}
    assert sorted(kinds.values()) == [["not sound"], ["trained on"]]
    assert HIDDEN not in json.dumps(records.json_of_record(index))
    assert sorted(reading.files.values()) == ["1.dcm", "2.dcm", "3.dcm"]
    (tmp_path / "cohort.json").write_text(json.dumps(records.json_of_record(index)))
    assert len(dataset_from_spec(f"dicom:{tmp_path / 'd'}?index={tmp_path / 'cohort.json'}")) == 1


def test_spec_of_a_folder(tmp_path, rsna_folder):
    assert spec_of("rsna:x?n=3") == "rsna:x?n=3"
    assert spec_of(str(rsna_folder())).startswith("rsna:")
    plain = tmp_path / "plain"
    plain.mkdir()
    with pytest.raises(DatasetError, match="no manifest, DICOM or image in it"):
        spec_of(str(plain))
    (plain / "a.png").write_bytes(png(radiograph()))
    assert spec_of(str(plain)) == f"folder:{plain}?names=stem"
    assert spec_of(f"{plain}?masks=files") == f"folder:{plain}?masks=files&names=stem"
    assert spec_of(f"{plain}?names=grazpedwri&masks=files") == f"folder:{plain}?names=grazpedwri&masks=files"
    assert len(index_of(f"{plain}?masks=files").cases) == 1
    write_manifest(plain, [{"case_id": "a", "image": "a.png"}])
    assert spec_of(str(plain)) == f"folder:{plain}"
    packed = tmp_path / "packed"
    packed.mkdir()
    zipped(plain, packed / "A.ZIP")
    for asked, found in ((packed, "1 file: .zip 1"), (packed / "A.ZIP", "a file of kind .zip")):
        with pytest.raises(DatasetError, match=found):
            spec_of(str(asked))
    zipped(tmp_path / "rsna", packed / "B.ZIP")
    assert spec_of(str(packed)) == f"rsna:{packed}"
    assert spec_of(str(packed / "B.ZIP")) == f"rsna:{packed / 'B.ZIP'}"
    with pytest.raises(DatasetError, match="no such folder"):
        spec_of("nowhere")


def test_an_rsna_row_without_its_image_is_excluded(rsna_folder, tmp_path):
    root = rsna_folder()
    (root / "boneage-training-dataset" / "1378.png").unlink()
    index = index_of(f"rsna:{root}")
    (entry,) = [entry for entry in index.excluded if entry.case == "1378"]
    assert entry.kinds == ("not sound",)
    (tmp_path / "i.json").write_text(json.dumps(records.json_of_record(index)))
    left = [case.case for case in index.cases]
    assert [case.case_id for case in dataset_from_spec(f"rsna:{root}?index={tmp_path / 'i.json'}")] == left


SOUND = {"case": "x", "patient": "y", "pixels": "0" * 64, "hash": "f" * 64}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"training_cases": ["A1"]}, "training_cases is ['A1']"),
        ({"training_cases": None}, "training_cases is None"),
        ({"training_cases": "A1"}, "training_cases is 'A1'"),
        ({"training_cases": {"ids": "A1"}}, "training_cases.ids is 'A1'"),
        ({"training_cases": {"ids": None}}, "training_cases.ids is None"),
        ({"training_cases": {"ids": [1]}}, "training_cases.ids[0] is 1"),
        (
            {"training_cases": {"sha256_of_ids": ["A1"]}},
            "training_cases.sha256_of_ids[0] is 'A1'. Write 64 hexadecimal digits",
        ),
        ({"schema": 1, "cases": [SOUND, {**SOUND, "patient": None}]}, "cases[1].patient is None"),
        ({"schema": 1, "cases": ["A1"]}, "cases[0] is 'A1'. Write a mapping of case, patient, pixels, hash"),
        ({"schema": 1, "cases": {}}, "cases is {}"),
        (
            {"schema": 1, "cases": [{**SOUND, "hash": "nothex"}]},
            "cases[0].hash is 'nothex'. Write 64 hexadecimal digits",
        ),
    ],
)
def test_training_cases_in_another_form_are_one_clear_error(tmp_path, told, found):
    with pytest.raises(DatasetError) as caught:
        training_at(card(tmp_path / "card.json", **told))
    assert found in str(caught.value)
    assert caught.value.advice


def editproof(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "editproof.cli", *map(str, arguments)], **options)


def test_who_stops_reading_ends_the_command_without_a_traceback(messy, tmp_path):
    arguments = ("dataset", "index", messy, "--out", tmp_path / "o.json")
    process = editproof(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == STOPPED
    assert (tmp_path / "o.json").exists(), "what was asked for is written before it is told"
    assert "Broken" not in said
    assert "Traceback" not in said


def test_a_pipe_that_breaks_elsewhere_is_no_reader_that_stopped(monkeypatch):
    monkeypatch.setattr("editproof.cli._exit_code", lambda arguments: (_ for _ in ()).throw(BrokenPipeError))
    with pytest.raises(BrokenPipeError):
        main([])


def test_nothing_is_written_where_the_link_cannot_be(messy, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    out = tmp_path / "o.json"
    assert main(["dataset", "index", str(messy), "--out", str(out), "--link", str(tmp_path / "file" / "l.csv")]) == 4
    assert "its folder cannot be made" in capsys.readouterr().err
    assert (
        main(["dataset", "index", str(messy), "--out", str(out), "--link", str(tmp_path / "x" / ".." / "o.json")]) == 4
    )
    assert "--out and --link name one file" in capsys.readouterr().err
    assert not out.exists()
    link = tmp_path / "new" / "folder" / "l.csv"
    assert main(["dataset", "index", str(messy), "--out", str(out), "--link", str(link)]) == 0
    assert link.exists()


@pytest.mark.parametrize("name", ["a+b.json", "a&b.json", "a%2Bb.json", "a b.json"])
def test_the_hint_can_be_pasted(messy, tmp_path, capsys, name):
    assert main(["dataset", "index", f"{messy}?masks=files", "--out", str(tmp_path / name)]) == 0
    (spec,) = re.findall('--dataset "(.*)"', capsys.readouterr().out)
    assert spec.startswith(f"folder:{messy}?masks=files&index=")
    cohort = dataset_from_spec(spec)
    assert [case.case_id for case in cohort] == ["a", "b", "again"]
    assert cohort[0].decode().protected_mask.all(), "the option was kept"


def test_a_plus_sign_in_a_specification_is_one(messy, tmp_path):
    (tmp_path / "a+b.json").write_text(json.dumps(records.json_of_record(index_of(str(messy)))))
    for sign in ("+", "%2B"):
        assert len(dataset_from_spec(f"folder:{messy}?index={tmp_path}/a{sign}b.json")) == 3


def test_the_hint_names_the_reader_that_indexed(tmp_path, capsys, images):
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "a.png").write_bytes(png(images[0]))
    arguments = ["dataset", "index", str(bare), "--out", str(bare / "i.json"), "--link", str(bare / "link.csv")]
    assert main(arguments) == 0
    assert f'--dataset "folder:{bare}?names=stem&index={bare}/i.json"' in capsys.readouterr().out


FAULTS = {
    "an earlier schema": ({"schema": 1}, "an index of schema editproof-index/1 is read by editproof 0.1; this is"),
    "a later schema": ({"schema": 3}, "an index of schema editproof-index/3 is read by a later editproof; this is"),
    "no schema": ({"schema": "x"}, "its schema is 'x', not 'editproof-index/2'"),
    "true for one": ({"schema": True}, "its schema is True"),
    "a count of text": ({"cohort": {"name": "n", "cases": "3", "patients": 2}}, "cohort.cases is '3'. Write a whole"),
    "a digest cut off": ({"cases": [{"pixels": "ab"}]}, "cases[0].case is missing"),
    "a misspelt field": ({"exluded": []}, "an unknown field 'exluded'. Did you mean 'excluded'?"),
    "a share of 2": ("share", "cases[0].edit_share is 2. Write a share from 0 to 1"),
}


@pytest.mark.parametrize(("change", "found"), FAULTS.values(), ids=FAULTS)
def test_the_fault_of_an_index_is_named(messy, tmp_path, change, found):
    told = records.json_of_record(index_of(str(messy)))
    if change == "share":
        told["cases"][0]["edit_share"] = 2
        change = {}
    (tmp_path / "i.json").write_text(json.dumps(told | change))
    with pytest.raises(DatasetError) as caught:
        dataset_from_spec(f"folder:{messy}?index={tmp_path / 'i.json'}")
    assert found in str(caught.value)
    assert "editproof dataset index" in caught.value.advice


def test_an_index_is_read_as_it_was_written(messy, tmp_path):
    index = index_of(str(messy))
    (tmp_path / "i.json").write_text(json.dumps(records.json_of_record(index)))
    assert index_at(tmp_path / "i.json") == index
