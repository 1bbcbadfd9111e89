"""The wording of the report: names of outcomes, arms, strata and regions, and text made safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from editproof.core.numbers import grouped
from editproof.types import JSON, EditStatus

LONGEST: Final = 2000
"""Characters of one string that a page shows; the rest is cut, and the page states how much."""

ROLE: Final = {"primary": "decides the verdict", "secondary": "reported", "validity": "is the run valid"}

STATUS: Final = {
    EditStatus.REFUSED.value: "refused",
    EditStatus.FAILED.value: "failed",
    EditStatus.MALFORMED.value: "malformed",
    EditStatus.TIMED_OUT.value: "timed out",
}
"""The state of a missing edit."""

MASK: Final = {
    "respected": "respected",
    "guidance": "taken as guidance",
    "inverted": "inverted?",
    "ignored": "ignored",
    "unchanged": "not shown",
    "not known": "not known",
}
"""How a tool uses its mask, in a word or two."""

MISSING: Final = {
    "worst_case": "counted as the worst possible result",
    "complete_case": "left out",
    "original_used": "replaced by the original",
}
"""What a rule does with missing edits."""

_REGIONS: Final = {
    "whole": "whole radiograph",
    "protected": "anatomy (protected)",
    "outside_mask": "outside the edit mask",
    "inside_mask": "inside the edit mask",
}

_ARMS: Final = {
    "original": "Original",
    "target": "Target",
    "edited": "As returned",
    "paste_back": "Paste-back",
    "recalibrated_linear": "Linear recalibration",
    "recalibrated_isotonic": "Isotonic recalibration",
    "recalibrated_histogram": "Histogram matching",
    "geometry": "Geometry round trip",
    "gray": "Gray conversion",
    "histogram_matched": "Histogram matching",
    "classical_fill": "Classical fill",
    "outside_only": "Outside the mask only",
}

_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def printable(text: str, limit: int = LONGEST) -> str:
    """Text in which every character is visible: controls and bidirectional overrides are spelled out.

    Parameters
    ----------
    text : str
        Any string, e.g. an error message of a tool.
    limit : int
        Longest text kept, in characters.

    Examples
    --------
    >>> printable("harm" + chr(0x202e) + "less")
    'harm⟨U+202E⟩less'
    >>> printable("a" * 30, limit=5)
    'aaaaa … (25 more characters)'
    """
    cut = len(text) - limit
    shown = visible(text[:limit])
    return shown if cut <= 0 else f"{shown} … ({cut} more character{'s' * (cut != 1)})"


def in_one_line(text: str, limit: int = LONGEST) -> str:
    """Text from outside as one line, printable.

    Examples
    --------
    >>> in_one_line("harm" + chr(10) + "+ PASS")
    'harm + PASS'
    """
    return " ".join(printable(text, limit).split())


def all_in_one_line(tree: JSON, limit: int = LONGEST) -> JSON:
    """A tree of JSON in which every text is one line, printable; so are its keys.

    Examples
    --------
    >>> all_in_one_line({"name": ["a" + chr(10) + "b", 1.5, None]})
    {'name': ['a b', 1.5, None]}
    """
    if isinstance(tree, str):
        return in_one_line(tree, limit)
    if isinstance(tree, Mapping):
        return {in_one_line(key, limit): all_in_one_line(value, limit) for key, value in tree.items()}
    return [all_in_one_line(value, limit) for value in tree] if isinstance(tree, (list, tuple)) else tree


def visible(text: str) -> str:
    """Text with every control and bidirectional override spelled out, however long it is."""
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def stratum_in_words(stratum: str) -> str:
    """A subgroup in words.

    Examples
    --------
    >>> stratum_in_words("all"), stratum_in_words("bone_age>=96&sex=F")
    ('All patients', 'bone age ≥ 96 and sex F')
    """
    if stratum == "all":
        return "All patients"
    text = printable(stratum, 200).replace("_", " ").replace(">=", " ≥ ").replace("<=", " ≤ ").replace("&", " and ")
    text = re.sub(r"(?<![ ≥≤])([<>])", r" \1 ", text)
    return re.sub(r"\s+", " ", text.replace("=", " ")).strip()


def arm_in_words(arm: str) -> str:
    """The name of a step of the editing chain."""
    return _ARMS.get(arm, in_words(arm).capitalize())


def region_in_words(region: str) -> str:
    """The name of a region of the image."""
    return _REGIONS.get(region, in_words(region))


def instant(at: str) -> str:
    """A time in ISO 8601 in a form that is easy to read.

    Examples
    --------
    >>> instant("2026-11-23T12:00:00+00:00")
    '2026-11-23 12:00:00 UTC'
    """
    return re.sub(r"^(\d{4}-\d\d-\d\d)T([\d:.]+)(?:Z|\+00:00)$", r"\1 \2 UTC", printable(at, 60))


def in_words(name: str) -> str:
    """An identifier as words.

    Examples
    --------
    >>> in_words("bone_age")
    'bone age'
    """
    return printable(name, 120).replace("_", " ")


def typeset(text: str) -> str:
    """A sentence with a true minus sign before its negative numbers.

    Examples
    --------
    >>> typeset("between -2.0 and 2.0 of run-3")
    'between −2.0 and 2.0 of run-3'
    """
    return re.sub(r"(?<![\w)\]-])-(?=[\d.])", "−", printable(text))


def counted(n: int, noun: str, many: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "patient"), counted(1200, "edit"), counted(2, "criterion", "criteria")
    ('1 patient', '1,200 edits', '2 criteria')
    """
    return f"{grouped(n)} {noun if n == 1 else many or noun + 's'}"


def listed(items: list[str]) -> str:
    """Items joined into a list for a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
