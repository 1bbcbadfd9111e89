"""Folders of Hugging Face are instruments by card: what the library says of an image, from checked files, without code."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pytest
from editproof.core.timm_import import imported
from editproof.errors import InstrumentError
from editproof.instruments.registry import instrument_from_spec

torch = pytest.importorskip("torch")
transformers = imported("transformers")

LABELS = {0: "nothing", 1: "effusion", 2: "nodule"}
RNG = np.random.default_rng(5)
IMAGES = [RNG.integers(0, 256, (40, 30)).astype(np.uint8), RNG.integers(0, 256, (40, 30, 3)).astype(np.uint8)]
NAMES = {"config.json", "model.safetensors", "preprocessor_config.json"}


def card(folder, **told):
    written = {
        "name": "hub", "description": "a random network", "licence": "MIT", "training_data": "none", "runtime": "transformers",
        "axes": ["YX", "YXC"], "quantities": [], "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES}, **told,
    }  # fmt: skip
    (folder / "card.json").write_text(json.dumps(written))
    return instrument_from_spec(str(folder / "card.json"))


CLASSES = {
    "raw_outputs": [{"name": "finding", "kind": "classes", "labels": list(LABELS.values())}],
    "outputs": {"finding": {"activation": "softmax"}},
}
MASKS = {"masks": [{"name": "map", "labels": {"1": "effusion", "2": "nodule"}}]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small random classifier and a small random segmenter, saved as their library saves them."""
    root = tmp_path_factory.mktemp("hub")
    torch.manual_seed(3)
    named = {"id2label": LABELS, "label2id": {name: key for key, name in LABELS.items()}}
    vit = transformers.ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=8,
        **named,
    )
    seg = transformers.SegformerConfig(
        num_encoder_blocks=2, depths=[1, 1], sr_ratios=[4, 2], hidden_sizes=[8, 16], patch_sizes=[7, 3], strides=[4, 2],
        num_attention_heads=[1, 2], mlp_ratios=[2, 2], decoder_hidden_size=16, **named,
    )  # fmt: skip
    size = {"height": 32, "width": 32}
    for name, model, processor in (
        ("classes", transformers.ViTForImageClassification(vit), transformers.ViTImageProcessor(size=size)),
        ("masks", transformers.SegformerForSemanticSegmentation(seg), transformers.SegformerImageProcessor(size=size)),
    ):
        model.eval().save_pretrained(root / name)
        processor.save_pretrained(root / name)
    return root


def copied(made, tmp_path, name="classes"):
    return shutil.copytree(made / name, tmp_path / name)


def expected(folder, kind, image):
    """Logits by the library itself."""
    colour = image if image.ndim == 3 else np.stack([image] * 3, -1)
    prepared = transformers.AutoImageProcessor.from_pretrained(folder)(
        images=colour, return_tensors="pt", input_data_format="channels_last"
    )
    with torch.inference_mode():
        return getattr(transformers, kind).from_pretrained(folder)(**prepared).logits[0]


def test_a_classifier_says_what_its_library_says(made):
    reader = card(made / "classes", **CLASSES)
    reader.check()
    found = reader.predict(IMAGES, [{}, {}])
    for row, image in enumerate(IMAGES):
        wanted = expected(made / "classes", "AutoModelForImageClassification", image).softmax(0)
        for key, name in LABELS.items():
            assert found[f"finding={name}"][0, row] == pytest.approx(float(wanted[key]), abs=1e-6)
    deep = reader.predict([IMAGES[0].astype(np.uint16) * 257], [{}])
    assert deep["finding=nodule"][0, 0] == found["finding=nodule"][0, 0]


def test_a_segmenter_draws_what_its_library_draws(made):
    reader = card(made / "masks", **MASKS)
    reader.check()
    [gray, colour] = reader.predict(IMAGES, [{}, {}])["map"]
    assert gray.shape == colour.shape == (40, 30)
    for drawn, image in ((gray, IMAGES[0]), (colour, IMAGES[1])):
        logits = expected(made / "masks", "AutoModelForSemanticSegmentation", image)
        wanted = torch.nn.functional.interpolate(logits[None], (40, 30), mode="bilinear")[0].argmax(0).numpy()
        assert (drawn == wanted).mean() > 0.97, "scores are interpolated on both ways, with edges of their own"


def broken(folder, name, change):
    told = json.loads((folder / name).read_text())
    change(told)
    (folder / name).write_text(json.dumps(told))


def own_code(folder):
    broken(folder, "config.json", lambda told: told.update(auto_map={"AutoModel": "mine.Model"}))


def pickled(folder):
    torch.save({"a": 1}, folder / "model.safetensors")


def headless(folder):
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: value for name, value in weights.items() if "classifier" not in name},
        folder / "model.safetensors",
        {"format": "pt"},
    )


def strange(folder):
    broken(folder, "config.json", lambda told: told.update(model_type="unheard-of"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (own_code, r"asks for code of its own \(auto_map\)"), (pickled, "is not safetensors"),
        (headless, "lacks 2 weights"), (strange, "transformers cannot load it"),
    ],
)  # fmt: skip
def test_what_is_not_a_whole_model_without_code_is_refused_in_one_line(made, tmp_path, change, words):
    folder = copied(made, tmp_path)
    change(folder)
    reader = card(folder, **CLASSES)
    with pytest.raises(InstrumentError, match=words) as caught:
        reader.predict(IMAGES, [{}, {}])
    assert "\n" not in str(caught.value)


def test_a_changed_file_and_other_labels_are_refused(made, tmp_path):
    folder = copied(made, tmp_path)
    reader = card(folder, **CLASSES)
    (folder / "preprocessor_config.json").write_text("{}")
    with pytest.raises(InstrumentError, match="its sha256 is"):
        reader.check()
    other = {
        **CLASSES,
        "raw_outputs": [{"name": "finding", "kind": "classes", "labels": ["effusion", "nothing", "nodule"]}],
    }
    with pytest.raises(InstrumentError, match="has the classes 0 nothing, 1 effusion, 2 nodule"):
        card(copied(made, tmp_path / "b"), **other).check()
    with pytest.raises(InstrumentError, match="has the labels 0 nothing, 1 effusion, 2 nodule"):
        card(
            copied(made, tmp_path, "masks"), masks=[{"name": "map", "labels": {"1": "nodule", "2": "effusion"}}]
        ).check()
    with pytest.raises(InstrumentError, match="says how images are prepared"):
        card(made / "classes", **CLASSES, preprocessing={"height": 3, "width": 3})


def test_a_segmenter_that_cuts_the_image_is_refused(made, tmp_path):
    folder = copied(made, tmp_path, "masks")
    broken(folder, "preprocessor_config.json", lambda told: told.update(size={"shortest_edge": 32}))
    with pytest.raises(InstrumentError, match="masks would not lie on the image"):
        card(folder, **MASKS).check()
