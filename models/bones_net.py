"""The network of ``bones``: a small U-Net that scores each pixel of a phantom as background, carpal or finger bone.

Its finest layers work on squares of two by two pixels, as channels (Shi et al., CVPR 2016), which costs a quarter of
what they would on single pixels and still scores each pixel. What comes from below is added to what is kept at a size
(Chaurasia and Culurciello, LinkNet, VCIP 2017); the rest is Ronneberger et al., U-Net, MICCAI 2015.
"""

from __future__ import annotations

import itertools

from torch import Tensor, nn

SIZE = (320, 256)
"""Height and width of what it reads: a phantom of the study as it is drawn."""
LABELS = {"1": "carpals", "2": "finger bones"}
"""What it draws, by its label; 0 is neither."""
WIDTHS = (16, 32, 64, 64)
"""Channels at a half, a quarter, an eighth and a sixteenth of the size."""


def convolved(cin: int, cout: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution, standardised over the batch and cut at 0."""
    layer = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(cout), nn.ReLU())


class Bones(nn.Module):
    """Radiograph (n, 1, H, W) in 0..1, both sides multiples of 16, to scores (n, 3, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        pairs = list(itertools.pairwise(WIDTHS))
        self.first = nn.Sequential(nn.PixelUnshuffle(2), convolved(4, WIDTHS[0]), convolved(WIDTHS[0], WIDTHS[0]))
        self.down = nn.ModuleList(nn.Sequential(convolved(fine, low, 2), convolved(low, low)) for fine, low in pairs)
        self.below = convolved(WIDTHS[-1], WIDTHS[-1])
        self.up = nn.ModuleList(
            nn.Sequential(nn.Conv2d(low, fine, 1), nn.Upsample(scale_factor=2)) for fine, low in pairs
        )
        self.joined = nn.ModuleList(convolved(fine, fine) for fine, _ in pairs)
        self.scores = nn.Sequential(nn.Conv2d(WIDTHS[0], 4 * (1 + len(LABELS)), 1), nn.PixelShuffle(2))

    def forward(self, x: Tensor) -> Tensor:
        """Scores of background and of each label, before a softmax."""
        kept = [self.first(x - 0.5)]
        for down in self.down:
            kept.append(down(kept[-1]))
        found = self.below(kept.pop())
        for up, joined in zip(reversed(self.up), reversed(self.joined), strict=True):
            found = joined(kept.pop() + up(found))
        return self.scores(found)
