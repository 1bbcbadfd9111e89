"""The networks of ``rerender``: a convolutional VAE-GAN that re-renders a whole radiograph from a narrow code.

The encoder keeps a coarse code of the radiograph; the decoder paints a new one from it. What the code does not
hold the decoder makes up from what radiographs look like. See Larsen et al., *Autoencoding beyond pixels using a
learned similarity metric*, ICML 2016 (VAE-GAN, feature matching in the discriminator), and Meng et al., *SDEdit*,
ICLR 2022, for the ``strength`` that mixes the code of an input with noise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

Draw = Callable[[tuple[int, ...]], Tensor]
"""From a shape to standard normal noise of that shape."""

CODE = (6, 16, 12)
"""Channels, height and width of the code."""

Widths = tuple[int, int, int]
WIDTHS: Widths = (32, 48, 80)
"""Channels at a quarter, an eighth and a sixteenth of the side of the frame."""
RSNA_WIDTHS: Widths = (48, 64, 96)
"""Those of the renderer that was trained on RSNA's radiographs."""


class Residual(nn.Module):
    """Two 3x3 convolutions added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return x + self.second(functional.silu(self.first(functional.silu(self.norm(x)))))


class Grain(nn.Module):
    """Gaussian noise, scaled by a learned factor per channel, for the texture no code can hold."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.05))

    def forward(self, x: Tensor, draw: Draw) -> Tensor:
        """Same shape."""
        return x + (self.scale * draw((x.shape[0], 1, *x.shape[2:]))).to(x.dtype)


class Encoder(nn.Module):
    """Radiograph (n, 1, 256, 192) in [-1, 1] to mean and log-variance of its code."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(16, fine, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(fine, middle, 4, 2, 1),
            Residual(middle),
            nn.Conv2d(middle, coarse, 4, 2, 1),
            Residual(coarse),
            Residual(coarse),
            nn.GroupNorm(8, coarse),
            nn.SiLU(),
            nn.Conv2d(coarse, 2 * CODE[0], 3, padding=1),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance."""
        mean, log_variance = self.layers(x).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-8.0, 2.0)


def shuffled(cin: int, cout: int) -> nn.Sequential:
    """Convolution and pixel shuffle to twice the size, started without a checkerboard (Aitken et al. 2017)."""
    layer = nn.Conv2d(cin, 4 * cout, 3, padding=1)
    with torch.no_grad():
        layer.weight.copy_(layer.weight[::4].repeat_interleave(4, 0))
        layer.bias.copy_(layer.bias[::4].repeat_interleave(4, 0))
    return nn.Sequential(layer, nn.PixelShuffle(2))


class Decoder(nn.Module):
    """Code to radiograph (n, 1, 256, 192) in (-1, 1)."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.coarse = nn.Sequential(
            nn.Conv2d(CODE[0], coarse, 3, padding=1),
            Residual(coarse),
            Residual(coarse),
            Residual(coarse),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(coarse, middle, 3, padding=1),
            Residual(middle),
        )
        self.middle = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(middle, fine, 3, padding=1), Residual(fine))
        self.fine = nn.Sequential(nn.SiLU(), shuffled(fine, 16), nn.SiLU())
        self.finest = shuffled(16, 1)
        self.grain = nn.ModuleList([Grain(middle), Grain(fine), Grain(16)])

    def forward(self, code: Tensor, draw: Draw = torch.randn) -> Tensor:
        """The radiograph; ``draw`` gives the grain."""
        x = self.grain[0](self.coarse(code), draw)
        x = self.grain[1](self.middle(x), draw)
        x = self.grain[2](self.fine(x), draw)
        return torch.tanh(self.finest(x).float())


class Renderer(nn.Module):
    """Encoder and decoder: what is shipped."""

    def __init__(self, widths: Widths = WIDTHS) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(widths), Decoder(widths)

    def forward(self, x: Tensor, strength: float | Tensor, draw: Draw) -> Tensor:
        """Radiographs painted anew from their codes.

        Parameters
        ----------
        x : Tensor, shape (n, 1, 256, 192), in [-1, 1]
        strength : float, or Tensor of shape (1,)
            0 paints from the code of the input, 1 from noise alone.
        draw : callable
            Gives the code's noise, that which it is mixed with, and the grain at three sizes, in this order.
        """
        mean, log_variance = self.encoder(x)
        code = mean + torch.exp(0.5 * log_variance) * draw(tuple(mean.shape))
        return self.decoder(mixed(code, draw(tuple(mean.shape)), strength), draw)


def mixed(code: Tensor, noise: Tensor, strength: float | Tensor) -> Tensor:
    """Code and noise on the sphere between them, so that the variance of the prior is kept."""
    return (1.0 - strength**2) ** 0.5 * code + strength * noise


def detail(x: Tensor) -> Tensor:
    """What a 5x5 mean takes away: edges and texture."""
    return x - functional.avg_pool2d(x, 5, 1, 2, count_include_pad=False)


class Critic(nn.Module):
    """Patch discriminator on an image and its fine detail; gives verdicts and the features that led to them."""

    def __init__(self) -> None:
        super().__init__()
        widths = (8, 40, 64, 128, 128)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in itertools.pairwise(widths))
        self.near, self.far = nn.Conv2d(128, 1, 3, padding=1), nn.Conv2d(128, 1, 3, padding=1)
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, 0.2)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Verdicts at two scales, and the features of every layer."""
        x = functional.pixel_unshuffle(torch.cat([x, 4 * detail(x)], 1), 2)
        features = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.2)
            features.append(x)
        return [self.near(features[2]).float(), self.far(features[3]).float()], features
