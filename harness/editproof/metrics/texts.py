"""Text that is read in an image: errors of characters, identifiers that are left, and marks that are kept.

References
----------
Levenshtein VI. Binary codes capable of correcting deletions, insertions, and reversals. Sov Phys Dokl 1966;10:707-710.
"""

from __future__ import annotations

import re
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
    text; runs of blanks and line breaks count as one blank. Without characters there, it is 1 for each that is read.
    That of marks is of each where the text comes closest to it, over the characters of all marks: what else is read is
    no error, and a mark of which nothing is read is one in every character.
    """
    known = pair.other if isinstance(pair.other, dict) else {"text": pair.other}
    found = {}
    if (text := known.get("text")) is not None:
        one, other = (" ".join(words.split()) for words in (pair.reading, text))
        found["character_error"] = edit_distance(one, other) / max(1, len(other))
    if identifiers := known.get("identifiers"):
        left = sum(holds_identifier(pair.reading, identifier) for identifier in identifiers)
        found["identifiers_left"] = left / len(identifiers)
    if marks := known.get("marks"):
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
    words, wanted = text.split(), mark.split()
    found = len(" ".join(wanted))
    for many in range(1, len(wanted) + 2):
        runs = (" ".join(words[at : at + many]) for at in range(len(words) - many + 1))
        found = min([found, *(edit_distance(run, " ".join(wanted)) for run in runs)])
    return found


def holds_identifier(text: str, identifier: str) -> bool:
    """Whether an identifier stands in a text, whatever its capitals, blanks and punctuation.

    One that begins with ``re:`` is a regular expression, searched for in the text as it is.

    Examples
    --------
    >>> holds_identifier("SMITH, John 12-03-1970", "smith john"), holds_identifier("ID 4711", r"re:[0-9]{4}")
    (True, True)
    """
    if identifier.startswith("re:"):
        return re.search(identifier.removeprefix("re:"), text) is not None
    wanted = _APART.sub("", identifier).casefold()
    return bool(wanted) and wanted in _APART.sub("", text).casefold()


def holds_mark(text: str, mark: str) -> bool:
    """Whether a mark, such as L, stands in a text as a word of its own.

    Examples
    --------
    >>> holds_mark("L  AP", "L"), holds_mark("LATERAL", "L")
    (True, False)
    """
    return re.search(rf"(?<!\w){re.escape(mark)}(?!\w)", text) is not None
