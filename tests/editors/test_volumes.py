"""Volumes through tools: programs and folders by NIfTI, tools of images slice by slice, and what they may not bring back."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from editproof.editing.edits import Edits, Terms
from editproof.editors.adapter import checked
from editproof.editors.registry import editor_from_spec
from editproof.editors.wrappers import wrapped
from editproof.errors import EditorError
from editproof.imaging.axes import YX, ZYX
from editproof.imaging.nifti import nifti_bytes
from editproof.phantoms.heads import SPACING, head
from editproof.testing import check_editor
from editproof.types import EditRequest

HEAD = head(3)
REQUEST = EditRequest(HEAD.volume, HEAD.face, "", 0, 0, "A", spacing_mm=SPACING)

DEFACING = """
import sys
import nibabel
import numpy as np
image, mask = nibabel.load(sys.argv[1]), nibabel.load(sys.argv[2])
voxels = np.asarray(image.dataobj).copy()
voxels[np.asarray(mask.dataobj) > 0] = -1000
assert [round(float(step), 3) for step in image.header.get_zooms()] == [5, 5, 6]
affine = np.eye(4) if "nowhere" in sys.argv else image.affine
kind = np.float64 if "wide" in sys.argv else voxels.dtype
voxels = voxels[:-1] if "short" in sys.argv else voxels + (0.5 if "half" in sys.argv else 0)
nibabel.save(nibabel.Nifti1Image(voxels.astype(np.float32 if "half" in sys.argv else kind), affine), sys.argv[3])
"""


def program(folder: Path, *words: str) -> str:
    (folder / "deface.py").write_text(DEFACING)
    line = shlex.join([sys.executable, str(folder / "deface.py")])
    return f"cmd:volumes=yes {line} {{image}} {{mask}} {{output}} {' '.join(words)}"


@pytest.mark.parametrize("words", [(), ("wide",)])
def test_a_program_gets_nifti_and_gives_it_back(tmp_path, words):
    editor = editor_from_spec(program(tmp_path, *words))
    assert editor.service.axes == (ZYX,)
    outcome = editor(REQUEST)
    assert outcome.status == "ok", outcome.message
    assert outcome.image is not None
    assert outcome.image.dtype == np.int16
    assert np.array_equal(outcome.image, np.where(HEAD.face, -1000, HEAD.volume))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("nowhere", "corner"),
        ("short", "asked for 16x40x36 voxels, got 16x40x35"),
        ("half", "asked for int16 pixels, got float32"),
    ],
)
def test_what_a_program_may_not_give_back(tmp_path, word, said):
    outcome = editor_from_spec(program(tmp_path, word))(REQUEST)
    assert outcome.status == "malformed"
    assert said in outcome.message


def test_a_program_of_volumes_has_no_alpha(tmp_path):
    with pytest.raises(EditorError, match="no alpha"):
        editor_from_spec(program(tmp_path).replace("volumes=yes", "volumes=yes mask=alpha"))


def test_edits_made_elsewhere_come_as_nifti_in_any_orientation(tmp_path):
    edited = np.where(HEAD.face, -1000, HEAD.volume).astype(np.int16)
    image = nibabel.Nifti1Image.from_bytes(__import__("gzip").decompress(nifti_bytes(edited, SPACING)))
    nibabel.save(image.as_reoriented(np.array([[2, -1], [0, 1], [1, -1]])), tmp_path / "A_1.nii.gz")
    (tmp_path / "B.NII.GZ").write_bytes(nifti_bytes(edited, (1.0, 1.0, 1.0)))
    editor = editor_from_spec(f"folder:{tmp_path}")
    outcome = editor(REQUEST)
    assert outcome.status == "ok", outcome.message
    assert np.array_equal(outcome.image, edited)
    assert "its spacing is" in editor(replace(REQUEST, case_id="B")).message


def brightest(request: EditRequest) -> np.ndarray:
    """A tool of gray images: paints the mask with the greatest level of the slice."""
    edited = request.image.copy()
    edited[request.edit_mask] = request.image.max()
    return edited


def test_a_tool_of_images_goes_through_a_volume_slice_by_slice():
    editor = checked(wrapped("slices", "", checked(brightest)))
    assert editor.service.axes == (ZYX,)
    wanted = HEAD.volume.copy()
    for plane, mask in zip(wanted, HEAD.face, strict=True):
        plane[mask] = plane.max()
    assert np.array_equal(editor(REQUEST).image, wanted)
    check_editor(editor)


def test_of_a_window_what_is_not_touched_keeps_its_value():
    editor = checked(wrapped("slices", "-100,100", checked(brightest)))
    found = editor(REQUEST).image
    assert found is not None
    assert np.array_equal(found[~HEAD.face], HEAD.volume[~HEAD.face]), "skull and air lie outside the window"
    assert found[HEAD.face].max() == 100
    decimal = editor(replace(REQUEST, image=HEAD.volume.astype(np.float32) / 3))
    assert np.array_equal(decimal.image[~HEAD.face], (HEAD.volume.astype(np.float32) / 3)[~HEAD.face])


def test_each_slice_is_asked_once_and_paid_once(tmp_path):
    asked = []

    def counted(request: EditRequest) -> np.ndarray:
        asked.append(request.image.shape)
        return brightest(request)

    editor = checked(wrapped("slices", "", checked(counted)))
    edits = Edits(tmp_path, Terms())
    for _ in range(2):
        (outcome,) = edits.outcomes(editor, [REQUEST])
        assert outcome.status == "ok"
    assert asked == [(40, 36)] * len(HEAD.volume)


def test_wrappers_are_refused_around_tools_of_other_images():
    def of_volumes(request: EditRequest) -> np.ndarray:
        return request.image

    of_volumes.axes = (ZYX,)
    with pytest.raises(EditorError, match=r"of_volumes takes volumes"):
        wrapped("slices", "", checked(of_volumes))
    with pytest.raises(EditorError, match=r"of_volumes takes volumes"):
        wrapped("pad", "", checked(of_volumes))
    kept = checked(wrapped("paste-back", "", checked(of_volumes)))
    assert kept.service.axes == (ZYX,)
    assert np.array_equal(kept(REQUEST).image, HEAD.volume)
    assert checked(wrapped("pad", "", checked(brightest))).service.axes == (YX,)
    with pytest.raises(EditorError, match="is not an argument of slices"):
        wrapped("slices", "5", checked(brightest))
