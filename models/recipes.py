"""How each ensemble is trained: everything that decides the weights, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from editproof.instruments.preprocessing import Preprocessing


@dataclass(frozen=True)
class Stage:
    """Some epochs at one image size, under one cosine of the learning rate.

    Attributes
    ----------
    epochs : int
    rate : float
        Peak learning rate of AdamW.
    shrink : float
        Side of the training images as a share of the network input's.
    frozen : int
        Blocks of the trunk, with all before them, that stay as they are; a third of the time is spent there.
    augmentation : float
        Strength of augmentation.
    sex_weight : float
        Weight of the sex loss beside the bone-age loss.
    averaging : float
        Decay per step of the running average of the weights; the average is what counts.
    takes : float
        Share of images that are another take of the original (:mod:`models.takes`), stretched anew.
    patience : int, optional
        Stop when the averaged weights have not improved on the validation split for so many epochs; the best count.
        None trains to the end, and the last count.
    """

    epochs: int
    rate: float
    shrink: float = 1.0
    frozen: int = 0
    augmentation: float = 0.75
    sex_weight: float = 0.4
    averaging: float = 0.99
    takes: float = 0.0
    patience: int | None = 4


@dataclass(frozen=True)
class Recipe:
    """An ensemble of snapshots: a base, then lines of rounds, each from where the last one of its line ended.

    Every round is a full cycle of the learning rate that leaves one optimum for another (Huang et al., Snapshot
    Ensembles, ICLR 2017, arXiv 1704.00109), so that members differ and none pays for the early epochs again. Lines
    begin at the same base and part there: each stage has a seed of its own, which decides the order of cases,
    augmentation and dropout.

    Attributes
    ----------
    name, backbone : str
    base : tuple of Stage
        Trained once, at smaller image sizes where that is cheaper.
    rounds : tuple of Stage
        Of one line.
    lines : int
        They can be trained side by side.
    members : int
        As many of the last rounds make the ensemble, of each line in turn, the last line first; each with the weights
        that count.
    flip_average : bool
        Whether a reading is the mean over an image and its mirror image.
    rotations : tuple of float
        Angles in degrees over which a reading is averaged.
    """

    name: str
    backbone: str
    base: tuple[Stage, ...]
    rounds: tuple[Stage, ...]
    lines: int = 1
    members: int = 3
    batch: int = 64
    seed: int = 2511
    weight_decay: float = 0.02
    flip_average: bool = False
    rotations: tuple[float, ...] = (0.0,)
    preprocessing: Preprocessing = field(default_factory=Preprocessing)

    @property
    def stages(self) -> dict[str, Stage]:
        """Every stage by name, in the order of training."""
        return {name: stage for line in range(self.lines) for name, stage in self.path(line).items()}

    def path(self, line: int) -> dict[str, Stage]:
        """The base and the rounds of one line by name, in the order of training."""
        return {f"base-{number}": stage for number, stage in enumerate(self.base)} | self.line(line)

    def line(self, line: int) -> dict[str, Stage]:
        """The rounds of one line by name, in the order of training."""
        return {f"line-{line}-{number}": stage for number, stage in enumerate(self.rounds)}

    @property
    def makers(self) -> tuple[str, ...]:
        """The rounds that the ensemble is made of, by name, in the order of training."""
        in_turn = [name for each in zip(*map(self.line, range(self.lines)), strict=True) for name in each]
        return tuple(name for name in self.stages if name in in_turn[-self.members :])


RECIPES = {
    "rsna100": Recipe(
        "rsna100",
        "efficientnet_lite0",
        base=(
            Stage(epochs=7, rate=1.5e-3, shrink=0.6, augmentation=1.0, averaging=0.995),
            *(Stage(epochs=4, rate=8e-4, shrink=0.8, frozen=2, sex_weight=0.6) for _ in range(3)),
            Stage(epochs=3, rate=8e-4, shrink=0.8, sex_weight=0.6, takes=0.5),
        ),
        rounds=(
            Stage(epochs=10, rate=1e-3, frozen=2, sex_weight=0.6, takes=0.5),
            *(Stage(epochs=4, rate=4e-4, frozen=2, sex_weight=0.6, takes=0.5) for _ in range(2)),
            Stage(epochs=8, rate=8e-4, augmentation=0.5, takes=0.5, patience=None),
        ),
        lines=2,
        members=3,
        flip_average=True,
        rotations=(-4.0, 4.0),
        preprocessing=Preprocessing(height=160, width=120),
    ),
    "phantom": Recipe(
        "phantom",
        "mobilenetv3_small_100",
        base=(
            Stage(epochs=7, rate=2e-3, shrink=1 / 2),
            *(Stage(epochs=4, rate=1.5e-3, shrink=2 / 3, augmentation=0.25, sex_weight=0.5) for _ in range(3)),
        ),
        rounds=(Stage(epochs=3, rate=1.2e-3, augmentation=0.25, sex_weight=0.5),) * 4,
        flip_average=True,
        preprocessing=Preprocessing(height=192, width=144),
    ),
}
