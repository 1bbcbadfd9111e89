"""The JSON Schema of a record, generated from the annotations of its nouns; the wheel ships the generated files.

``python -m editproof.evidence.schema`` writes them again after a noun has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from jsonschema import Draft202012Validator, ValidationError

from editproof.core.records import path_text
from editproof.evidence.bundle import KINDS, TABLES, json_bytes
from editproof.evidence.measurements import Measurements
from editproof.evidence.plain import annotations_of
from editproof.types import JSON

_BASIC: Mapping[Any, JSON] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"anyOf": [{"type": "number"}, {"enum": ["inf", "-inf"]}]},
    bytes: {"type": "string", "description": "name of a file of the bundle"},
}
_LONGEST = 60


def schema_of(name: str) -> dict[str, JSON]:
    """The schema of a kind of record, e.g. ``"editproof-evidence/4"``: every field is there, and no other."""
    kind, definitions = KINDS[name], dict[str, JSON]()
    root = _object(kind, definitions)
    root["properties"]["schema"] = {"const": name}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{name.replace('/', ':')}",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def file_name(name: str) -> str:
    """The file that ships the schema of a kind of record: ``editproof-evidence-4.schema.json``."""
    return f"{name.replace('/', '-')}.schema.json"


def violations(record: JSON) -> Iterator[str]:
    """Where a record is not of the schema that it names: path and reason, unknown and missing fields by name."""
    for error in sorted(_validator(record["schema"]).iter_errors(record), key=lambda error: list(map(str, error.path))):
        yield from _said(error)


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(
        json.loads(files("editproof.evidence.schemas").joinpath(file_name(name)).read_text("utf-8"))
    )


def _said(error: ValidationError) -> Iterator[str]:
    place = path_text(error.absolute_path) or "the record"
    if error.validator == "additionalProperties" and error.validator_value is False:
        for name in sorted(set(error.instance) - set(error.schema.get("properties", {}))):
            yield f"{place}: unknown field {_short(name)}"
    elif error.validator == "required":
        for name in (name for name in error.validator_value if name not in error.instance):
            yield f"{place}: field {name!r} is missing"
    else:
        wanted = {key: error.schema[key] for key in ("type", "enum", "const", "anyOf", "$ref") if key in error.schema}
        yield f"{place}: {_short(error.instance)} is not {_short(wanted)}"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _schema(kind: Any, definitions: dict[str, JSON]) -> JSON:
    if kind in _BASIC:
        return dict(_BASIC[kind])
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):
        return {"anyOf": [{"type": "null"} if part is type(None) else _schema(part, definitions) for part in inner]}
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0], definitions)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(inner[1], definitions)}
    if kind is Measurements:
        definitions["Measurements"] = _tables()
        return {"$ref": "#/$defs/Measurements"}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if is_dataclass(kind) and isinstance(kind, type):
        definitions.setdefault(kind.__name__, _object(kind, definitions))
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return {}


def _object(kind: type, definitions: dict[str, JSON]) -> dict[str, JSON]:
    hints, names = annotations_of(kind), [entry.name for entry in fields(kind)]
    return {
        "description": (kind.__doc__ or kind.__name__).partition("\n")[0],
        "type": "object",
        "properties": {name: _schema(hints[name], definitions) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _tables() -> JSON:
    text = {"type": "string"}
    listed = {"type": "array", "items": text}
    properties = {"editor": text, "stratum": text, "text": listed, "deterministic": text}
    properties |= {table: {**text, "description": "name of a file of the bundle"} for table in TABLES}
    undefined = {**listed, "description": "quantities that were looked for and are defined on no image"}
    return {
        "description": "Everything that was read off the images of one tool's study, as tables beside the record.",
        "type": "object",
        "properties": {**properties, "undefined": undefined},
        "required": list(properties),
        "additionalProperties": False,
    }


if __name__ == "__main__":
    for schema in KINDS:
        (Path(__file__).parent / "schemas" / file_name(schema)).write_bytes(json_bytes(schema_of(schema)))
