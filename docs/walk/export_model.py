"""A model to walk with: ``python -m docs.walk.export_model OUT.onnx`` exports a member of the phantom ensemble."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import torch
from editproof.instruments.card import read_card
from editproof.instruments.runtimes.torch import HandReader
from safetensors.torch import load_file
from torch import Tensor, nn

CARD = Path(__file__).parents[2] / "models" / "phantom" / "torch.json"


class Reader(nn.Module):
    """Bone age in months, from images and a column of reference sex."""

    def __init__(self, network: HandReader) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, male: Tensor) -> Tensor:
        """Months, shape (n, 1), of images of shape (n, 1, 192, 144) in [0, 1] and ``male`` of shape (n, 1)."""
        return self.network(image, male[:, 0])[0][:, None]


def main() -> None:
    """Write the model."""
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    network = HandReader(**read_card(CARD).preprocessing["network"]).eval()
    network.load_state_dict({n: t.float() for n, t in load_file(CARD.with_name("member-0.safetensors")).items()})
    reader = Reader(network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the exporter without further packages
        torch.onnx.export(
            reader,
            (torch.zeros(2, 1, 192, 144), torch.ones(2, 1)),
            str(path),
            input_names=["image", "male"],
            output_names=["months"],
            dynamic_axes={"image": {0: "n"}, "male": {0: "n"}},
            dynamo=False,
        )
    print(f"a model in {path}")


if __name__ == "__main__":
    main()
