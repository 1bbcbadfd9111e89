"""The templates of the report; every text is made printable before it is escaped."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from editproof.core import numbers
from editproof.evidence.reservations import NON_INFERIORITY, heading
from editproof.evidence.tabled import is_of_readings_alone
from editproof.report.charts.bars import WIDTH
from editproof.report.page import mapping
from editproof.report.page.close import ruler
from editproof.report.page.compiled import CompiledTemplates
from editproof.report.page.fragility import fragility, other_figures
from editproof.report.page.readers import has_readers, reader_rows
from editproof.report.text import wording
from editproof.report.text.families import families
from editproof.report.text.origins import origins
from editproof.types import JSON, Outcome

BRIEF = 160
"""Characters of a field on pages that have to stay short."""


@cache
def environment() -> Environment:
    """The one environment of every page: autoescape on, an undefined name is an error."""
    made = Environment(
        loader=PackageLoader("editproof.report", "templates"),
        bytecode_cache=CompiledTemplates(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "typeset": wording.typeset,
        "arm": wording.arm_in_words,
        "region": wording.region_in_words,
        "words": wording.in_words,
        "instant": wording.instant,
        "brief": lambda text: wording.printable(str(text), BRIEF),
        "flat": flat,
        "fragility": fragility,
        "other_figures": other_figures,
        "slug": anchor,
        "grouped": numbers.grouped,
        "percent": numbers.percent,
        "level": numbers.level,
        "figure": numbers.brief,
    }
    made.globals |= {
        "Outcome": Outcome,
        "heading": heading,
        "NON_INFERIORITY": NON_INFERIORITY,
        "is_of_readings_alone": is_of_readings_alone,
        "has_readers": has_readers,
        "ruler": ruler,
        "reader_rows": reader_rows,
        "ROLE": wording.ROLE,
        "STATUS": wording.STATUS,
        "MASK": wording.MASK,
        "counted": wording.counted,
        "families": families,
        "origins": origins,
        "ASKED": mapping.ASKED,
        "SUPPORTED": mapping.SUPPORTED,
        "FRAMEWORKS": mapping.FRAMEWORKS,
        "SOURCES": mapping.SOURCES,
        "CHECKED": mapping.CHECKED,
        "listed": wording.listed,
        "BAR": int(WIDTH),
        "TONE": {outcome: palette()[name] for outcome, name in TONES.items()},
        "COLOUR": palette(),
        "printed": False,
    }
    return made


TONES = {Outcome.PASS: "pass", Outcome.FAIL: "fail", Outcome.INCONCLUSIVE: "open", Outcome.INVALID: "void"}
"""The colour of an outcome, by its name in the style sheet."""


@cache
def source(name: str) -> str:
    """The text of a style sheet or script of the report."""
    from importlib.resources import files

    return (files("editproof.report") / "templates" / name).read_text(encoding="utf-8")


@cache
def palette() -> dict[str, str]:
    """The light colours of the style sheet by name, for drawings that the style sheet does not reach."""
    light = source("style.css").partition("}")[0]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", light))


def _shown(value: object) -> object:
    """What a template prints: text made printable, numbers and markup unchanged."""
    return value if isinstance(value, (Markup, int, float)) else wording.printable(str(value))


def flat(tree: JSON, path: str = "") -> Iterator[tuple[str, str]]:
    """A nested record as lines of path and value, in the order of its keys; an estimate is one line."""
    if isinstance(tree, Mapping) and {"value", "low", "high"} <= tree.keys():
        number = f", n = {tree['n']}" if "n" in tree else ""
        yield path, f"{tree['value']} [{tree['low']}, {tree['high']}]{number}"
    elif isinstance(tree, Mapping) and tree:
        for key, value in tree.items():
            yield from flat(value, f"{path} › {key}" if path else str(key))
    elif isinstance(tree, (list, tuple)) and any(isinstance(item, (Mapping, list, tuple)) for item in tree):
        for index, value in enumerate(tree):
            yield from flat(value, f"{path} › {index}" if path else str(index))
    elif isinstance(tree, (list, tuple)):
        yield path, ", ".join(map(_plainly, tree))
    else:
        yield path, _plainly(tree)


def _plainly(value: JSON) -> str:
    """A value in words: yes and no, and infinity as a sign.

    Examples
    --------
    >>> [_plainly(value) for value in (False, float("-inf"), "-inf", None, 0.5)]
    ['no', '−∞', '−∞', '–', '0.5']
    """
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == {}:
        return "–"
    return {"inf": "∞", "-inf": "−∞", "infinity": "∞", "-infinity": "−∞"}.get(str(value), str(value))


def anchor(text: str) -> str:
    """A string as an id for CSS and links."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]
