"""What the names of image files say: patient, sex, age, laterality."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping

KNOWN = {
    "stem": "{case}",
    "grazpedwri": "{patient}_{_time}_{study}_{region}-{laterality}{projection}_{sex}{age_years}",
}
"""Patterns by name. GRAZPEDWRI-DX: Nagy et al., Sci Data 2022;9:222 (``0001_1297860395_01_WRI-L1_M014``)."""
_FIELDS = {"sex": "[MFmf]", "laterality": "[LRlr]", "age_years": r"\d{1,3}(?:\.\d+)?", "projection": r"\d+|[A-Za-z]+"}


@dataclass(frozen=True)
class NamePattern:
    """A pattern of file names without suffix, such as ``{patient}_{view}_{sex}{age_years}``.

    ``{patient}`` becomes the patient id, ``{sex}`` (M or F) sex, ``{laterality}`` (L or R), ``{age_years}`` and every
    other field a stratum. A field whose name starts with ``_`` has to be there and is dropped, ``{case}`` is the
    whole rest of a name.
    """

    text: str
    rule: re.Pattern[str]

    def of(self, stem: str) -> Mapping[str, str] | None:
        """The fields of a name, or None where the pattern does not fit."""
        match = self.rule.fullmatch(stem)
        if match is None:
            return None
        fields = {name: cell for name, cell in match.groupdict().items() if not name.startswith("_") and name != "case"}
        for name in fields.keys() & {"sex", "laterality"}:
            fields[name] = fields[name].upper()
        if "age_years" in fields:
            fields["age_years"] = f"{float(fields['age_years']):g}"
        return fields


def name_pattern(text: str) -> NamePattern:
    """The pattern that a name of :data:`KNOWN`, or its own text, gives.

    Raises
    ------
    DatasetError
        Where it has no field, names one twice, or a brace has no partner.

    Examples
    --------
    >>> fields = name_pattern("grazpedwri").of("0001_1297860395_01_WRI-L1_M014")
    >>> fields["patient"], fields["sex"], fields["age_years"], fields["laterality"], fields["projection"]
    ('0001', 'M', '14', 'L', '1')
    """
    pattern = KNOWN.get(text, text)
    parts = re.split(r"\{(\w+)\}", pattern)
    fields = parts[1::2]
    if not fields or len(set(fields)) < len(fields) or any(set(part) & set("{}") for part in parts[::2]):
        advice = f"Write a pattern such as {{patient}}_{{view}}_{{sex}}{{age_years}}, or one of {', '.join(KNOWN)}."
        raise DatasetError(f"names = {text!r}", "it is not a pattern of distinct {fields}", advice)
    rule = "".join(
        f"(?P<{part}>{_FIELDS.get(part, '.+' if part == 'case' else '[^_]+?')})" if place % 2 else re.escape(part)
        for place, part in enumerate(parts)
    )
    try:
        return NamePattern(pattern, re.compile(rule))
    except re.error as error:
        raise DatasetError(f"names = {text!r}", str(error), "Field names are words, not numbers.") from error
