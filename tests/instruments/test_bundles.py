"""A MONAI bundle with a TorchScript model is an instrument by card, and its metadata holds the card to what it says."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.registry import instrument_from_spec

torch = pytest.importorskip("torch")

LABELS = {"0": "background", "1": "lung", "2": "heart"}
IMAGE = np.random.default_rng(4).integers(0, 256, (24, 32)).astype(np.uint8)


class Net(torch.nn.Module):
    """Class k where the pixel is about k halves of the range."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.cat([-((image - k / 2) ** 2) for k in range(3)], 1)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    root = tmp_path_factory.mktemp("bundle")
    for name in ("models", "configs"):
        (root / name).mkdir()
    torch.jit.save(torch.jit.script(Net()), root / "models" / "model.ts")
    return root


def reader(bundle, labels=LABELS, shape=("*", "*"), channels=1, trusted=True, **told):
    formats = {
        "inputs": {"image": {"type": "image", "num_channels": channels, "spatial_shape": list(shape), "channel_def": {"0": "image"}}},
        "outputs": {"pred": {"type": "image", "num_channels": 3, "channel_def": labels}},
    }  # fmt: skip
    (bundle / "configs" / "metadata.json").write_text(json.dumps({"version": "0.1.0", "network_data_format": formats}))
    content = (bundle / "models" / "model.ts").read_bytes()
    card = {
        "name": "bundle", "description": "thresholds", "licence": "MIT", "training_data": "none", "runtime": "torchscript", "quantities": [],
        "masks": [{"name": "map", "labels": {"1": "lung", "2": "heart"}}], "preprocessing": {"height": 24, "width": 32},
        "files": ["models/model.ts"], "sha256": {"models/model.ts": hashlib.sha256(content).hexdigest()}, **told,
    }  # fmt: skip
    (bundle / "card.json").write_text(json.dumps(card))
    return instrument_from_spec(str(bundle / "card.json"), trusted=trusted)


def test_a_bundle_draws_what_its_network_draws(bundle):
    instrument = reader(bundle)
    instrument.check()
    [drawn] = instrument.predict([IMAGE], [{}])["map"]
    assert np.array_equal(drawn, np.abs(IMAGE / 255 - np.array([0, 0.5, 1])[:, None, None]).argmin(axis=0))
    with pytest.raises(InstrumentError, match="--trust-instrument"):
        reader(bundle, trusted=False)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"labels": {"0": "background", "1": "heart", "2": "lung"}}, "has the channels 0 background, 1 heart, 2 lung"),
        ({"channels": 3}, "says 3 channels, the card prepares 1"),
        ({"shape": (96, 96, 96)}, r"it takes volumes \(96 x 96 x 96\)"),
    ],
)
def test_a_card_that_contradicts_its_bundle_is_refused_in_one_line(bundle, told, words):
    with pytest.raises(InstrumentError, match=words) as caught:
        reader(bundle, **told).check()
    assert "\n" not in str(caught.value)


def test_a_file_outside_the_folder_is_refused(bundle):
    (bundle.parent / "model.ts").write_bytes((bundle / "models" / "model.ts").read_bytes())
    digest = hashlib.sha256((bundle / "models" / "model.ts").read_bytes()).hexdigest()
    with pytest.raises(InstrumentError, match="does not lie beside its card, or below"):
        reader(bundle, files=["../model.ts"], sha256={"../model.ts": digest}).check()


def test_metadata_that_cannot_be_read_is_refused(bundle):
    instrument = reader(bundle)
    (bundle / "configs" / "metadata.json").write_text("[1")
    with pytest.raises(InstrumentError, match="cannot be read"):
        instrument.check()
