"""The networks of ``rerender``: a convolutional VAE-GAN that re-renders a whole radiograph from a narrow code.

The encoder keeps a coarse code of the radiograph; the decoder paints a new one from it. What the code does not
hold the decoder makes up from what radiographs look like. See Larsen et al., *Autoencoding beyond pixels using a
learned similarity metric*, ICML 2016 (VAE-GAN, feature matching in the discriminator), and Meng et al., *SDEdit*,
ICLR 2022, for the ``strength`` that mixes the code of an input with noise.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

CODE = (6, 16, 12)
"""Channels, height and width of the code."""


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

    def forward(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        """Same shape."""
        grain = torch.randn(x.shape[0], 1, *x.shape[2:], generator=generator)
        return x + (self.scale * grain).to(x.dtype)


class Encoder(nn.Module):
    """Radiograph (n, 1, 256, 192) in [-1, 1] to mean and log-variance of its code."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(16, 48, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(48, 64, 4, 2, 1),
            Residual(64),
            nn.Conv2d(64, 96, 4, 2, 1),
            Residual(96),
            Residual(96),
            nn.GroupNorm(8, 96),
            nn.SiLU(),
            nn.Conv2d(96, 2 * CODE[0], 3, padding=1),
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

    def __init__(self) -> None:
        super().__init__()
        self.coarse = nn.Sequential(
            nn.Conv2d(CODE[0], 96, 3, padding=1),
            Residual(96),
            Residual(96),
            Residual(96),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(96, 64, 3, padding=1),
            Residual(64),
        )
        self.middle = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(64, 48, 3, padding=1), Residual(48))
        self.fine = nn.Sequential(nn.SiLU(), shuffled(48, 16), nn.SiLU())
        self.finest = shuffled(16, 1)
        self.grain = nn.ModuleList([Grain(64), Grain(48), Grain(16)])

    def forward(self, code: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The radiograph; ``generator`` draws the grain."""
        x = self.grain[0](self.coarse(code), generator)
        x = self.grain[1](self.middle(x), generator)
        x = self.grain[2](self.fine(x), generator)
        return torch.tanh(self.finest(x).float())


class Renderer(nn.Module):
    """Encoder and decoder: what is shipped."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, x: Tensor, strength: float, generator: torch.Generator) -> Tensor:
        """Radiographs painted anew from their codes.

        Parameters
        ----------
        x : Tensor, shape (n, 1, 256, 192), in [-1, 1]
        strength : float
            0 paints from the code of the input, 1 from noise alone.
        generator : torch.Generator
            Source of the code's noise and of the grain.
        """
        mean, log_variance = self.encoder(x)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn(mean.shape, generator=generator)
        return self.decoder(mixed(code, torch.randn(mean.shape, generator=generator), strength), generator)


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
