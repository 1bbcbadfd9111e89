"""A suite written as a table, TOML or CSV, for those who write acceptance criteria and no Python.

A claim has the fields of a :class:`~editproof.criteria.Criterion` and the subgroups in which it is judged::

    [[claim]]
    id = "BA-1"
    estimand = "mae_drift('bone_age', cap=60)"
    region = "at most 2"
    source = "protocol, section 5"

The estimand is the call as in Python, or its name beside a table ``arguments``. A CSV has a column for each field;
several strata are separated by semicolons. ``[defaults]`` of a TOML file holds for every claim that does not say.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, NamedTuple

from editproof.core.nearest import did_you_mean
from editproof.core.separated import SeparatedError, cells_of
from editproof.criteria.criterion import Criterion
from editproof.criteria.estimand import Estimand
from editproof.criteria.families import FAMILY_RULES
from editproof.criteria.region import Region, at_least, at_most, within
from editproof.criteria.registry import ESTIMANDS
from editproof.errors import EditproofError, ProtocolError
from editproof.evidence.strata import WHOLE, conditions_in
from editproof.types import place_of

READ: Final[set[Path]] = set()
"""Every table that was read in this process: one that a test file read is no table that was forgotten."""

_TEXT = ("source", "hazard", "role", "rationale", "limitation", "sentence", "requirement", "limits")
_NUMBERS = ("confidence", "min_patients")
FIELDS: Final = ("id", "estimand", "arguments", "region", *_TEXT, *_NUMBERS, "cap", "strata", "family")
"""What a claim may say."""
assert {*_TEXT, *_NUMBERS} <= {field.name for field in fields(Criterion)}

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_REGION = re.compile(
    rf"(at[ _]most|at[ _]least|within|between)\s*\(?\s*({_NUMBER})(?:\s*(?:,|and|to)\s*({_NUMBER}))?\s*\)?"
)
_HOW = {"at most": at_most, "at least": at_least}


class TableClaim(NamedTuple):
    """One test case: a criterion in a stratum, or in the strata of a family.

    Attributes
    ----------
    criterion : Criterion
    strata : tuple of str
        One, unless it is a family.
    family : str
        Rule by which the strata share an error rate; empty where the claim is judged alone.
    """

    criterion: Criterion
    strata: tuple[str, ...]
    family: str

    @property
    def name(self) -> str:
        """What a test of it is called: ``"BA-1"``, ``"BA-1 in sex=F"`` or ``"BA-1 (holm)"``."""
        return f"{self.criterion.id} ({self.family})" if self.family else place_of(self.criterion.id, self.strata[0])


def claims_from(file: str | Path) -> tuple[TableClaim, ...]:
    """The claims of a table, each in each of its strata; those of a family stay together.

    Give them to ``@pytest.mark.parametrize("criterion, strata, family", claims_from("claims.toml"))``; or name the file
    to pytest, which then makes the tests itself.

    Parameters
    ----------
    file : path
        TOML or CSV.

    Raises
    ------
    ProtocolError
        Where it cannot be read, or a claim is not one: an unknown field, estimand or argument, a region that is none.
    """
    path = Path(file)
    READ.add(path.resolve())
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProtocolError(f"suite {path}", f"it cannot be read ({error})", "Name a TOML or CSV file.") from error
    entries = list(_of_csv(path, text) if path.suffix.lower() == ".csv" else _of_toml(path, text))
    if not entries:
        raise ProtocolError(f"suite {path.name}", "no claim in it", "Write one: [[claim]] in TOML, a row in CSV.")
    seen: dict[str, int] = {}
    found: list[TableClaim] = []
    for number, entry in enumerate(entries, start=1):
        name = str(entry.get("id") or "").strip()
        asked = f"claim {name or number} of {path.name}"
        if name in seen:
            raise ProtocolError(asked, f"claims {seen[name]} and {number} have one id", "Give each an id of its own.")
        seen[name] = number
        found += _claims_of(entry, asked)
    return tuple(found)


def _of_toml(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    asked = f"suite {path.name}"
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(asked, f"it is not TOML ({error})", "Write tables [[claim]].") from error
    if strange := sorted(set(told) - {"claim", "defaults"}):
        advice = f"{did_you_mean(strange[0], ['claim', 'defaults'])}Write [[claim]] for each claim, and [defaults]."
        raise ProtocolError(asked, f"there is no {strange[0]!r}", advice)
    claims, defaults = told.get("claim", []), told.get("defaults", {})
    if not isinstance(claims, list) or not all(isinstance(entry, dict) for entry in [*claims, defaults]):
        raise ProtocolError(asked, "claim is no list of tables", "Write [[claim]], with two brackets, for each claim.")
    yield from ({**defaults, **entry} for entry in claims)


def _of_csv(path: Path, text: str) -> Iterator[Mapping[str, Any]]:
    asked = f"suite {path.name}"
    try:
        lines = [line for line in cells_of(text) if any(cell.strip() for cell in line)]
    except SeparatedError as error:
        raise ProtocolError(asked, error.found, error.advice) from error
    header = [cell.strip().lower() for cell in lines[0]] if lines else []
    if twice := [name for name in header if name and header.count(name) > 1]:
        raise ProtocolError(asked, f"two columns {twice[0]!r}", "Name every column once.")
    for line in lines[1:]:
        yield {name: cell.strip() for name, cell in zip(header, line, strict=False) if cell.strip()}


def _claims_of(entry: Mapping[str, Any], asked: str) -> Iterator[TableClaim]:
    if strange := [name for name in entry if name not in FIELDS]:
        advice = f"{did_you_mean(strange[0], FIELDS)}A claim has {', '.join(FIELDS)}."
        raise ProtocolError(asked, f"there is no field {strange[0]!r}", advice)
    for name in ("id", "estimand", "region"):
        if not str(entry.get(name) or "").strip():
            raise ProtocolError(
                asked, f"no {name}", f"Give every claim id, estimand, region and source; {name} is none."
            )
    given: dict[str, Any] = {name: _text(entry[name], name, asked) for name in _TEXT if name in entry}
    if "confidence" in entry:
        given["confidence"] = _number(entry["confidence"], "confidence", asked)
    if "min_patients" in entry:
        given["min_patients"] = _whole(entry["min_patients"], "min_patients", asked)
    strata = _strata(entry.get("strata", WHOLE), asked)
    family = _text(entry.get("family", ""), "family", asked)
    if family and family not in FAMILY_RULES:
        advice = f"{did_you_mean(family, FAMILY_RULES)}Write one of {', '.join(FAMILY_RULES)}."
        raise ProtocolError(asked, f"family {family!r}", advice)
    if family and given.get("role") != "secondary":
        raise ProtocolError(asked, "a family of primary claims", "Those all have to hold; write role secondary.")
    try:
        criterion = Criterion(
            str(entry["id"]).strip(), _estimand(entry, asked), _region(entry["region"], asked), **given
        )
    except EditproofError as error:
        if error.asked == asked:
            raise
        raise ProtocolError(f"{asked}, {error.asked}", error.found, error.advice) from error
    if family:
        yield TableClaim(criterion, strata, family)
    else:
        yield from (TableClaim(criterion, (stratum,), "") for stratum in strata)


def _strata(told: object, asked: str) -> tuple[str, ...]:
    listed = told.split(";") if isinstance(told, str) else told
    if not isinstance(listed, list) or not all(isinstance(stratum, str) for stratum in listed):
        raise ProtocolError(asked, f"strata {told!r}", 'Write ["sex=F", "sex=M"]; in CSV sex=F; sex=M.')
    strata = tuple(dict.fromkeys(stratum.strip() for stratum in listed if stratum.strip()))
    if not strata:
        raise ProtocolError(asked, "no stratum", f"Leave strata out for the whole cohort, or write {WHOLE!r}.")
    for stratum in strata:
        try:
            list(conditions_in(stratum))
        except ProtocolError as error:
            raise ProtocolError(f"{asked}, {error.asked}", error.found, error.advice) from error
    return strata


def _text(value: object, name: str, asked: str) -> str:
    if not isinstance(value, str):
        raise ProtocolError(asked, f"{name} {value!r}", f"{name} is text; put it in quotes.")
    return value.strip()


def _number(value: object, name: str, asked: str) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        return float(value)
    except ValueError:
        raise ProtocolError(asked, f"{name} {value!r}", f"{name} is a number.") from None


def _whole(value: object, name: str, asked: str) -> int:
    number = _number(value, name, asked)
    if number % 1:
        raise ProtocolError(asked, f"{name} {value!r}", f"{name} is a whole number.")
    return int(number)


def _region(told: object, asked: str) -> Region:
    found = _REGION.fullmatch(told.strip()) if isinstance(told, str) else None
    words = found[1].replace("_", " ") if found else ""
    if found and words in _HOW and found[3] is None:
        return _HOW[words](float(found[2]))
    if found and words not in _HOW and found[3] is not None:
        return within(float(found[2]), float(found[3]))
    raise ProtocolError(asked, f"region {told!r}", "Write 'at most 2', 'at least -0.03' or 'within -2 and 2'.")


def _estimand(entry: Mapping[str, Any], asked: str) -> Estimand:
    """The estimand of a claim: a call, or a name with arguments; ``cap`` is one more argument."""
    more = _arguments(entry.get("arguments", {}), asked)
    if "cap" in entry:
        more["cap"] = _number(entry["cap"], "cap", asked)
    return _made(_parsed(_text(entry["estimand"], "estimand", asked), asked), asked, more)


def _arguments(told: object, asked: str) -> dict[str, Any]:
    if isinstance(told, str):
        call = _parsed(f"arguments({told})", asked)
        assert isinstance(call, ast.Call)
        if call.args:
            advice = "Name each: quantity='bone_age', cap=60."
            raise ProtocolError(asked, f"arguments {told!r}", advice)
        return {str(keyword.arg): _value(keyword.value, asked) for keyword in call.keywords}
    if not isinstance(told, Mapping):
        raise ProtocolError(asked, f"arguments {told!r}", 'Write a table: {quantity = "bone_age", cap = 60}.')
    return {name: _nested(value, asked) for name, value in told.items()}


def _nested(value: object, asked: str) -> object:
    """An argument of a TOML table; one with the keys of an estimand is one."""
    if isinstance(value, Mapping) and "estimand" in value:
        return _estimand(value, asked)
    return tuple(value) if isinstance(value, list) else value


def _parsed(text: str, asked: str) -> ast.expr:
    try:
        found = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError) as error:
        advice = "Write a call as in Python, e.g. mae_drift('bone_age', cap=60)."
        raise ProtocolError(asked, f"{text!r} is no call", advice) from error
    if not isinstance(found, ast.Name | ast.Call):
        raise ProtocolError(asked, f"{text!r} is no call", "Write e.g. mae_drift('bone_age', cap=60).")
    return found


def _made(node: ast.expr, asked: str, more: Mapping[str, Any]) -> Estimand:
    """The estimand of a call; nothing but registered factories is called, with literals and other estimands."""
    name = node.func if isinstance(node, ast.Call) else node
    if not isinstance(name, ast.Name):
        raise ProtocolError(asked, f"{ast.unparse(node)!r} is no call", "Write e.g. mae_drift('bone_age', cap=60).")
    factory = ESTIMANDS[name.id]
    positional = [_value(value, asked) for value in (node.args if isinstance(node, ast.Call) else ())]
    keywords = node.keywords if isinstance(node, ast.Call) else ()
    named = {str(keyword.arg): _value(keyword.value, asked) for keyword in keywords}
    if twice := sorted(set(named) & set(more)):
        raise ProtocolError(asked, f"{twice[0]} is said twice", "Say it in the estimand, or beside it.")
    try:
        return factory(*positional, **named, **more)
    except EditproofError:
        raise
    except Exception as error:  # a user's own factory may raise anything
        raise ProtocolError(
            asked, f"{name.id} raised {type(error).__name__}: {error}", "Check its arguments."
        ) from error


def _value(node: ast.expr, asked: str) -> Any:
    if isinstance(node, ast.Call | ast.Name):
        return _made(node, asked, {})
    try:
        return ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError) as error:
        found = f"argument {ast.unparse(node)!r}"
        raise ProtocolError(asked, found, "Write text in quotes, a number, True, False, None or a list.") from error
