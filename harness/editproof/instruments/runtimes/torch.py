"""The torch side of an instrument: the network that reads bone age and sex, and an ensemble of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from editproof.core.declared import Number, Wanted, open_ended
from editproof.core.records import section_from_plain
from editproof.core.timm_import import timm_module
from editproof.errors import InstrumentError
from editproof.instruments.card import read_card, verified_weights
from editproof.instruments.preprocessing import Preprocessing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, InstrumentCard

BATCH = 16


class HandReader(nn.Module):
    """One trunk, two readings: sex from the image alone, bone age from the image and the reference sex.

    That the bone-age reader is told the sex follows the RSNA challenge, where the sex was given [1]_.

    Parameters
    ----------
    backbone : str
        A timm architecture.
    mean_months, sd_months : float
        The trunk reads a standardised age; these turn it into months.
    dropout : float, optional
        On the features, in training only.

    References
    ----------
    .. [1] Halabi et al., Radiology 2018;290:498-503, doi:10.1148/radiol.2018180736
    """

    def __init__(self, backbone: str, mean_months: float, sd_months: float, dropout: float = 0.2) -> None:
        super().__init__()
        self.trunk = timm_module().create_model(backbone, pretrained=False, in_chans=1, num_classes=0)
        with torch.no_grad():
            width = int(self.trunk.eval()(torch.zeros(1, 1, 64, 64)).shape[1])
        self.dropout = nn.Dropout(dropout)
        self.age_hidden = nn.Linear(width + 1, 128)
        self.age = nn.Linear(128, 1)
        self.sex = nn.Linear(width, 1)
        self.mean_months, self.sd_months = mean_months, sd_months

    def forward(self, images: Tensor, male: Tensor) -> tuple[Tensor, Tensor]:
        """Bone age in months and the logit of being male, each of shape (n,).

        Parameters
        ----------
        images : Tensor of float32, shape (n, 1, H, W)
            Preprocessed, in [0, 1].
        male : Tensor of float32, shape (n,)
            Reference sex, 1 = male, 0 = female; the sex reading does not see it.
        """
        return self.read(self.trunk(self.normalised(images)), male)

    @staticmethod
    def normalised(images: Tensor) -> Tensor:
        """Images as the trunk wants them: about zero mean and unit variance."""
        return (images - 0.2) / 0.25

    def read(self, features: Tensor, male: Tensor) -> tuple[Tensor, Tensor]:
        """The two readings of a trunk's features, each of shape (n,)."""
        features = self.dropout(features)
        hidden = nn.functional.silu(self.age_hidden(torch.cat([features, 2 * male[:, None] - 1], dim=1)))
        months = self.age(hidden)[:, 0] * self.sd_months + self.mean_months
        return months, self.sex(features)[:, 0]


@open_ended
@dataclass(frozen=True)
class Views:
    """The part of a card's ``preprocessing`` that says in which views an image is read.

    Attributes
    ----------
    rotations : tuple of float
        Angles in degrees, counterclockwise.
    flip_average : bool
        Whether the mirror image is read at each angle as well.
    """

    rotations: Annotated[tuple[Number, ...], Wanted("a list of angles in degrees, e.g. [-4, 4]", bool)] = (0.0,)
    flip_average: bool = False


