"""Text that is read in an image: errors of characters, identifiers that are left, and marks that are kept.

References
----------
Levenshtein VI. Binary codes capable of correcting deletions, insertions, and reversals. Sov Phys Dokl 1966;10:707-710.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from editproof.metrics.metric import MetricOutput
from editproof.metrics.outputs import output_metric

if TYPE_CHECKING:
    from editproof.metrics.outputs import OutputPair

_APART = re.compile(r"[\W_]+")


@output_metric(
    "text",
    MetricOutput("character_error", unit="", unchanged=0.0, regions=()),
    MetricOutput("identifiers_left", unit="", regions=()),
    MetricOutput("marks_kept", unit="", regions=()),
    MetricOutput("mark_error", unit="", regions=()),
)
def text_errors(pair: OutputPair) -> dict[str, float]:
    """Character error rate; and of the reference, the share of its identifiers and marks that are read, and how well.

    The character error rate is the number of characters to insert, delete or replace over the length of the other
    text; runs of blanks and line breaks count as one blank, letters being composed (NFC). Without characters there, it
    is 1 for each that is read. That of marks is of each where the text comes closest to it, over the characters of all
    marks: what else is read is no error, and a mark of which nothing is read is one in every character.
    """
    known = pair.other if isinstance(pair.other, dict) else {"text": pair.other}
    found = {}
    if (text := known.get("text")) is not None:
        one, other = (" ".join(unicodedata.normalize("NFC", words).split()) for words in (pair.reading, text))
        found["character_error"] = edit_distance(one, other) / max(1, len(other))
    if identifiers := known.get("identifiers"):
        left = sum(holds_identifier(pair.reading, identifier) for identifier in identifiers)
        found["identifiers_left"] = left / len(identifiers)
    if marks := [unicodedata.normalize("NFC", mark) for mark in known.get("marks") or ()]:
        found["marks_kept"] = sum(holds_mark(pair.reading, mark) for mark in marks) / len(marks)
        errors = sum(mark_distance(pair.reading, mark) for mark in marks)
        found["mark_error"] = errors / sum(len(" ".join(mark.split())) for mark in marks)
    return found


def edit_distance(one: str, other: str) -> int:
    """Smallest number of characters to insert, delete or replace that turn one text into another.

    Examples
    --------
    >>> edit_distance("kitten", "sitting"), edit_distance("", "abc")
    (3, 3)
    """
    codes, places = np.array([ord(letter) for letter in other]), np.arange(len(other) + 1)
    row = places.copy()
    for number, letter in enumerate(one, start=1):
        kept = np.empty_like(row)
        kept[0] = number
        kept[1:] = np.minimum(row[1:] + 1, row[:-1] + (codes != ord(letter)))
        row = np.minimum.accumulate(kept - places) + places  # insertions, one after the other
    return int(row[-1])


def mark_distance(text: str, mark: str) -> int:
    """Edit distance of a mark to the run of whole words of a text that comes closest; at most the length of the mark.

    A run has up to one word more than the mark, since what is read of one may fall apart.

    Examples
    --------
    >>> mark_distance("HANSEN LEET 47", "LEFT"), mark_distance("HANSEN", "LEFT"), mark_distance("LATERAL", "L")
    (1, 4, 1)
    """
    words, wanted = (unicodedata.normalize("NFC", of).split() for of in (text, mark))
    found = len(" ".join(wanted))
    for many in range(1, len(wanted) + 2):
        runs = (" ".join(words[at : at + many]) for at in range(len(words) - many + 1))
        found = min([found, *(edit_distance(run, " ".join(wanted)) for run in runs)])
    return found


def holds_identifier(text: str, identifier: str) -> bool:
    """Whether an identifier stands in a text, whatever its capitals, accents, blanks, punctuation and Unicode form.

    So MÜLLER, composed or not, and MULLER are one name, and digits of any width or script one number. A longer word
    counts, too: SMITH is left in SMITHSON. What else differs counts as removed although a person could still read it:
    one letter that was misread (SM1TH), another spelling (MUELLER; or Lukasz, since the Ł of Łukasz has no accent to
    drop), another order (3/12/1970 of 03.12.1970). Give each as an identifier of its own, or a pattern.

    One that begins with ``re:`` is a regular expression, searched for in the text as it is, and composed (NFC, NFKC).

    Examples
    --------
    >>> holds_identifier("SMITH, John 12-03-1970", "smith john"), holds_identifier("ID 4711", r"re:[0-9]{4}")
    (True, True)
    >>> holds_identifier("MULLER", "Müller"), holds_identifier("SM1TH", "Smith")
    (True, False)
    """
    if identifier.startswith("re:"):
        pattern = unicodedata.normalize("NFC", identifier.removeprefix("re:"))
        forms = (text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFKC")))
        return any(re.search(pattern, form) for form in forms)
    wanted = _bare(identifier)
    return bool(wanted) and wanted in _bare(text)


def _bare(text: str) -> str:
    """Letters and digits alone, of one case, without accents; every decimal digit is one of 0 to 9."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    digits = (str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in folded)
    return _APART.sub("", "".join(digits))


def holds_mark(text: str, mark: str) -> bool:
    """Whether a mark, such as L, stands in a text as a word of its own, in either Unicode form (NFC or NFD).

    Examples
    --------
    >>> holds_mark("L  AP", "L"), holds_mark("LATERAL", "L")
    (True, False)
    """
    mark, text = (unicodedata.normalize("NFC", words) for words in (mark, text))
    return re.search(rf"(?<!\w){re.escape(mark)}(?!\w)", text) is not None
