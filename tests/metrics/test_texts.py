"""What counts as the same text: an identifier is left in whatever Unicode form it is read."""

from __future__ import annotations

import unicodedata

import pytest
from editproof.metrics.outputs import OutputPair
from editproof.metrics.texts import holds_identifier, holds_mark, text_errors

FORMS = ("NFC", "NFD", "NFKC", "NFKD")


@pytest.mark.parametrize("one", FORMS)
@pytest.mark.parametrize("other", FORMS)
def test_names_are_the_same_in_every_unicode_form(one, other):
    for name in ("Müller", "José", "Ångström", "Nguyễn", "Strauß"):
        text, known = unicodedata.normalize(one, f"PAT {name.upper()} 1970"), unicodedata.normalize(other, name)
        assert holds_identifier(text, known)
        assert holds_identifier(text, f"re:(?i){name[:3]}")


@pytest.mark.parametrize(
    ("text", "identifier", "left"),
    [
        ("MULLER 1970", "Müller", True), ("JOSÉ", "jose", True), ("１２３４", "1234", True), ("٤٧١١", "4711", True),
        ("ＳＭＩＴＨ", "Smith", True), ("SMIT H", "SMITH", True), ("12-03-1970", "12.03.1970", True),
        ("SM1TH", "SMITH", False), ("MUELLER", "Müller", False), ("", "Smith", False), ("anything", "--", False),
    ],
)  # fmt: skip
def test_what_is_seen_as_left(text, identifier, left):
    assert holds_identifier(text, identifier) is left


def test_marks_and_errors_of_characters_do_not_depend_on_the_form_but_on_the_accent():
    composed, apart = "DÉCUBITUS", unicodedata.normalize("NFD", "DÉCUBITUS")
    assert holds_mark(apart, composed)
    assert not holds_mark("DECUBITUS", composed)
    assert holds_mark("Ł AP", "Ł")
    assert not holds_mark("L² AP", "L2")
    pairs = {known: OutputPair("text", "words", apart, known, (2, 2)) for known in (composed, "DECUBITUS")}
    errors = {known: text_errors.compute(pair)["character_error"] for known, pair in pairs.items()}
    assert errors == {composed: 0.0, "DECUBITUS": 1 / 9}
