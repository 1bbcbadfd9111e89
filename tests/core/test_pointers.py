"""A pointer of Git LFS in place of a file is said to be one, at every door that reads files."""

from __future__ import annotations

import pytest
from editproof.cli import main
from editproof.core.pointers import fault_of_pointer
from editproof.datasets.checks import decoded_case
from editproof.datasets.registry import dataset_from_spec
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditproofError
from editproof.instruments.card import read_card
from editproof.instruments.files import verified

from fixtures.__main__ import write
from fixtures.phantom import cohort
from tests.instruments.cards import written

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4" * 64 + b"\nsize 132735\n"


def images(folder, name):
    write(cohort(n=2), folder)
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix == name and path.parent.name in ("images", folder.name)
    ]
    found[0].write_bytes(POINTER)
    return lambda: [decoded_case(case) for case in dataset_from_spec(f"folder:{folder}")]


def edits(folder):
    (folder / "c1.png").write_bytes(POINTER)
    return lambda: editor_from_spec(f"folder:{folder}")


def weights(folder):
    path = written(folder, {"net.onnx": POINTER}, files=["net.onnx"])
    return lambda: verified(read_card(path), folder, "net.onnx")


def card(folder):
    (folder / "card.json").write_bytes(POINTER)
    return lambda: read_card(folder / "card.json")


DOORS = {
    "an image of a cohort": lambda folder: images(folder, ".png"), "its table": lambda folder: images(folder, ".csv"),
    "an edit made elsewhere": edits, "weights": weights, "a card": card,
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_pointer_is_named_with_the_way_to_its_file(door, tmp_path):
    opened = door(tmp_path)
    with pytest.raises(EditproofError) as caught:
        opened()
    assert "it is a pointer of Git LFS, not the file" in str(caught.value)
    assert "git lfs pull" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_digest_of_a_pointer_is_written(tmp_path, capsys):
    path = written(tmp_path, {"net.onnx": POINTER}, files=["net.onnx"], sha256={})
    before = path.read_bytes()
    assert main(["instrument", str(path), "--write-digests"]) == 4
    assert "pointer of Git LFS" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_what_only_mentions_it_is_no_pointer():
    assert fault_of_pointer(b"# version https://git-lfs.github.com/spec/v1") == ("", "")
    assert fault_of_pointer(b"/annex/objects/SHA256E-s1")[0].startswith("it is a pointer of git-annex")
