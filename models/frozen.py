"""A trunk of which the first blocks stay as they are: these run fused and in small pieces, which takes a fourth."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

PIECE = 8
"""Images at a time through the fixed blocks: what they pass on stays in the processor's cache."""


class PartlyFrozen:
    """A :class:`~editproof.instruments.runtimes.torch.HandReader` in training whose first blocks are fixed.

    Parameters
    ----------
    network : HandReader
        Its stem and first blocks are set to stay as they are, batch statistics too; the rest trains on.
    blocks : int
        How many blocks are fixed, with the stem before them; 0 = none, and nothing is fixed.
    """

    def __init__(self, network: Any, blocks: int) -> None:
        self.network, self.blocks = network, blocks
        trunk = network.trunk
        self.fixed = [trunk.conv_stem, trunk.bn1, *trunk.blocks[:blocks]] if blocks else []
        for part in self.fixed:
            part.requires_grad_(False)
        self._start = None

    def train(self) -> None:
        """Training mode, but for what is fixed."""
        self.network.train()
        for part in self.fixed:
            part.eval()
        if self.fixed:
            start = nn.Sequential(*self.fixed)
            self._start = fuse(start).requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(self, images: Tensor, male: Tensor) -> tuple[Tensor, Tensor]:
        """What the network reads, by the same arithmetic as its own."""
        if self._start is None:
            return self.network(images, male)  # type: ignore[no-any-return]
        trunk = self.network.trunk
        with torch.no_grad():
            pieces = [self._start(piece) for piece in self.network.normalised(images).split(PIECE)]
        passed = trunk.blocks[self.blocks :](torch.cat(pieces))
        features = trunk.forward_head(trunk.bn2(trunk.conv_head(passed)))
        return self.network.read(features, male)  # type: ignore[no-any-return]