class TorchEnsemble:
    """Several :class:`HandReader` behind one card.

    Parameters
    ----------
    card : InstrumentCard
        Its ``preprocessing`` says how images are prepared, in which :class:`Views` each is read, and under ``network``
        what the members are. A member's reading is the mean over the views: of months, and of logits.
    networks : sequence of HandReader
        One for each member.

    Attributes
    ----------
    networks : list of HandReader
        In evaluation mode.
    views : Views
    grids : list of Tensor or None
        By angle, where it samples an image; None where that stays as it is.

    Raises
    ------
    InstrumentError
        The card's rotations are not angles.
    """

    def __init__(self, card: InstrumentCard, networks: Sequence[HandReader]) -> None:
        self.card = card
        self.networks = [network.eval().to(memory_format=torch.channels_last) for network in networks]  # type: ignore[call-overload]
        asked = f"instrument {card.name}"
        self._prepared = Preprocessing.from_card(card.preprocessing, asked)
        self.views = section_from_plain(Views, "preprocessing", card.preprocessing, asked, error=InstrumentError)
        size = (self._prepared.height, self._prepared.width)
        self.grids = [turning(degrees, *size) for degrees in self.views.rotations]

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings of every member: ``bone_age`` in months, ``sex`` as probability of male.

        An image's reading does not depend on the images beside it, to about 1e-5 of its unit.

        Parameters
        ----------
        images : sequence of ndarray of uint8 or uint16, shape (H, W)
            Of any sizes.
        references : sequence of mapping
            Of each, only ``sex`` (1 = male, 0 = female) is looked at, and only by the bone-age reading.

        Returns
        -------
        mapping of str to ndarray of float64, shape (members, images)

        Raises
        ------
        InstrumentError
            An image is not gray, or comes without its reference sex.
        """
        male = np.array([self._male(reference) for reference in references], np.float32)
        if len(images) != len(male):
            found = f"{len(images)} images and {len(male)} references"
            raise InstrumentError(f"readings by {self.card.name}", found, "Give one reference for each image.")
        ready = np.zeros((len(images), 1, self._prepared.height, self._prepared.width), np.float32)
        for index, image in enumerate(images):
            if image.ndim != 2 or image.size == 0:
                found = f"image {index} has shape {image.shape}"
                raise InstrumentError(f"readings by {self.card.name}", found, "Give one gray channel (H, W).")
            ready[index, 0] = self._prepared(image)
        readings = {name: np.zeros((len(self.networks), len(images))) for name in ("bone_age", "sex")}
        for first in range(0, len(images), BATCH):
            span = slice(first, first + BATCH)
            views, sex = self._seen(torch.from_numpy(ready[span])), torch.from_numpy(male[span])
            for member, network in enumerate(self.networks):
                months, probability = _reading(network, views, sex)
                readings["bone_age"][member, span] = months.double().numpy()
                readings["sex"][member, span] = probability.double().numpy()
        return readings

    def _seen(self, batch: Tensor) -> list[Tensor]:
        views = views_of(batch, self.grids, self.views.flip_average)
        return [view.to(memory_format=torch.channels_last) for view in views]

    def _male(self, reference: Mapping[str, float]) -> float:
        sex = reference.get("sex")
        if sex not in (0, 1):
            asked = f"a bone-age reading by {self.card.name}"
            raise InstrumentError(asked, f"the reference sex is {sex}", "Give sex as 1.0 = male or 0.0 = female.")
        return float(sex)


def _reading(network: HandReader, views: Sequence[Tensor], male: Tensor) -> tuple[Tensor, Tensor]:
    """Bone age in months and probability of male, each the mean of one network over the views of a batch."""
    with torch.inference_mode():
        read = [network(view, male) for view in views]
        months, logit = (torch.stack(each).mean(dim=0) for each in zip(*read, strict=True))
    return months, torch.sigmoid(logit)


def views_of(images: Tensor, grids: Sequence[Tensor | None], flip: bool) -> list[Tensor]:
    """The images on every grid of :func:`turning`, each followed by its mirror image where ``flip`` is true."""
    turned = [images if grid is None else _turned(images, grid) for grid in grids]
    return [view for turn in turned for view in (turn, turn.flip(3))] if flip else turned


def turning(degrees: float, rows: int, columns: int) -> Tensor | None:
    """The sampling grid that turns images about their middle, shape (1, rows, columns, 2); None at 0 degrees."""
    if degrees == 0:
        return None
    aspect, angle = rows / columns, math.radians(degrees)  # affine_grid is in units of half a side
    cos, sin = math.cos(angle), math.sin(angle)
    theta = torch.tensor([[cos, -sin * aspect, 0.0], [sin / aspect, cos, 0.0]])[None]
    return nn.functional.affine_grid(theta, [1, 1, rows, columns], align_corners=False)


def rotated(images: Tensor, degrees: float) -> Tensor:
    """Images turned counterclockwise about their middle, bilinearly; what comes in from outside is 0.

    Parameters
    ----------
    images : Tensor of float32, shape (n, 1, H, W)
    degrees : float
        At 0 they are given back as they are.
    """
    return views_of(images, [turning(degrees, *images.shape[2:])], flip=False)[0]


def _turned(images: Tensor, grid: Tensor) -> Tensor:
    return nn.functional.grid_sample(images, grid.expand(images.shape[0], -1, -1, -1), align_corners=False)


def load_ensemble(card_path: Path) -> TorchEnsemble:
    """The ensemble whose card is at ``card_path``, its weights checked against the card first.

    Raises
    ------
    InstrumentError
        The card cannot be read, or a weights file is missing, altered, no safetensors, or of another network.
    """
    card = read_card(card_path)
    networks = []
    for path in verified_weights(card, Path(card_path).parent):
        try:
            network = HandReader(**card.preprocessing["network"])
            network.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
        except (KeyError, TypeError, RuntimeError) as error:
            asked = f"weights {path.name} of instrument {card.name}"
            advice = "The card's preprocessing.network must name the network that was trained."
            raise InstrumentError(asked, f"they do not fit the network ({str(error)[:200]})", advice) from error
        networks.append(network)
    return TorchEnsemble(card, networks)
