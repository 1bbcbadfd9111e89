"""Training stops early, resumes, and is the same network throughout; recipes say what makes an ensemble."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from editproof.instruments.preprocessing import Preprocessing  # noqa: E402
from editproof.instruments.runtimes.torch import HandReader  # noqa: E402

from models import train  # noqa: E402
from models.data import Cohort  # noqa: E402
from models.frozen import PartlyFrozen  # noqa: E402
from models.recipes import RECIPES, Recipe, Stage  # noqa: E402
from models.takes import another_take, jpeg  # noqa: E402

SMALL = Preprocessing(height=48, width=32)
TINY = Recipe(
    "tiny", "mobilenetv3_small_050", (Stage(2, 1e-3, takes=0.5),), (Stage(1, 1e-3),), 2, 2, batch=4, preprocessing=SMALL
)


@pytest.fixture
def cases() -> train.Cases:
    rng = np.random.default_rng(0)
    originals = [rng.integers(0, 256, (60, 40), dtype=np.uint8) for _ in range(12)]
    images = np.stack([np.rint(SMALL(image) * 255).astype(np.uint8) for image in originals])
    months, male = np.linspace(20, 200, 12, dtype=np.float32), np.tile([0, 1], 6).astype(np.float32)
    cohort = Cohort(tuple(map(str, range(12))), images, months, male)
    return train.Cases(cohort, originals, cohort)


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(train, "RUNS", tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


def test_a_stage_that_was_stopped_goes_on_to_the_same_weights(
    cases: train.Cases, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train.best_weights(train.fit(TINY, "base-0", 7, cases))
    (runs / "tiny" / "base-0.pt").unlink()
    epoch = train._epoch

    def broken(*arguments: object) -> float:
        if arguments[-1] == 7001:
            raise KeyboardInterrupt
        return epoch(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(train, "_epoch", broken)
    with pytest.raises(KeyboardInterrupt):
        train.fit(TINY, "base-0", 7, cases)
    monkeypatch.setattr(train, "_epoch", epoch)
    resumed = train.best_weights(train.fit(TINY, "base-0", 7, cases))
    assert all(torch.allclose(whole[name], resumed[name], atol=1e-6) for name in whole)


def test_a_stage_ends_when_nothing_improves_and_keeps_its_best(
    cases: train.Cases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = iter((3.0, 2.0, 2.5, 2.1, 1.0))
    monkeypatch.setattr(train, "watched", lambda *_: (next(losses), 10.0, 0.8))
    patient = replace(TINY, base=(Stage(5, 1e-3, patience=2),))
    path = train.fit(patient, "base-0", 7, cases)
    assert "stopped early: nothing better since epoch 2" in capsys.readouterr().out
    state = torch.load(path, weights_only=True)
    assert (state["epoch"], state["best_epoch"], state["best_loss"]) == (4, 2, 2.0)
    assert any(not torch.equal(state["best"][name], state["averaged"][name]) for name in state["best"])


def test_a_stage_without_patience_runs_to_its_end_and_keeps_its_last(
    cases: train.Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter((1.0, 2.0, 3.0))
    monkeypatch.setattr(train, "watched", lambda *_: (next(losses), 10.0, 0.8))
    path = train.fit(replace(TINY, base=(Stage(3, 1e-3, patience=None),)), "base-0", 7, cases)
    state = torch.load(path, weights_only=True)
    assert (state["epoch"], state["best_epoch"], state["best_loss"]) == (3, 3, 3.0)
    assert all(torch.equal(state["best"][name], state["averaged"][name]) for name in state["best"])


def test_it_goes_on_from_the_last_checkpoint_whichever_came_before(runs: Path) -> None:
    assert train.remaining(TINY) == [(2511, "base-0"), (2512, "line-0-0")]
    (runs / "tiny").mkdir()
    (runs / "tiny" / "line-0-0.pt").touch()
    assert train.remaining(TINY) == [(2512, "line-0-0")]
    assert train.remaining(TINY, line=1) == [(2511, "base-0"), (2513, "line-1-0")]


def test_fixed_blocks_read_as_before_and_learn_nothing() -> None:
    network = HandReader("efficientnet_lite0", 127.0, 41.0, dropout=0.0)
    for name, values in network.named_buffers():
        if name.endswith("running_mean"):
            values.add_(0.1)  # as after some training, so that fusing has something to fuse
    reader = PartlyFrozen(network, 2)
    reader.train()
    fixed = {name: p.detach().clone() for name, p in network.trunk.blocks[:2].state_dict().items()}
    images, male = torch.rand(10, 1, 64, 48), torch.ones(10)
    months, logit = reader(images, male)
    plain_months, plain_logit = network(images, male)
    torch.testing.assert_close(months, plain_months, atol=1e-2, rtol=1e-3)
    torch.testing.assert_close(logit, plain_logit, atol=1e-3, rtol=1e-3)
    months.sum().backward()
    assert all(p.grad is None for p in network.trunk.blocks[:2].parameters())
    assert network.trunk.conv_head.weight.grad is not None
    assert all(torch.equal(fixed[name], now) for name, now in network.trunk.blocks[:2].state_dict().items())


def test_the_last_stages_make_the_ensemble() -> None:
    assert RECIPES["phantom"].makers == ("line-0-1", "line-0-2", "line-0-3")
    assert TINY.makers == ("line-0-0", "line-1-0")
    assert RECIPES["rsna100"].makers == ("line-0-3", "line-1-2", "line-1-3")
    assert all(len(recipe.makers) == recipe.members for recipe in RECIPES.values())


def test_another_take_is_repeatable_and_keeps_the_shape() -> None:
    image = np.random.default_rng(1).integers(0, 256, (135, 100), dtype=np.uint8)
    takes = [another_take(image, np.random.default_rng(seed)) for seed in (0, 0, 1, 2, 3)]
    assert all(take.shape == image.shape and take.dtype == np.uint8 for take in takes)
    assert np.array_equal(takes[0], takes[1])
    assert any(not np.array_equal(takes[0], take) for take in takes[2:])
    assert np.array_equal(image, np.random.default_rng(1).integers(0, 256, (135, 100), dtype=np.uint8))
    assert jpeg(image, 90).shape == image.shape
