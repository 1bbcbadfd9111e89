"""``editproof train`` hands on to the recipes of the repository, or says where they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from editproof.cli import main, training
from editproof.errors import InstrumentError


def test_the_recipes_of_this_checkout_are_found(capfd) -> None:
    pytest.importorskip("torch")
    assert main(["train", "no-such-ensemble", "--threads", "1"]) == 4
    said = capfd.readouterr().err
    assert "invalid choice: 'no-such-ensemble'" in said
    assert "'rsna100'" in said


def test_a_checkout_one_stands_in_will_do(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name in ("train.py", "recipes.py"):
        (tmp_path / "models" / name).touch()
    assert training.repository(tmp_path, own=tmp_path / "wheel") == tmp_path


def test_without_recipes_it_says_where_they_are(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"no recipes in this installation.*Clone the repository"):
        training.repository(tmp_path, own=tmp_path / "wheel")
