"""An ensemble is what its card says, or it does not load; a reading is the image's own."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.card import file_sha256, read_card, write_card
from editproof.instruments.ensemble import LazyEnsemble, pooled
from editproof.types import Instrument, InstrumentCard, Quantity
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

Images = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Card of two untrained members, the second mirrored-averaging like the first."""
    from editproof.instruments.runtimes.torch import HandReader
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("ensemble")
    network = {"backbone": "mobilenetv3_small_050", "mean_months": 127.0, "sd_months": 41.0}
    for member in range(2):
        torch.manual_seed(member)
        save_file(HandReader(**network).state_dict(), folder / f"member-{member}.safetensors")
    card = InstrumentCard(
        name="untrained",
        description="for tests",
        quantities=(Quantity("bone_age", "months"), Quantity("sex", "probability", "probability")),
        members=2,
        sha256={path.name: file_sha256(path) for path in folder.glob("*.safetensors")},
        licence="none",
        training_data="none",
        preprocessing={"height": 64, "width": 48, "flip_average": True, "network": network},
    )
    write_card(folder / "card.json", card, {"note": "for readers"})
    return folder / "card.json"


@pytest.fixture
def copied(shipped: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of the shipped ensemble whose card differs as asked."""

    def copy(**changes: object) -> Path:
        for path in shipped.parent.iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
        card = tmp_path / "card.json"
        card.write_text(json.dumps({**json.loads(card.read_text()), **changes}))
        return card

    return copy


@pytest.fixture(scope="module")
def images() -> Images:
    rng = np.random.default_rng(0)
    shapes = [(135, 100), (100, 135), (320, 256), (64, 48)] * 5
    return [rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def _references(n: int) -> list[dict[str, float]]:
    return [{"sex": float(index % 2), "bone_age": 100.0} for index in range(n)]


def test_a_reading_has_the_declared_shape_and_unit(shipped: Path, images: Images) -> None:
    ensemble = LazyEnsemble(shipped)
    readings = ensemble.predict(images, _references(len(images)))
    assert isinstance(ensemble, Instrument)
    assert set(readings) == {quantity.name for quantity in ensemble.card.quantities}
    assert all(values.shape == (2, len(images)) and values.dtype == np.float64 for values in readings.values())
    assert np.ptp(readings["bone_age"]) < 300
    assert 60 < readings["bone_age"].mean() < 200  # months, not z-scores
    assert ((readings["sex"] >= 0) & (readings["sex"] <= 1)).all()
    assert not np.allclose(readings["bone_age"][0], readings["bone_age"][1])


def test_a_reading_does_not_depend_on_its_neighbours(shipped: Path, images: Images) -> None:
    ensemble, references = LazyEnsemble(shipped), _references(len(images))
    together = ensemble.predict(images, references)
    backwards = ensemble.predict(images[::-1], references[::-1])
    for index in (0, 7, 19):
        alone = ensemble.predict([images[index]], [references[index]])
        for name, values in together.items():
            np.testing.assert_allclose(alone[name][:, 0], values[:, index], atol=2e-5)
            np.testing.assert_allclose(backwards[name][:, -1 - index], values[:, index], atol=2e-5)


def test_no_images_no_readings(shipped: Path) -> None:
    assert LazyEnsemble(shipped).predict([], [])["sex"].shape == (2, 0)


def test_only_bone_age_sees_the_reference_sex_and_nothing_sees_the_reference_age(shipped: Path, images: Images) -> None:
    ensemble = LazyEnsemble(shipped)
    female, male, other_age = (
        ensemble.predict(images[:1], [reference])
        for reference in ({"sex": 0.0}, {"sex": 1.0}, {"sex": 1.0, "bone_age": 12.0})
    )
    assert (female["sex"] == male["sex"]).all()
    assert (female["bone_age"] != male["bone_age"]).all()
    assert (other_age["bone_age"] == male["bone_age"]).all()


def test_a_mirror_image_reads_the_same_where_both_are_averaged(shipped: Path, images: Images) -> None:
    even = [images[2]]  # resized to an even width, so that its letterbox is symmetric
    flipped = [np.ascontiguousarray(even[0][:, ::-1])]
    ensemble = LazyEnsemble(shipped)
    one, other = (ensemble.predict(pair, _references(1))["bone_age"] for pair in (even, flipped))
    np.testing.assert_allclose(one, other, atol=0.02)


def test_sixteen_bits_read_as_eight(shipped: Path, images: Images) -> None:
    ensemble = LazyEnsemble(shipped)
    eight = ensemble.predict(images[:2], _references(2))["bone_age"]
    sixteen = ensemble.predict([image.astype(np.uint16) * 257 for image in images[:2]], _references(2))["bone_age"]
    np.testing.assert_allclose(eight, sixteen, atol=1e-2)


def test_it_travels_to_a_worker_process(shipped: Path, images: Images) -> None:
    ensemble = LazyEnsemble(shipped)
    here = ensemble.predict(images[:1], _references(1))["sex"]
    there: LazyEnsemble = pickle.loads(pickle.dumps(ensemble))
    assert (there.predict(images[:1], _references(1))["sex"] == here).all()


def test_pooled_is_the_mean_over_members() -> None:
    assert pooled(np.array([[0.2, 1.0], [0.4, 0.0]])).tolist() == pytest.approx([0.3, 0.5])


@pytest.mark.parametrize("reference", [{}, {"sex": 0.5}, {"sex": float("nan")}])
def test_without_a_reference_sex_there_is_no_reading(
    shipped: Path, images: Images, reference: dict[str, float]
) -> None:
    with pytest.raises(InstrumentError, match="reference sex"):
        LazyEnsemble(shipped).predict(images[:1], [reference])


def test_a_colour_image_is_refused(shipped: Path) -> None:
    with pytest.raises(InstrumentError, match=r"shape \(9, 9, 3\)"):
        LazyEnsemble(shipped).predict([np.zeros((9, 9, 3), np.uint8)], _references(1))


def test_fewer_references_than_images_are_refused(shipped: Path, images: Images) -> None:
    with pytest.raises(InstrumentError, match="2 images and 1 references"):
        LazyEnsemble(shipped).predict(images[:2], _references(1))


def test_altered_weights_are_refused(copied: Callable[..., Path], images: Images) -> None:
    card = copied()
    weights = card.parent / "member-1.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(InstrumentError, match=f"sha256 is {file_sha256(weights)}, the card says"):
        LazyEnsemble(card).predict(images[:1], _references(1))


def test_missing_weights_are_named(copied: Callable[..., Path], images: Images) -> None:
    card = copied()
    (card.parent / "member-1.safetensors").unlink()
    with pytest.raises(InstrumentError, match=r"weights member-1\.safetensors .* no such file"):
        LazyEnsemble(card).predict(images[:1], _references(1))


def test_a_pickle_is_never_opened(
    copied: Callable[..., Path], images: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    trap = tmp_path / "member-0.pt"
    trap.write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")
    card = copied(members=1, sha256={"member-0.pt": file_sha256(trap)})
    with pytest.raises(InstrumentError, match="a pickle can run code"):
        LazyEnsemble(card).predict(images[:1], _references(1))
    assert not (tmp_path / "opened").exists()


def test_weights_outside_the_cards_folder_are_refused(copied: Callable[..., Path], images: Images) -> None:
    card = copied(members=1, sha256={"../member-0.safetensors": "0"})
    with pytest.raises(InstrumentError, match="not a safetensors file beside its card"):
        LazyEnsemble(card).predict(images[:1], _references(1))


def test_weights_of_another_network_are_refused(copied: Callable[..., Path], images: Images) -> None:
    network = {"backbone": "resnet10t", "mean_months": 127.0, "sd_months": 41.0}
    with pytest.raises(InstrumentError, match="do not fit the network"):
        LazyEnsemble(copied(preprocessing={"network": network})).predict(images[:1], _references(1))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"members": 3}, "3 members and 2 weights files"),
        ({"quantities": [{"name": "bone_age", "unit": "years"}]}, "it declares {'bone_age': 'years'}"),
        ({"quantities": "bone_age"}, "malformed: quantities is 'bone_age'. Write a list"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(
    copied: Callable[..., Path], changes: dict[str, object], found: str
) -> None:
    with pytest.raises(InstrumentError, match=found):
        read_card(copied(**changes))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no JSON", "not JSON"),
        ("[]", r"it is \[\]. Write a mapping of name, desc"),
        ('{"name": "x"}', "description is missing"),
    ],
)
def test_a_file_that_is_no_card_is_refused(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(InstrumentError, match=found):
        read_card(path)


def test_a_missing_card_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="cannot be read"):
        read_card(tmp_path / "card.json")


def test_a_card_is_read_without_torch(shipped: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import editproof.instruments; "
        "from editproof.instruments.ensemble import LazyEnsemble; "
        f"LazyEnsemble(Path({str(shipped)!r})); assert 'torch' not in sys.modules and 'timm' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_reading_is_the_mean_over_the_angles_that_the_card_names(
    shipped: Path, copied: Callable[..., Path], images: Images
) -> None:
    from editproof.instruments.runtimes.torch import load_ensemble

    preprocessing = json.loads(shipped.read_text())["preprocessing"]

    def months(*angles: float) -> NDArray[np.float64]:
        card = copied(preprocessing={**preprocessing, "rotations": angles})
        return load_ensemble(card).predict(images[:4], _references(4))["bone_age"]

    np.testing.assert_allclose(months(-4.0, 4.0), (months(-4.0) + months(4.0)) / 2, atol=1e-4)
    assert np.abs(months(-4.0) - months(4.0)).max() > 1e-3
    np.testing.assert_array_equal(months(0.0), load_ensemble(shipped).predict(images[:4], _references(4))["bone_age"])


@pytest.mark.parametrize(
    ("angles", "found"),
    [
        ([], r"rotations is \[\]. Write a list of angles in degrees, e\.g\. \[-4, 4\]"),
        (4, "rotations is 4. Write a list of angles"),
        (["4"], r"rotations\[0\] is '4'. Write a finite number"),
        ([True], r"rotations\[0\] is True. Write a finite number"),
        (None, "rotations is None. Write a list of angles"),
    ],
)
def test_rotations_that_are_no_angles_are_refused(
    shipped: Path, copied: Callable[..., Path], angles: object, found: str
) -> None:
    from editproof.instruments.runtimes.torch import load_ensemble

    preprocessing = json.loads(shipped.read_text())["preprocessing"]
    with pytest.raises(InstrumentError, match=rf"malformed: preprocessing\.{found}"):
        load_ensemble(copied(preprocessing={**preprocessing, "rotations": angles}))


def test_an_image_is_turned_counterclockwise_and_in_pixels() -> None:
    from editproof.instruments.runtimes.torch import rotated

    image = torch.zeros(1, 1, 9, 5)
    image[0, 0, 4, 4] = 1.0  # right of the middle
    upright = rotated(image, 90)
    assert upright[0, 0, 2, 2] == pytest.approx(1.0, abs=1e-5)
    assert float(upright.sum()) == pytest.approx(1.0, abs=1e-4)
    assert rotated(image, 0) is image
