"""``editproof instrument``: a card held against a folder's manifest before anything is run."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from editproof.cli import main
from editproof.instruments.files import file_sha256

from .cards import onnx_bytes, written

pytest.importorskip("onnx")


@pytest.fixture
def cohort(tmp_path):
    """Three radiographs whose gray level is a tenth of their heart's width, in a folder with manifest."""
    lines = ["case_id,image,edit_mask,protected_mask,reference:heart_width [mm]"]
    mask = np.zeros((20, 16), np.uint8)
    mask[:4, :4] = 255
    cv2.imwrite(str(tmp_path / "edit.png"), mask)
    cv2.imwrite(str(tmp_path / "protected.png"), 255 - mask)
    for index in range(3):
        image = np.full(mask.shape, 10 + index, np.uint8)
        image[0, :2] += np.array([1, 255], np.uint8)  # one up, one down
        cv2.imwrite(str(tmp_path / f"{index}.png"), image)
        lines.append(f"C{index},{index}.png,edit.png,protected.png,{100 + 10 * index}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n")
    return f"folder:{tmp_path}"


def card(folder, unit="mm", **fields):
    (folder / "model").mkdir(exist_ok=True)
    return str(
        written(
            folder / "model",
            {"m.onnx": onnx_bytes()},
            quantities=[{"name": "heart_width", "unit": unit}],
            outputs={"heart_width": {"scale": 2550}},
            **fields,
        )
    )


def test_it_says_what_a_card_reads_on_the_first_cases(tmp_path, cohort, capsys):
    assert main(["instrument", card(tmp_path), "--dataset", cohort, "--n", "2"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "reads: heart_width (mm)"
    assert said[-2:] == ["C0: heart_width 100 mm (reference 100)", "C1: heart_width 110 mm (reference 110)"]


def test_it_says_loudly_where_a_card_has_no_floor(tmp_path, capsys):
    assert main(["instrument", card(tmp_path)]) == 0
    assert "must reach on the originals, heart_width: NO FLOOR: no run will say whether" in capsys.readouterr().out
    assert main(["instrument", card(tmp_path, floors={"heart_width": {"mae_at_most": 8}})]) == 0
    said = capsys.readouterr().out
    assert "must reach on the originals, heart_width: mae_at_most 8" in said
    assert "NO FLOOR" not in said


UNREAD = {
    "half a column": {"outputs": {"heart_width": {"index": 0.5}}},
    "activation a list": {"outputs": {"heart_width": {"activation": ["exp"]}}},
    "quantity a number": {"quantities": [{"name": 3, "unit": "mm"}], "outputs": {}},
    "scale a text": {
        "covariates": ["sex"],
        "inputs": {"image": "pixels", "covariates": {"sex": {"input": "male", "scale": "x"}}},
    },
    "columns a text": {"runtime": "table", "table": {"file": "m.onnx", "columns": "x"}, "outputs": None},
}


@pytest.mark.parametrize("fields", UNREAD.values(), ids=UNREAD)
def test_a_card_that_cannot_be_followed_is_one_line(tmp_path, cohort, capsys, fields):
    (tmp_path / "model").mkdir()
    path = written(tmp_path / "model", {"m.onnx": onnx_bytes()}, **fields)
    assert main(["instrument", str(path), "--dataset", cohort]) == 4
    said = capsys.readouterr()
    assert not said.out
    assert len(said.err.strip().splitlines()) == 1


def test_a_card_of_another_unit_is_one_line(tmp_path, cohort, capsys):
    assert main(["instrument", card(tmp_path, "cm"), "--dataset", cohort]) == 4
    assert "it reads heart_width in cm, the cohort's reference standard is in mm" in capsys.readouterr().err


def test_it_writes_the_digests_of_the_files_into_the_card(tmp_path, capsys):
    """Of a card without any, those of the models beside it; of one whose file was changed, the new one."""
    path = card(tmp_path, sha256=None, notes="kept")
    assert main(["instrument", path]) == 4
    assert main(["instrument", path, "--write-digests"]) == 0
    digest = file_sha256(tmp_path / "model" / "m.onnx")
    assert f"sha256 of m.onnx: {digest} (was not there)" in capsys.readouterr().out
    told = json.loads((tmp_path / "model" / "card.json").read_text())
    assert (told["sha256"], told["notes"]) == ({"m.onnx": digest}, "kept")
    (tmp_path / "model" / "m.onnx").write_bytes(onnx_bytes(columns=2))
    assert main(["instrument", path]) == 4
    main(["instrument", path, "--write-digests"])
    assert f"(was {digest})" in capsys.readouterr().out
    assert json.loads((tmp_path / "model" / "card.json").read_text())["sha256"] != told["sha256"]


@pytest.mark.parametrize("text", ["[]", "{", '{"sha256": {"../other.onnx": ""}}', "{}"])
def test_digests_of_what_is_no_card_are_not_written(tmp_path, capsys, text):
    (tmp_path / "other.onnx").write_text("x")
    (tmp_path / "card").mkdir()
    path = tmp_path / "card" / "card.json"
    path.write_text(text)
    assert main(["instrument", str(path), "--write-digests"]) == 4
    assert capsys.readouterr().err.startswith("editproof: digests of")
    assert path.read_text() == text
