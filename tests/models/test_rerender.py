"""The destructive control keeps an editor's contract, repeats under a seed, and refuses weights not its own."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from editproof.errors import EditorError
from editproof.phantoms.phantom import phantom
from editproof.phantoms.spec import sampled_spec
from editproof.types import Editor, EditOutcome, EditRequest, EditStatus

from models.rerender import CARD, RSNA_CARD, editor, rsna_editor, stretched


@pytest.fixture(scope="module")
def rerender():
    return editor()


@pytest.fixture(scope="module")
def hand():
    return phantom(sampled_spec(7, 0, "study"))


def edited(tool: Editor, image: np.ndarray, seed: int = 0) -> EditOutcome:
    request = EditRequest(image, np.zeros(image.shape, bool), "remove markers", repeat=0, seed=seed, case_id="P0001")
    return tool(request)


@pytest.mark.parametrize("shape", [(320, 256), (135, 100), (100, 135), (701, 523)])
def test_shape_and_dtype_are_those_of_the_request(rerender, hand, shape):
    image = np.resize(hand.image, shape)
    outcome = edited(rerender, image)
    assert outcome.status is EditStatus.OK
    assert (outcome.image.shape, outcome.image.dtype) == (shape, np.uint8)


def test_equal_seeds_give_equal_pixels_and_other_seeds_others(rerender, hand):
    first, again, other = (edited(rerender, hand.image, seed).image for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert np.mean(first != other) > 0.2


def test_a_16_bit_radiograph_keeps_its_depth_and_looks_the_same(rerender, hand):
    outcome = edited(rerender, hand.image.astype(np.uint16) * 16)
    assert outcome.image.dtype == np.uint16
    assert 255 < outcome.image.max() <= 4095
    eight = edited(rerender, hand.image).image
    np.testing.assert_allclose(outcome.image / 16, eight, atol=8)


def test_the_request_is_left_as_it_was(rerender, hand):
    before = hand.image.copy()
    edited(rerender, hand.image)
    np.testing.assert_array_equal(hand.image, before)


def test_markers_go_and_the_hand_stays_in_place(rerender):
    hands = [phantom(sampled_spec(7, index, "study")) for index in range(8)]
    marker_left, likeness = [], []
    for one in hands:
        before, clean, after = (
            stretched(x).astype(float) for x in (one.image, one.clean, edited(rerender, one.image).image)
        )
        marker = np.abs(before - clean) > 60
        marker_left.append(np.abs(after - clean)[marker].mean() / np.abs(before - clean)[marker].mean())
        likeness.append(np.corrcoef(after.ravel(), clean.ravel())[0, 1])
    assert np.mean(marker_left) < 0.4
    assert np.mean(likeness) > 0.85


def test_it_travels_to_a_worker_and_says_what_it_is(rerender, hand):
    clone = pickle.loads(pickle.dumps(rerender))
    np.testing.assert_array_equal(edited(clone, hand.image, 3).image, edited(rerender, hand.image, 3).image)
    card = clone.card
    assert (card.name, card.deterministic, card.sends_data_to) == ("rerender", False, None)
    assert card.version == json.loads(CARD.read_text())["sha256"][:12]
    assert "ignored" in card.mask_semantics


def test_strength_is_the_argument(rerender, hand):
    assert editor("strength=0.9").card.parameters["strength"] == 0.9
    near, far = (edited(editor(f"strength={s}"), hand.image).image.astype(float) for s in (0.0, 0.9))
    assert np.abs(far - near).mean() > 5.0


@pytest.mark.parametrize("argument", ["0.5", "strength=", "strength=2", "strength=nan", "noise=0.1"])
def test_an_argument_that_cannot_be_read_is_refused(argument):
    with pytest.raises(EditorError, match="strength=S"):
        editor(argument)


def test_weights_that_are_not_those_of_the_card_are_refused(tmp_path):
    facts = json.loads(CARD.read_text())
    (tmp_path / "card.json").write_text(json.dumps(facts))
    with pytest.raises(EditorError, match="cannot be read"):
        editor(card=tmp_path / "card.json")
    (tmp_path / facts["weights"]).write_bytes((CARD.parent / facts["weights"]).read_bytes()[:-1] + b"\x00")
    with pytest.raises(EditorError, match=r"has sha256 \w{12}, its card says"):
        editor(card=tmp_path / "card.json")


def test_it_paints_where_torch_is_not_and_its_network_waits_for_the_first_edit():
    code = (
        "import sys; sys.modules['torch'] = None; import numpy as np; from editproof.types import EditRequest; "
        "from models.rerender import editor; tool = editor(); "
        "assert 'onnxruntime' not in sys.modules; image = np.eye(64, dtype=np.uint8) * 90; "
        "assert tool(EditRequest(image, image > 9, 'p', repeat=0, seed=1, case_id='a')).image.std() > 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_shipped_is_small_and_saw_no_patient_and_no_study_phantom():
    facts = json.loads(CARD.read_text())
    assert (CARD.parent / facts["weights"]).stat().st_size < 2e6
    (data,) = facts["training_data"]
    assert "phantoms of fixtures/" in data
    assert f"stream train, seed {facts['seed']})" in data
    assert "BSD-3-Clause" in facts["licence"]
    assert facts["commands"][0].startswith("python -m models.rerender_train")
    studied = {sampled_spec(2023, index, "study").key for index in range(200)}
    assert not studied & {sampled_spec(facts["seed"], index, "train").key for index in range(1200)}


def test_the_control_for_rsnas_radiographs_is_another_tool_with_their_terms(hand):
    pytest.importorskip("torch")
    if not (RSNA_CARD.parent / "renderer.safetensors").exists():
        pytest.skip("what RSNA's radiographs were used for is in the repository alone")
    theirs = rsna_editor()
    assert (theirs.card.name, theirs.card.version) == ("rerender-rsna", "fca3a38bf9eb")
    assert "non-commercial" in json.loads(RSNA_CARD.read_text())["licence"]
    first, again = (edited(theirs, hand.image, 5).image for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert np.corrcoef(first.ravel(), hand.image.ravel())[0, 1] > 0.7
